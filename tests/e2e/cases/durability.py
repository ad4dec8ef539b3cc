# SPDX-License-Identifier: Apache-2.0
"""What fsync, unmounting and signals promise about written data."""
import errno
import os
import signal

from harness.files import DirectFile, pattern
from harness.procs import Background, run, wait_until
from harness.registry import case, expect, expect_equal, expect_errno
from harness.servers import TOKEN_KEY, block_key
from harness.stores import directory_store

BLOCK = 65536
COUNT = 40
# Many more blocks than are written: a cache that is nearly full of dirty blocks would not be lazy.
SIZE = (f"--size={BLOCK * COUNT * 20}", f"--blockSize={BLOCK}")
LAZY = ("--blockCacheWriteDelay=600000",)
# Short pauses: a request that fails for ever is given up soon.
IMPATIENT = ("--initialRetryPause=5", "--maxRetryPause=20")


def _volume(world, *options):
    server = world.server()
    return server, world.mount(world.http_store(server), *SIZE, *options)


def _write_all(file, seed=0):
    for number in range(COUNT):
        file.write(number * BLOCK, pattern(seed + number, BLOCK))


def _expect_stored(server, seed=0):
    for number in range(COUNT):
        expect(server.admin.object(block_key(number)) == pattern(seed + number, BLOCK),
               f"block {number} is not in the store as written")


@case("fsync returns only after all PUTs were answered", smoke=True)
def _fsync_waits(world):
    server, daemon = _volume(world, *LAZY)
    server.admin.fault(method="PUT", hold=True, count=0)
    with DirectFile(daemon.file) as file:
        for number in range(3):
            file.write(number * BLOCK, pattern(number, BLOCK))
        syncing = Background(file.sync)
        for remaining in (3, 2, 1):
            server.admin.wait(held=remaining)
            expect(not syncing.done(), f"fsync has returned while {remaining} PUTs were held")
            server.admin.release(1)
        syncing.join()
        for number in range(3):
            expect(server.admin.object(block_key(number)) == pattern(number, BLOCK),
                   f"block {number} is not stored")
    server.admin.clear_faults()
    daemon.unmount()


@case("fsync waits for a PUT that was under way before, too")
def _fsync_waits_for_older(world):
    server, daemon = _volume(world, "--blockCacheWriteDelay=0")
    server.admin.fault(method="PUT", hold=True, count=0)
    with DirectFile(daemon.file) as file:
        file.write(0, pattern(1, BLOCK))
        server.admin.wait(held=1)
        syncing = Background(file.sync)
        # A request that follows the fsync through the same queue and is answered.
        os.stat(daemon.file)
        expect(not syncing.done(), "fsync has returned while the PUT was held")
        server.admin.let_all_go()
        syncing.join()
        expect(server.admin.object(block_key(0)) == pattern(1, BLOCK), "the block is not stored")
    daemon.unmount()


@case("fsync without anything dirty sends nothing")
def _fsync_of_nothing(world):
    server, daemon = _volume(world)
    server.admin.reset()
    with DirectFile(daemon.file) as file:
        file.sync()
    expect_equal(server.admin.stats()["requests"], 0, "requests")
    daemon.unmount()


@case("fsync reports that data could not be stored, and succeeds once it can", smoke=True)
def _fsync_fails(world):
    server, daemon = _volume(world, *LAZY, *IMPATIENT)
    with DirectFile(daemon.file) as file:
        file.write(3 * BLOCK, pattern(3, BLOCK))
        server.admin.fault(method="PUT", status=500, count=0)
        expect_errno(errno.EIO, file.sync, "fsync while PUTs fail")
        expect_errno(errno.EIO, file.sync, "a second fsync while PUTs fail")
        expect_equal(file.read(3 * BLOCK, BLOCK) == pattern(3, BLOCK), True, "data still there")
        server.admin.clear_faults()
        file.sync()
        expect(server.admin.object(block_key(3)) == pattern(3, BLOCK), "the block is not stored")
    daemon.unmount()


@case("fsync reports a refusal by the store, too")
def _fsync_refused(world):
    server, daemon = _volume(world, *LAZY, *IMPATIENT)
    with DirectFile(daemon.file) as file:
        file.write(0, pattern(3, BLOCK))
        server.admin.fault(method="PUT", status=403, count=0)
        expect_errno(errno.EIO, file.sync, "fsync while PUTs are refused")
        server.admin.clear_faults()
        file.sync()
    daemon.unmount()


@case("a read that the store cannot answer fails, and the next one tries again")
def _read_fails(world):
    server, daemon = _volume(world, *IMPATIENT, "--readAhead=0")
    server.admin.put(block_key(4), pattern(4, BLOCK))
    with DirectFile(daemon.file) as file:
        server.admin.fault(method="GET", status=500, count=0)
        expect_errno(errno.EIO, lambda: file.read(4 * BLOCK, 4096), "read while GETs fail")
        server.admin.clear_faults()
        expect(file.read(4 * BLOCK, BLOCK) == pattern(4, BLOCK), "wrong data")
    daemon.unmount()


