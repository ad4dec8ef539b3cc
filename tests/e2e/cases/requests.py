# SPDX-License-Identifier: Apache-2.0
"""How few requests the kernel and the daemon need, by the daemon's own count at its end."""
import os

from harness.files import DirectFile, pattern
from harness.registry import case, expect, expect_equal

PAGE = 4096
BLOCKS = ("--size=16m", "--blockSize=64k", "--debug")


def _counters_of(world, work):
    """The requests that a fresh mount served for work(DirectFile)."""
    daemon = world.mount(world.directory_store(), *BLOCKS)
    with DirectFile(daemon.file) as file:
        work(file)
    daemon.unmount()
    return daemon.requests_served()


def _differences(more, less):
    """{name: difference} of the counters that differ."""
    names = {*more, *less}
    return {n: more.get(n, 0) - less.get(n, 0) for n in names if more.get(n, 0) != less.get(n, 0)}


@case("a cached direct read of 4 KiB is exactly one FUSE request", smoke=True)
def _one_request(world):
    def read(file, times):
        file.write(0, pattern(1, 65536))
        for _ in range(times):
            file.read(PAGE, PAGE)
    more = _counters_of(world, lambda file: read(file, 1010))
    less = _counters_of(world, lambda file: read(file, 10))
    differences = _differences(more, less)
    expect_equal(differences.pop("READ", 0), 1000, "READ requests for 1000 reads")
    expect(all(name not in differences for name in ("GETATTR", "LOOKUP", "OPEN", "FLUSH")),
           f"other requests too: {differences}")


@case("a direct write of 4 KiB is exactly one FUSE request")
def _one_write_request(world):
    def write(file, times):
        for number in range(times):
            file.write(number % 16 * PAGE, pattern(number, PAGE))
    more = _counters_of(world, lambda file: write(file, 510))
    less = _counters_of(world, lambda file: write(file, 10))
    differences = _differences(more, less)
    expect_equal(differences.pop("WRITE", 0), 500, "WRITE requests for 500 writes")
    expect(all(name not in differences for name in ("GETATTR", "LOOKUP", "READ")),
           f"other requests too: {differences}")


@case("large writes arrive in requests of 1 MiB, direct and buffered")
def _large_writes(world):
    daemon = world.mount(world.directory_store(), *BLOCKS)
    data = pattern(3, 4 << 20)
    with DirectFile(daemon.file) as file:
        file.write(0, data)
    with open(daemon.file, "r+b", buffering=0) as file:
        expect_equal(os.pwrite(file.fileno(), data, 8 << 20), len(data), "bytes written")
    daemon.unmount()
    served = daemon.requests_served()
    expect_equal(served.get("max_write"), 1 << 20, "max_write")
    expect_equal(served.get("WRITE"), 8, "WRITE requests for 8 MiB")


@case("a direct read of 1 MiB is one FUSE request")
def _large_reads(world):
    def read(file, times):
        for _ in range(times):
            file.read(0, 1 << 20)
    differences = _differences(_counters_of(world, lambda file: read(file, 11)),
                               _counters_of(world, lambda file: read(file, 1)))
    expect_equal(differences.pop("READ", 0), 10, "READ requests for 10 reads of 1 MiB")
