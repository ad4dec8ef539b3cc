# SPDX-License-Identifier: Apache-2.0
"""The cache file: what survives in it, in both directions with Debian's s3backer."""
import os
import shutil
import stat
import struct

from harness.files import DirectFile, pattern
from harness.procs import run
from harness.registry import case, expect, expect_equal
from harness.servers import TOKEN_KEY, block_key
from harness.volumes import Reference

COUNT = 64
SLOTS = 40
# Debian's consistency cache, which delays rewrites, switched off.
PLAIN = ("--md5CacheSize=0", "--md5CacheTime=0", "--minWriteDelay=0", "--readAhead=0")
LAZY = ("--blockCacheWriteDelay=600000",)
RECOVER = ("--blockCacheRecoverDirtyBlocks",)


def _options(world, block, slots=SLOTS):
    return (f"--size={COUNT * block}", f"--blockSize={block}", f"--blockCacheSize={slots}",
            f"--blockCacheFile={world.path('cache')}")


def _write(daemon, block, numbers, seed=0):
    with DirectFile(daemon.file) as file:
        for number in numbers:
            file.write(number * block, pattern(seed + number, block))


def _expect_blocks(daemon, block, numbers, seed=0):
    with DirectFile(daemon.file, os.O_RDONLY) as file:
        for number in numbers:
            expect(file.read(number * block, block) == pattern(seed + number, block),
                   f"block {number} is not as written")


def _expect_stored(server, block, numbers, seed=0):
    for number in numbers:
        expect(server.admin.object(block_key(number)) == pattern(seed + number, block),
               f"block {number} in the store is not as written")


def _token(world):
    with open(world.path("cache"), "rb") as file:
        return struct.unpack("<I", file.read(64)[32:36])[0]


def _entries(world):
    """{block: dirty}"""
    with open(world.path("cache"), "rb") as file:
        header = file.read(64)
        count = struct.unpack("<I", header[28:32])[0]
        found = {}
        for _ in range(count):
            entry = file.read(24)
            if entry != bytes(24):
                found[struct.unpack("<I", entry[:4])[0]] = bool(entry[20] & 1)
    return found


@case("a clean stop leaves the blocks in the file, and they need no download then", smoke=True)
def _clean_stop(world):
    server = world.server()
    store = world.http_store(server)
    daemon = world.mount(store, *_options(world, 65536), *PLAIN)
    status = os.stat(world.path("cache"))
    expect_equal(stat.S_IMODE(status.st_mode), 0o600, "mode of the cache file")
    expect(status.st_blocks * 512 >= SLOTS * 65536, "its space is not reserved")
    expect_equal(_token(world), int(server.admin.object_headers(TOKEN_KEY)[
        "x-amz-meta-s3backer-mount-token"], 16), "token of the file")
    _write(daemon, 65536, range(20))
    daemon.unmount()
    expect_equal(_token(world), 0, "token after a clean stop")
    expect_equal(_entries(world), {n: False for n in range(20)}, "entries")
    server.admin.fault(method="GET", status=403, count=0)
    daemon = world.mount(store, *_options(world, 65536), *PLAIN, "--blockCacheNoVerify")
    _expect_blocks(daemon, 65536, range(20))
    daemon.unmount()


@case("blocks of an earlier mount are compared with the store, and old ones are not used")
def _verified(world):
    server = world.server()
    store = world.http_store(server)
    daemon = world.mount(store, *_options(world, 65536))
    _write(daemon, 65536, range(8))
    daemon.unmount()
    server.admin.put(block_key(3), pattern(103, 65536))
    server.admin.remove(block_key(4))
    daemon = world.mount(store, *_options(world, 65536), "--readAhead=0")
    _expect_blocks(daemon, 65536, (0, 1, 2, 5, 6, 7))
    _expect_blocks(daemon, 65536, (3,), seed=100)
    with DirectFile(daemon.file) as file:
        expect(file.read(4 * 65536, 65536) == bytes(65536), "a deleted block is not zeros")
    daemon.unmount()


