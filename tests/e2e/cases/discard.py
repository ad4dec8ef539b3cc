# SPDX-License-Identifier: Apache-2.0
"""Discards: at once for whoever reads, behind the scenes for the store, in order with writes."""
import errno

from harness.files import DirectFile, pattern
from harness.procs import Background, run
from harness.registry import case, expect, expect_equal, expect_errno
from harness.servers import block_key

from .errors import KEEP_SIZE, PUNCH_HOLE, fallocate

BLOCK = 4096
TEBIBYTE = 1 << 40
# Retries end soon.
IMPATIENT = ("--initialRetryPause=10", "--maxRetryPause=100")


def _punch(fd, offset, length):
    fallocate(fd, PUNCH_HOLE | KEEP_SIZE, offset, length)


def _received(server):
    """{method: count} of the requests since the last reset."""
    return {method: count for method, count in server.admin.received().items() if count > 0}


def _volume(world, size, *options):
    server = world.server()
    daemon = world.mount(world.http_store(server), f"--size={size}", f"--blockSize={BLOCK}",
                         *options)
    return server, daemon


@case("an empty volume of 1 TiB that was listed is discarded without a request", smoke=True)
def _empty(world):
    server, daemon = _volume(world, TEBIBYTE, "--listBlocks")
    daemon.wait_log_matching("survey of the blocks done")
    server.admin.wait(idle=True)
    server.admin.reset()
    with DirectFile(daemon.file) as file:
        _punch(file.fd, 0, TEBIBYTE)
        file.sync()
        expect_equal(file.read(TEBIBYTE // 2, BLOCK), bytes(BLOCK), "what is read")
    expect_equal(server.admin.stats()["requests"], 0, "requests")
    daemon.unmount()


@case("discarding 1 TiB with a few objects lists it in few requests and deletes only those",
      smoke=True)
def _sparse(world):
    server, daemon = _volume(world, TEBIBYTE)
    numbers = (0, 1, 77_777, 100_000_000, (TEBIBYTE // BLOCK) - 1)
    with DirectFile(daemon.file) as file:
        for number in numbers:
            file.write(number * BLOCK, pattern(number, BLOCK))
        file.sync()
        server.admin.reset()
        _punch(file.fd, BLOCK, TEBIBYTE - BLOCK)
        file.sync()
    received = _received(server)
    expect(received.pop("LIST") < 100, f"requests: {received}")
    expect_equal(received, {"DELETE": len(numbers) - 1}, "other requests")
    expect(server.admin.object(block_key(0)) == pattern(0, BLOCK), "block 0 has changed")
    daemon.unmount()


@case("an empty directory store of 1 TiB is discarded, too: its lists end at once", smoke=True)
def _directory(world):
    store = world.directory_store()
    daemon = world.mount(store, f"--size={TEBIBYTE}", f"--blockSize={BLOCK}")
    with DirectFile(daemon.file) as file:
        _punch(file.fd, 0, TEBIBYTE)
        file.sync()
    daemon.unmount()


@case("many blocks are deleted by one request", smoke=True)
def _bulk(world):
    server, daemon = _volume(world, 1 << 22)
    count = (1 << 22) // BLOCK
    with DirectFile(daemon.file) as file:
        file.write(0, pattern(1, 1 << 22))
        file.sync()
        server.admin.reset()
        _punch(file.fd, 0, (count - 24) * BLOCK)
        file.sync()
    expect_equal(_received(server), {"POST": 1}, "requests")
    expect(server.admin.object(block_key(count - 25)) is None, "a discarded block is there")
    expect(server.admin.object(block_key(count - 24)) is not None, "too much was deleted")
    daemon.unmount()


@case("a block that is written while its deletion is under way is stored after it", smoke=True)
def _order(world):
    server, daemon = _volume(world, 1 << 22, "--blockCacheWriteDelay=0")
    with DirectFile(daemon.file) as file:
        for number in range(8):
            file.write(number * BLOCK, pattern(number, BLOCK))
        file.sync()
        server.admin.fault(method="POST", hold=True, count=0)
        _punch(file.fd, 0, 8 * BLOCK)
        server.admin.wait(held=1)
        server.admin.reset()
        file.write(3 * BLOCK, pattern(33, BLOCK))
        file.write(9 * BLOCK, pattern(99, BLOCK))
        server.admin.wait(method="PUT", count=1)
        expect_equal(server.admin.received(block_key(3))["PUT"], 0, "PUTs of block 3")
        expect_equal(file.read(0, 4 * BLOCK), bytes(3 * BLOCK) + pattern(33, BLOCK), "bytes")
        syncing = Background(file.sync)
        expect(not syncing.done(), "fsync did not wait for the deletion")
        server.admin.let_all_go()
        syncing.join()
    for number in range(8):
        wanted = pattern(33, BLOCK) if number == 3 else None
        expect(server.admin.object(block_key(number)) == wanted, f"block {number} in the store")
    daemon.unmount()


@case("deletions that fail fail fsync, are repeated, and nothing is lost meanwhile", smoke=True)
def _failing(world):
    server, daemon = _volume(world, 1 << 22, *IMPATIENT)
    with DirectFile(daemon.file) as file:
        file.write(0, pattern(1, 16 * BLOCK))
        file.sync()
        for method in ("POST", "DELETE"):
            server.admin.fault(method=method, status=503, count=0)
        _punch(file.fd, 0, 16 * BLOCK)
        expect_errno(errno.EIO, file.sync, "fsync")
        expect_equal(file.read(0, 16 * BLOCK), bytes(16 * BLOCK), "what is read meanwhile")
        server.admin.clear_faults()
        server.admin.wait(method="POST", count=2)
        file.sync()
    expect(all(server.admin.object(block_key(n)) is None for n in range(16)), "not deleted")
    daemon.unmount()


@case("unmounting waits for the deletions")
def _unmount(world):
    server, daemon = _volume(world, 1 << 22, "--blockCacheWriteDelay=100000")
    with DirectFile(daemon.file) as file:
        file.write(0, pattern(1, 16 * BLOCK))
        file.sync()
        _punch(file.fd, 0, 16 * BLOCK)
    daemon.unmount()
    expect(all(server.admin.object(block_key(n)) is None for n in range(16)), "not deleted")


@case("mkfs discards a volume of 64 GiB, and what it writes afterwards is there",
      needs=("loop",), time_limit=120)
def _mkfs(world):
    server, daemon = _volume(world, 64 << 30, "--blockCacheSize=20000")
    loop = world.loop(daemon.file)
    run(["mkfs.xfs", "-q", loop.device], world.directory)
    run(["xfs_repair", "-n", loop.device], world.directory)
    loop.detach()
    daemon.unmount()
    received = _received(server)
    expect(received.get("DELETE", 0) + received.get("POST", 0) < 1000, f"requests: {received}")
    daemon = world.mount(world.http_store(server))
    loop = world.loop(daemon.file)
    run(["xfs_repair", "-n", loop.device], world.directory)
    loop.detach()
    daemon.unmount()
