# SPDX-License-Identifier: Apache-2.0
"""How requests come from the kernel, and what the kernel's side can be told."""
import os

from harness import fuse_uring
from harness.files import DirectFile, pattern
from harness.registry import case, expect, expect_equal

BLOCK = 65536
SIZE = (f"--size={64 * BLOCK}", f"--blockSize={BLOCK}")
LINE = "FUSE requests come "


def _way(world, *options):
    """What the log says of how requests come; all kinds of requests have been tried."""
    daemon = world.mount(world.directory_store(), *SIZE, *options)
    with DirectFile(daemon.file) as file:
        file.write(BLOCK, pattern(1, BLOCK))
        file.sync()
        expect_equal(file.read(BLOCK, BLOCK), pattern(1, BLOCK), "block")
    expect_equal(sorted(os.listdir(daemon.mount)), ["file", "stats"], "listing")
    os.unlink(daemon.stats)
    daemon.unmount()
    lines = [line.split(LINE, 1)[1] for line in daemon.log().splitlines() if LINE in line]
    expect_equal(len(lines), 1, "lines of the log about it")
    return lines[0]


@case("requests come as fuseTransport says, and one line of the log says how and why", smoke=True)
def _choice(world):
    text = _way(world, "--fuseTransport=dev")
    expect(text.startswith("through /dev/fuse") and "fuseTransport=dev" in text, text)
    if not fuse_uring.available():
        expect("Linux 6.14" in _way(world), "an old kernel is not named")
        return
    before = fuse_uring.switch("uring")
    try:
        text = _way(world, "--fuseTransport=uring")
        expect(text.startswith("over io_uring"), text)
        fuse_uring.switch("dev")
        for options in ((), ("--fuseTransport=uring",)):
            text = _way(world, *options)
            expect(text.startswith("through /dev/fuse") and fuse_uring.PARAMETER in text, text)
    finally:
        fuse_uring.restore(before)


@case("threads beside the reactor answer cached reads, see all writes, and their reads are counted",
      smoke=True)
def _threads(world):
    if not fuse_uring.available():
        return
    before = fuse_uring.switch("uring")
    try:
        daemon = world.mount(world.directory_store(), *SIZE, "--fuseThreads=2", "--debug")
    finally:
        fuse_uring.restore(before)
    names = [open(f"/proc/{daemon.process.pid}/task/{task}/comm", encoding="ascii").read().strip()
             for task in os.listdir(f"/proc/{daemon.process.pid}/task")]
    expect("s3b-hit-0" in names, f"threads: {names}")
    with DirectFile(daemon.file) as file:
        for number in range(500):
            at = number * 4096 % (64 * BLOCK)
            file.write(at, pattern(number, 4096))
            for _ in range(8):
                expect_equal(file.read(at, 4096), pattern(number, 4096), "what was written before")
    daemon.unmount()
    expect(daemon.requests_served()["READ"] >= 4000, "reads are missing from the counts")


@case("fuseReadAhead sets how far the kernel reads ahead")
def _read_ahead(world):
    daemon = world.mount(world.directory_store(), *SIZE, "--fuseReadAhead=1m")
    device = os.stat(daemon.mount).st_dev
    path = f"/sys/class/bdi/{os.major(device)}:{os.minor(device)}/read_ahead_kb"
    with open(path, encoding="ascii") as file:
        expect_equal(file.read().strip(), "1024", "KiB that the kernel reads ahead")
    daemon.unmount()


@case("with writeback_cache the kernel holds writes back, and fsync still stores them")
def _writeback_cache(world):
    store = world.directory_store()
    daemon = world.mount(store, *SIZE, "-o", "writeback_cache", "--blockCacheWriteDelay=600000")
    with open(daemon.file, "r+b", buffering=0) as file:
        for number in range(16):
            file.write(pattern(number, 4096))
        os.fsync(file.fileno())
    os.utime(daemon.file, (1000, 1000))
    expect_equal(os.stat(daemon.file).st_mtime, 1000, "time of the last write")
    daemon.kill()
    daemon = world.mount(store, *SIZE, "--force")
    with DirectFile(daemon.file, os.O_RDONLY) as file:
        expect(file.read(0, BLOCK) == b"".join(pattern(n, 4096) for n in range(16)), "block 0")
    daemon.unmount()