@case("blocks of an earlier mount are compared with the store in the background, in few requests")
def _verified_in_background(world):
    for count in (8, SLOTS):  # one by one, and by a list
        server = world.server()
        store = world.http_store(server)
        daemon = world.mount(store, *_options(world, 4096))
        _write(daemon, 4096, range(count))
        daemon.unmount()
        server.admin.put(block_key(3), pattern(103, 4096))
        server.admin.remove(block_key(4))
        server.admin.reset()
        daemon = world.mount(store, *_options(world, 4096), "--readAhead=0")
        daemon.wait_log(f"compared unchanged={count - 2} changed=2")
        expect(server.admin.stats()["requests"] < 30, "many requests")
        server.admin.fault(method="GET", status=403, count=0)
        _expect_blocks(daemon, 4096, (n for n in range(count) if n not in (3, 4)))
        server.admin.clear_faults()
        _expect_blocks(daemon, 4096, (3,), seed=100)
        daemon.unmount()
        os.unlink(world.path("cache"))


@case("blocks that do not fit in memory are read from the file, not from the store")
def _below_the_memory(world):
    server = world.server()
    store = world.http_store(server)
    daemon = world.mount(store, *_options(world, 65536), *PLAIN, "--blockCacheMemory=256k",
                         "--blockCacheThreads=1")
    _write(daemon, 65536, range(SLOTS))
    with DirectFile(daemon.file) as file:
        file.sync()
    server.admin.fault(method="GET", status=403, count=0)
    _expect_blocks(daemon, 65536, range(SLOTS))
    daemon.unmount()


@case("what was acknowledged survives kill -9 in the file, and is written back", smoke=True)
def _killed(world):
    server = world.server()
    store = world.http_store(server)
    daemon = world.mount(store, *_options(world, 4096), *LAZY)
    _write(daemon, 4096, range(30))
    daemon.kill()
    text = world.refused(store, *_options(world, 4096))
    expect("blockCacheRecoverDirtyBlocks" in text and "30 blocks" in text, text)
    text = world.refused(store, "--size=256k", "--blockSize=4k")
    expect("mounted already" in text, text)
    expect_equal(_entries(world), {n: True for n in range(30)}, "entries after refused mounts")
    daemon = world.mount(store, *_options(world, 4096), *LAZY, *RECOVER)
    _expect_blocks(daemon, 4096, range(30))
    daemon.unmount()
    _expect_stored(server, 4096, range(30))
    expect(TOKEN_KEY not in server.admin.keys(), "the token is still there")
    expect_equal(_token(world), 0, "token of the file")


@case("with fsyncPolicy=cache fsync needs no store, and the next mount recovers by itself",
      smoke=True)
def _fsync_cache(world):
    server = world.server()
    store = world.http_store(server)
    options = (*_options(world, 4096), *LAZY, "--fsyncPolicy=cache")
    daemon = world.mount(store, *options)
    server.admin.fault(method="PUT", hold=True, count=0)
    with DirectFile(daemon.file) as file:
        for number in range(10):
            file.write(number * 4096, pattern(number, 4096))
            file.sync()
    expect_equal([key for key in server.admin.keys() if key != TOKEN_KEY], [], "keys")
    daemon.kill()
    server.admin.clear_faults()
    daemon = world.mount(store, *options)
    _expect_blocks(daemon, 4096, range(10))
    daemon.unmount()
    _expect_stored(server, 4096, range(10))


@case("a resize keeps the token and every dirty block, or is refused")
def _resized(world):
    server = world.server()
    store = world.http_store(server)
    daemon = world.mount(store, *_options(world, 4096), *LAZY)
    _write(daemon, 4096, range(30))
    daemon.kill()
    text = world.refused(store, *_options(world, 4096, slots=29), *RECOVER)
    expect("30 blocks" in text and "blockCacheSize=29" in text, text)
    daemon = world.mount(store, *_options(world, 4096, slots=31), *LAZY, *RECOVER)
    daemon.kill()
    expect_equal(_entries(world), {n: True for n in range(30)}, "entries after shrinking")
    daemon = world.mount(store, *_options(world, 4096, slots=60), *RECOVER)
    daemon.unmount()
    _expect_stored(server, 4096, range(30))


