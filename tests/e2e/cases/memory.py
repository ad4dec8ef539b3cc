# SPDX-License-Identifier: Apache-2.0
"""The bound on memory: what does not fit is refused at start, and load does not exceed it."""
import os
import threading

from harness.files import DirectFile, pattern
from harness.hostile_world import peak_memory
from harness.registry import case, expect, expect_equal
from harness.servers import block_key

BLOCK = 1 << 20
COUNT = 128
WRITERS = 8


def _budget(daemon):
    with open(daemon.stats, encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("memory_budget"))


@case("a cache that no memory can hold is refused, and the text says which option is wrong")
def _too_large(world):
    store = world.directory_store()
    point = world.new_path("mnt")
    os.mkdir(point)
    status, text = world.run_to_end("-f", *store.options, "--size=4096t", "--blockSize=1m",
                                    "--blockCacheSize=4000000000", store.bucket,
                                    point)
    expect_equal(status, 1, "exit status")
    expect("`blockCacheSize=4000000000' may need" in text and "cannot be had" in text, text)


@case("many writers on a slow store and a small cache fail nothing and keep to the memory budget",
      smoke=True, time_limit=120)
def _writers(world):
    server = world.server(options=("--latency=5",))
    daemon = world.mount(world.http_store(server), f"--size={BLOCK * COUNT}",
                         f"--blockSize={BLOCK}", "--blockCacheSize=8", "--blockCacheThreads=4")
    before = peak_memory(daemon.pid)
    failures = []

    def write(first):
        try:
            with DirectFile(daemon.file) as file:
                for number in range(first, COUNT, WRITERS):
                    # Parts, so that blocks are in the making everywhere at once.
                    data = pattern(number, BLOCK)
                    for offset in range(0, BLOCK, BLOCK // 4):
                        file.write(number * BLOCK + offset, data[offset:offset + BLOCK // 4])
                    file.read(((number + 5) % COUNT) * BLOCK, 4096)
        except OSError as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(first,)) for first in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expect_equal(failures, [], "failures")
    fd = os.open(daemon.file, os.O_RDWR)
    os.fsync(fd)
    os.close(fd)
    grown = peak_memory(daemon.pid) - before
    expect(grown <= _budget(daemon), f"grown by {grown} bytes, the budget is {_budget(daemon)}")
    for number in range(COUNT):
        expect(server.admin.object(block_key(number)) == pattern(number, BLOCK),
               f"block {number} in the store")
    daemon.unmount()
