# SPDX-License-Identifier: Apache-2.0
"""How few requests the daemon sends to the store, and how many at once."""
import os
import random

from harness.files import DirectFile, pattern
from harness.procs import Background, wait_until
from harness.registry import case, expect, expect_equal
from harness.servers import block_key

BLOCK = 65536
COUNT = 64
SIZE = (f"--size={BLOCK * COUNT}", f"--blockSize={BLOCK}")
# Nothing is written back before somebody wants it.
LAZY = ("--blockCacheWriteDelay=600000",)
NO_READ_AHEAD = ("--readAhead=0",)


def _volume(world, *options, stored=(), size=SIZE):
    """(server, daemon) with the blocks `stored` (numbers) in the bucket; counters at zero."""
    server = world.server()
    for number in stored:
        server.admin.put(block_key(number), pattern(number, int(size[1].split("=")[1])))
    daemon = world.mount(world.http_store(server), *size, *options)
    server.admin.reset()
    return server, daemon


def _received(server):
    """Requests by method, those that came."""
    return {method: count for method, count in server.admin.received().items() if count}


@case("reading absent blocks costs no connection each")
def _connections(world):
    server, daemon = _volume(world, *NO_READ_AHEAD, size=("--size=4m", "--blockSize=4096"))
    server.admin.reset()
    order = list(range(1024))
    random.Random(4).shuffle(order)
    with DirectFile(daemon.file) as file:
        for number in order[:500]:
            expect_equal(file.read(number * 4096, 4096), bytes(4096), "an absent block")
    stats = server.admin.stats()
    expect_equal(stats["received"].get("GET"), 500, "GETs")
    expect(stats["connections"] <= 4, f"{stats['connections']} connections for 500 answers 404")
    daemon.unmount()


@case("a read of 128 KiB over blocks of 4 KiB has all its 32 GETs under way at once", smoke=True)
def _all_at_once(world):
    server, daemon = _volume(world, *NO_READ_AHEAD, size=("--size=4m", "--blockSize=4096"),
                             stored=range(32))
    server.admin.fault(method="GET", hold=True, count=0)
    with DirectFile(daemon.file) as file:
        reading = Background(file.read, 0, 32 * 4096)
        server.admin.wait(held=32)
        expect(not reading.done(), "the read has returned without its blocks")
        server.admin.let_all_go()
        wanted = b"".join(pattern(number, 4096) for number in range(32))
        expect(reading.join() == wanted, "wrong data")
    expect_equal(_received(server), {"GET": 32}, "requests")
    daemon.unmount()


@case("two reads in sequence make the next four blocks come, which then cost no GET")
def _read_ahead(world):
    server, daemon = _volume(world, "--readAhead=4", "--readAheadTrigger=2", stored=range(40))
    with DirectFile(daemon.file) as file:
        file.read(10 * BLOCK, 4096)
        expect_equal(_received(server), {"GET": 1}, "requests after a single read")
        file.read(11 * BLOCK, 4096)
        for number in range(12, 16):
            server.admin.wait(method="GET", key=block_key(number), count=1)
        expect_equal(_received(server), {"GET": 6}, "requests after two reads in sequence")
        expect(file.read(12 * BLOCK, BLOCK) == pattern(12, BLOCK), "wrong data")
        expect_equal(server.admin.received(block_key(12)).get("GET"), 1, "GETs of block 12")
    daemon.unmount()


@case("all blocks read ahead are under way at once")
def _read_ahead_parallel(world):
    server, daemon = _volume(world, "--readAhead=4", "--readAheadTrigger=2", stored=range(40))
    with DirectFile(daemon.file) as file:
        file.read(20 * BLOCK, 4096)
        server.admin.fault(method="GET", hold=True, count=0)
        reading = Background(file.read, 21 * BLOCK, 4096)
        server.admin.wait(held=5)
        server.admin.let_all_go()
        reading.join()
    daemon.unmount()


@case("several sequences of reads at once, a backward one too, are all read ahead")
def _read_ahead_of_several(world):
    server, daemon = _volume(world, stored=range(COUNT))
    with DirectFile(daemon.file) as file:
        for number in (10, 30, 50, 11, 31, 49):
            expect(file.read(number * BLOCK, BLOCK) == pattern(number, BLOCK), "wrong data")
        for number in (*range(12, 16), *range(32, 36), *range(45, 49)):
            server.admin.wait(method="GET", key=block_key(number), count=1)
    expect_equal(_received(server), {"GET": 6 + 12}, "requests")
    daemon.unmount()


@case("random reads fetch nothing else")
def _random_reads(world):
    server, daemon = _volume(world, stored=range(COUNT))
    with DirectFile(daemon.file) as file:
        for number in (50, 3, 40, 9, 22):
            expect(file.read(number * BLOCK, BLOCK) == pattern(number, BLOCK), "wrong data")
    expect_equal(_received(server), {"GET": 5}, "requests for 5 reads")
    daemon.unmount()


@case("readers of one missing block share one GET")
def _shared_get(world):
    readers = 8
    server, daemon = _volume(world, *NO_READ_AHEAD, stored=[7])
    waiting = os.path.join(world.fuse_connection(daemon), "waiting")
    server.admin.fault(method="GET", key=block_key(7), hold=True, count=0)

    def requests_waiting():
        with open(waiting, encoding="ascii") as file:
            return int(file.read())
    with DirectFile(daemon.file) as file:
        reads = [Background(file.read, 7 * BLOCK + number * 4096, 4096)
                 for number in range(readers)]
        wait_until(lambda: requests_waiting() >= readers, "all reads have reached the kernel")
        server.admin.wait(held=1)
        server.admin.let_all_go()
        for number, reading in enumerate(reads):
            expect(reading.join() == pattern(7, BLOCK)[number * 4096:][:4096], "wrong data")
    expect_equal(_received(server), {"GET": 1}, "requests for 8 readers")
    daemon.unmount()