@case("a file with dirty blocks and a store without a token do not go together")
def _mismatch(world):
    server = world.server()
    store = world.http_store(server)
    daemon = world.mount(store, *_options(world, 4096), *LAZY)
    _write(daemon, 4096, range(3))
    daemon.kill()
    server.admin.remove(TOKEN_KEY)
    text = world.refused(store, *_options(world, 4096), *RECOVER)
    expect("3 blocks" in text and "--force" in text, text)
    daemon = world.mount(store, *_options(world, 4096), "--force")
    expect("3 blocks" in daemon.log() and "dropped" in daemon.log(), daemon.log())
    daemon.unmount()
    expect_equal(_entries(world), {}, "entries")
    expect_equal(server.admin.keys(), [], "keys")


@case("two mounts cannot use one cache file")
def _locked(world):
    first = world.mount(world.directory_store(), *_options(world, 4096))
    text = world.refused(world.directory_store(), *_options(world, 4096))
    expect(world.path("cache") in text and "another process" in text, text)
    first.unmount()


@case("a file of other blocks, or no cache file at all, is refused and left as it is")
def _foreign(world):
    store = world.directory_store()
    world.mount(store, *_options(world, 4096)).unmount()
    text = world.refused(store, f"--size={COUNT * 8192}", "--blockSize=8192",
                         f"--blockCacheFile={world.path('cache')}")
    expect("4096" in text and "8192" in text, text)
    for content in (b"", b"x" * 10, b"y" * 5000, bytes(1 << 20)):
        with open(world.path("cache"), "wb") as file:
            file.write(content)
        text = world.refused(store, *_options(world, 4096))
        expect(world.path("cache") in text, text)
        with open(world.path("cache"), "rb") as file:
            expect(file.read() == content, "a refused file was changed")


@case("--reset-mounted-flag resets the file, too; its dirty blocks are dropped then")
def _reset(world):
    server = world.server()
    store = world.http_store(server)
    daemon = world.mount(store, *_options(world, 4096), *LAZY)
    _write(daemon, 4096, range(3))
    daemon.kill()
    status, text = world.run_to_end(*store.options, *_options(world, 4096), "--reset-mounted-flag",
                                    store.bucket)
    expect_equal((status, _token(world)), (0, 0), f"status and token after a reset: {text}")
    daemon = world.mount(store, *_options(world, 4096), *RECOVER)
    expect("3 blocks" in daemon.log() and "dropped" in daemon.log(), daemon.log())
    daemon.unmount()
    expect_equal(server.admin.keys(), [], "keys")


@case("in a test directory dirty blocks are recovered if that is asked for, never dropped unasked")
def _test_directory(world):
    store = world.directory_store()
    daemon = world.mount(store, *_options(world, 4096), *LAZY)
    _write(daemon, 4096, range(9))
    daemon.kill()
    text = world.refused(store, *_options(world, 4096))
    expect("9 blocks" in text and "blockCacheRecoverDirtyBlocks" in text, text)
    daemon = world.mount(store, *_options(world, 4096), *RECOVER)
    daemon.unmount()
    daemon = world.mount(store, f"--size={COUNT * 4096}", "--blockSize=4096")
    _expect_blocks(daemon, 4096, range(9))
    daemon.unmount()


@case("a cache file that is cut off or removed while mounted loses nothing")
def _damaged_while_mounted(world):
    for damage in (lambda path: os.truncate(path, 0), os.unlink):
        server = world.server()
        store = world.http_store(server)
        daemon = world.mount(store, *_options(world, 4096), *LAZY)
        _write(daemon, 4096, range(30))
        damage(world.path("cache"))
        _write(daemon, 4096, range(20, 50), seed=300)
        with DirectFile(daemon.file) as file:
            file.sync()
        expect("the cache file has failed" in daemon.log(), daemon.log())
        _expect_blocks(daemon, 4096, range(20))
        _expect_blocks(daemon, 4096, range(20, 50), seed=300)
        _expect_stored(server, 4096, range(20))
        _expect_stored(server, 4096, range(20, 50), seed=300)
        daemon.unmount()
        if os.path.exists(world.path("cache")):
            os.unlink(world.path("cache"))