@case("blockCacheSync makes each write wait until it is stored")
def _synchronous(world):
    server, daemon = _volume(world, "--blockCacheSync", "--blockCacheWriteDelay=0")
    server.admin.fault(method="PUT", hold=True, count=0)
    with DirectFile(daemon.file) as file:
        writing = Background(file.write, 0, pattern(1, BLOCK))
        server.admin.wait(held=1)
        expect(not writing.done(), "the write has returned while its PUT was held")
        server.admin.let_all_go()
        writing.join()
        expect(server.admin.object(block_key(0)) == pattern(1, BLOCK), "the block is not stored")
    daemon.unmount()


@case("SIGTERM with dirty data stores all of it, then removes the token", smoke=True)
def _sigterm_drains(world):
    server, daemon = _volume(world, *LAZY)
    server.admin.reset()
    with DirectFile(daemon.file) as file:
        _write_all(file)
    expect_equal(server.admin.stats()["requests"], 0, "requests before SIGTERM")
    daemon.terminate(signal.SIGTERM)
    _expect_stored(server)
    expect_equal(server.admin.object(TOKEN_KEY), None, "token")


@case("SIGTERM does not pull an open file away, a second one takes the mount out of the tree")
def _sigterm_while_open(world):
    server, daemon = _volume(world, *LAZY)
    with DirectFile(daemon.file) as file:
        file.write(0, pattern(1, BLOCK))
        daemon.process.send(signal.SIGTERM)
        daemon.wait_log("still serving")
        expect(os.path.ismount(daemon.mount), "the mount has gone while a file was open")
        _write_all(file)
        daemon.process.send(signal.SIGTERM)
        daemon.wait_unmounted()
        expect(file.read(0, BLOCK) == pattern(0, BLOCK), "the open file cannot be read any more")
    daemon.wait_success("after the file was closed")
    _expect_stored(server)


@case("umount with written data ends the daemon when all is stored, the token last")
def _umount_drains(world):
    server, daemon = _volume(world, *LAZY)
    with DirectFile(daemon.file) as file:
        _write_all(file, seed=100)
    server.admin.fault(method="DELETE", key=TOKEN_KEY, hold=True)
    ending = Background(daemon.unmount)
    server.admin.wait(held=1)
    _expect_stored(server, seed=100)
    expect(daemon.process.running(), "the daemon has ended without removing its token")
    server.admin.release()
    ending.join()
    expect_equal(server.admin.object(TOKEN_KEY), None, "token")


@case("a second SIGINT, and a SIGTERM, do not cut the flush short")
def _signals_during_flush(world):
    server, daemon = _volume(world, *LAZY)
    with DirectFile(daemon.file) as file:
        _write_all(file)
    server.admin.fault(method="PUT", hold=True, count=0)
    for number in (signal.SIGINT, signal.SIGINT, signal.SIGTERM):
        daemon.process.send(number)
        server.admin.wait(held=1)
    server.admin.let_all_go()
    daemon.wait_success("after three signals")
    _expect_stored(server)
    expect_equal(server.admin.object(TOKEN_KEY), None, "token")


@case("uploads that fail at first are repeated during the last flush")
def _flush_retries(world):
    server, daemon = _volume(world, *LAZY, *IMPATIENT)
    with DirectFile(daemon.file) as file:
        _write_all(file)
    server.admin.fault(method="PUT", status=500, count=30)
    daemon.terminate(signal.SIGTERM)
    _expect_stored(server)


@case("with a directory on a full file system fsync fails, and all is stored once there is room",
      smoke=True, time_limit=90)
def _full_directory(world):
    point = world.new_path("small")
    os.mkdir(point)
    run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", point], world.directory)
    world.on_close(run, ["umount", "-l", point], world.directory)
    store = directory_store(os.path.join(point, "blocks"))
    daemon = world.mount(store, *SIZE)
    with DirectFile(daemon.file) as file:
        _write_all(file)
        expect_errno(errno.EIO, file.sync, "fsync")
        for number in range(COUNT):
            expect(file.read(number * BLOCK, BLOCK) == pattern(number, BLOCK),
                   f"block {number} is not what was written")
        run(["mount", "-o", "remount,size=16m", point], world.directory)
        wait_until(lambda: _synced(file), "fsync succeeds", timeout=60)
    for number in range(COUNT):
        with open(os.path.join(store.bucket, block_key(number)), "rb") as block:
            expect(block.read() == pattern(number, BLOCK), f"block {number} is not stored")
    daemon.unmount()


def _synced(file):
    try:
        file.sync()
    except OSError:
        return False
    return True