@case("overwriting a whole block fetches nothing and costs one PUT")
def _full_overwrite(world):
    server, daemon = _volume(world, *LAZY, stored=[5])
    with DirectFile(daemon.file) as file:
        file.write(5 * BLOCK, pattern(100, BLOCK))
        file.sync()
        expect_equal(_received(server), {"PUT": 1}, "requests")
    expect(server.admin.object(block_key(5)) == pattern(100, BLOCK), "wrong object")
    daemon.unmount()


@case("a block filled by partial writes, in any order, fetches nothing")
def _filled_by_pieces(world):
    server, daemon = _volume(world, *LAZY, stored=[5])
    wanted = pattern(101, BLOCK)
    with DirectFile(daemon.file) as file:
        for piece in (3, 0, 2, 1):
            begin = piece * (BLOCK // 4)
            file.write(5 * BLOCK + begin, wanted[begin:begin + BLOCK // 4])
        file.sync()
        expect_equal(_received(server), {"PUT": 1}, "requests")
    expect(server.admin.object(block_key(5)) == wanted, "wrong object")
    daemon.unmount()


@case("a partial write of a stored block keeps the rest of it", smoke=True)
def _partial_write(world):
    server, daemon = _volume(world, stored=[5])
    with DirectFile(daemon.file) as file:
        file.write(5 * BLOCK + 8192, pattern(102, 4096))
        file.sync()
    old = pattern(5, BLOCK)
    wanted = old[:8192] + pattern(102, 4096) + old[12288:]
    expect(server.admin.object(block_key(5)) == wanted, "wrong object")
    expect_equal(_received(server), {"GET": 1, "PUT": 1}, "requests")
    daemon.unmount()


@case("many writes to one block within the write delay cost one PUT")
def _rewrites(world):
    server, daemon = _volume(world, *LAZY)
    with DirectFile(daemon.file) as file:
        for number in range(100):
            file.write(6 * BLOCK, pattern(number, BLOCK))
        file.sync()
        expect_equal(_received(server), {"PUT": 1}, "requests")
    expect(server.admin.object(block_key(6)) == pattern(99, BLOCK), "wrong object")
    daemon.unmount()


@case("a block that becomes zero is deleted, not stored")
def _zero_block(world):
    server, daemon = _volume(world, *LAZY, stored=[5])
    with DirectFile(daemon.file) as file:
        file.write(5 * BLOCK, bytes(BLOCK))
        file.sync()
        expect_equal(_received(server), {"DELETE": 1}, "requests")
        expect_equal(server.admin.object(block_key(5)), None, "object")
        expect_equal(file.read(5 * BLOCK, BLOCK), bytes(BLOCK), "data")
    daemon.unmount()


@case("zeros written over a block known to be absent cost no request")
def _zero_over_absent(world):
    server, daemon = _volume(world, *LAZY, *NO_READ_AHEAD)
    with DirectFile(daemon.file) as file:
        file.read(9 * BLOCK, 4096)
        expect_equal(_received(server), {"GET": 1}, "requests")
        file.write(9 * BLOCK, bytes(BLOCK))
        file.sync()
        file.read(9 * BLOCK, BLOCK)
        expect_equal(_received(server), {"GET": 1}, "requests")
    daemon.unmount()


@case("at most blockCacheThreads writes are under way at once, and that many are")
def _bounded_writes(world):
    limit = 3
    server, daemon = _volume(world, f"--blockCacheThreads={limit}")
    server.admin.fault(method="PUT", hold=True, count=0)
    with DirectFile(daemon.file) as file:
        for number in range(10):
            file.write(number * BLOCK, pattern(number, BLOCK))
        syncing = Background(file.sync)
        server.admin.wait(held=limit)
        for released in range(10):
            server.admin.wait(held=min(limit, 10 - released))
            server.admin.release(1)
        syncing.join()
    stats = server.admin.stats()
    expect_equal(stats["max_writes_in_flight"], limit, "most writes at once")
    expect_equal(stats["received"].get("PUT"), 10, "PUTs")
    server.admin.clear_faults()
    daemon.unmount()


@case("a clean block pushed out of a full cache is fetched again, right")
def _eviction(world):
    server, daemon = _volume(world, "--blockCacheSize=4", *NO_READ_AHEAD, stored=range(8))
    with DirectFile(daemon.file) as file:
        for _ in range(2):
            for number in range(8):
                expect(file.read(number * BLOCK, BLOCK) == pattern(number, BLOCK), "wrong data")
    expect_equal(_received(server), {"GET": 16}, "requests")
    daemon.unmount()


@case("more is written than the cache holds, and all of it is stored")
def _small_cache(world):
    server, daemon = _volume(world, "--blockCacheSize=4", *LAZY)
    with DirectFile(daemon.file) as file:
        for number in range(COUNT):
            file.write(number * BLOCK, pattern(number, BLOCK))
    daemon.unmount()
    for number in range(COUNT):
        expect(server.admin.object(block_key(number)) == pattern(number, BLOCK),
               f"wrong object {number}")