@case("a cache file that the disk has no room for is refused, and the text names the option")
def _disk_full(world):
    place = world.new_path("small")
    os.mkdir(place)
    run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", place], world.directory)
    world.on_close(run, ["umount", place], world.directory)
    text = world.refused(world.directory_store(), "--size=16m", "--blockSize=4k",
                         "--blockCacheSize=1000", f"--blockCacheFile={place}/cache")
    expect("blockCacheSize" in text and place in text, text)
    expect_equal(os.listdir(place), [], "files left behind")


def _empty(directory):
    for name in os.listdir(directory):
        os.unlink(os.path.join(directory, name))


@case("Debian's s3backer finds all blocks in our file after a clean stop, and we find all in its",
      needs=("debian",), time_limit=120)
def _clean_exchange(world):
    debian = shutil.which("s3backer")
    for block in (512, 4096, 65536):
        for writer, reader in ((None, debian), (debian, None)):
            store = world.directory_store()
            daemon = world.mount(store, *_options(world, block), *PLAIN, binary=writer)
            reference = Reference(COUNT * block, block)
            with open(daemon.file, "r+b", buffering=0) as file:
                for number in range(SLOTS):
                    data = pattern(number, block)
                    reference.bytes[number * block:(number + 1) * block] = data
                    os.pwrite(file.fileno(), data, number * block)
            daemon.unmount()
            _empty(store.bucket)  # so that nothing but the file has them
            daemon = world.mount(store, *_options(world, block), *PLAIN, "--blockCacheNoVerify",
                                 binary=reader)
            reference.expect_in(daemon.file)
            daemon.unmount()
            os.unlink(world.path("cache"))


@case("Debian's s3backer recovers the dirty blocks of our file after kill -9, and we those of its",
      needs=("debian",), time_limit=120)
def _killed_exchange(world):
    debian = shutil.which("s3backer")
    for writer, reader in ((None, debian), (debian, None)):
        server = world.server()
        store = world.http_store(server)
        daemon = world.mount(store, *_options(world, 4096), *PLAIN, binary=writer)
        _write(daemon, 4096, range(20))
        daemon.unmount()
        daemon = world.mount(store, *_options(world, 4096), *PLAIN, *LAZY, binary=writer)
        _write(daemon, 4096, range(10, 30), seed=500)
        daemon.kill()
        daemon = world.mount(store, *_options(world, 4096), *PLAIN, *RECOVER, binary=reader)
        _expect_blocks(daemon, 4096, range(10))
        _expect_blocks(daemon, 4096, range(10, 30), seed=500)
        daemon.unmount()
        _expect_stored(server, 4096, range(10))
        _expect_stored(server, 4096, range(10, 30), seed=500)
        os.unlink(world.path("cache"))


@case("our file after kill -9 and more writes is one that Debian's s3backer opens",
      needs=("debian",))
def _killed_clean_blocks(world):
    store = world.directory_store()
    daemon = world.mount(store, *_options(world, 4096), *PLAIN, "--blockCacheWriteDelay=0")
    _write(daemon, 4096, range(SLOTS))
    with DirectFile(daemon.file) as file:
        file.sync()
    _write(daemon, 4096, range(10, 50), seed=700)
    with DirectFile(daemon.file) as file:
        file.sync()
    daemon.kill()
    known = _entries(world)
    expect(len(known) > SLOTS // 2, f"only {len(known)} entries")
    daemon = world.mount(store, *_options(world, 4096), *PLAIN, "--blockCacheNoVerify",
                         binary=shutil.which("s3backer"))
    _expect_blocks(daemon, 4096, range(10))
    _expect_blocks(daemon, 4096, range(10, 50), seed=700)
    daemon.unmount()
