# SPDX-License-Identifier: Apache-2.0
"""The cache file: what is in it, how it is used, and what happens when it fails."""
import ctypes
import mmap
import os
import stat

from harness.cache_files import (COUNT, LAZY, PLAIN, SLOTS, entries, expect_blocks,
                                 expect_stored, left_clean, options, token, write)
from harness.files import DirectFile, pattern
from harness.procs import run
from harness.registry import case, expect, expect_equal
from harness.servers import TOKEN_KEY, block_key


@case("a clean stop leaves the blocks in the file, and they need no download then", smoke=True)
def _clean_stop(world):
    server = world.server()
    store = world.http_store(server)
    daemon = world.mount(store, *options(world, 65536), *PLAIN)
    status = os.stat(world.path("cache"))
    expect_equal(stat.S_IMODE(status.st_mode), 0o600, "mode of the cache file")
    expect(status.st_blocks * 512 >= SLOTS * 65536, "its space is not reserved")
    expect_equal(token(world), int(server.admin.object_headers(TOKEN_KEY)[
        "x-amz-meta-s3backer-mount-token"], 16), "token of the file")
    write(daemon, 65536, range(20))
    daemon.unmount()
    expect_equal(token(world), 0, "token after a clean stop")
    expect_equal(entries(world), {n: False for n in range(20)}, "entries")
    server.admin.fault(method="GET", status=403, count=0)
    daemon = world.mount(store, *options(world, 65536), *PLAIN, "--blockCacheNoVerify")
    expect_blocks(daemon, 65536, range(20))
    daemon.unmount()


@case("blocks of an earlier mount are compared with the store, and old ones are not used")
def _verified(world):
    server, store = left_clean(world, 65536, 8)
    server.admin.put(block_key(3), pattern(103, 65536))
    server.admin.remove(block_key(4))
    daemon = world.mount(store, *options(world, 65536), "--readAhead=0")
    expect_blocks(daemon, 65536, (0, 1, 2, 5, 6, 7))
    expect_blocks(daemon, 65536, (3,), seed=100)
    with DirectFile(daemon.file) as file:
        expect(file.read(4 * 65536, 65536) == bytes(65536), "a deleted block is not zeros")
    daemon.unmount()


@case("a part written into a block of an earlier mount is merged into what the store has now")
def _part_of_an_old_block(world):
    server, store = left_clean(world, 65536, 4)
    server.admin.put(block_key(2), pattern(102, 65536))
    daemon = world.mount(store, *options(world, 65536))
    with open(daemon.file, "r+b", buffering=0) as file:
        os.pwrite(file.fileno(), b"0123456789abcdef", 2 * 65536 + 1000)
        os.fsync(file.fileno())
    wanted = bytearray(pattern(102, 65536))
    wanted[1000:1016] = b"0123456789abcdef"
    expect(server.admin.object(block_key(2)) == bytes(wanted), "not merged into the new bytes")
    daemon.unmount()


@case("discarded blocks give their space in the cache file back")
def _punched(world):
    daemon = world.mount(world.directory_store(), *options(world, 65536))
    write(daemon, 65536, range(SLOTS))
    fd = os.open(daemon.file, os.O_RDWR)
    os.fsync(fd)
    before = os.stat(world.path("cache"))
    run(["fallocate", "--punch-hole", "--length", str(SLOTS * 65536), daemon.file],
        world.directory)
    os.fsync(fd)
    os.close(fd)
    daemon.unmount()
    after = os.stat(world.path("cache"))
    expect(after.st_blocks < before.st_blocks // 2, f"{before.st_blocks}, {after.st_blocks}")
    expect_equal(after.st_size, before.st_size, "size of the file")


def _cached_pages(path):
    """How many pages of a file are in the page cache."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open(path, "r+b") as file, mmap.mmap(file.fileno(), 0) as memory:
        pages = (ctypes.c_ubyte * -(-len(memory) // mmap.PAGESIZE))()
        first = ctypes.c_char.from_buffer(memory)
        failed = libc.mincore(ctypes.byref(first), ctypes.c_size_t(len(memory)), pages)
        del first
        expect_equal(failed, 0, "mincore")
    return sum(page & 1 for page in pages)


@case("--blockCacheFileAdvise keeps the cache file out of the page cache")
def _advised(world):
    resident = {}
    for advice in ((), ("--blockCacheFileAdvise",)):
        daemon = world.mount(world.directory_store(), "--size=8m", "--blockSize=1024",
                             "--blockCacheSize=8192", "--blockCacheMemory=64k",
                             f"--blockCacheFile={world.path('cache')}", *advice)
        write(daemon, 65536, range(128))
        with DirectFile(daemon.file) as file:
            file.sync()
            for number in range(128):
                file.read(number * 65536, 65536)
        resident[advice] = _cached_pages(world.path("cache"))
        expect("access=\"buffered: " in daemon.log(), daemon.log())
        daemon.unmount()
        os.unlink(world.path("cache"))
    without, with_advice = resident.values()
    expect(without > 2048 and with_advice < 1024, f"resident pages: {resident}")


@case("blocks of an earlier mount are compared with the store in the background, in few requests")
def _verified_in_background(world):
    for count in (8, SLOTS):  # one by one, and by a list
        server, store = left_clean(world, 4096, count)
        server.admin.put(block_key(3), pattern(103, 4096))
        server.admin.remove(block_key(4))
        server.admin.reset()
        daemon = world.mount(store, *options(world, 4096), "--readAhead=0")
        daemon.wait_log(f"compared unchanged={count - 2} changed=2")
        expect(server.admin.stats()["requests"] < 30, "many requests")
        server.admin.fault(method="GET", status=403, count=0)
        expect_blocks(daemon, 4096, (n for n in range(count) if n not in (3, 4)))
        server.admin.clear_faults()
        expect_blocks(daemon, 4096, (3,), seed=100)
        daemon.unmount()
        os.unlink(world.path("cache"))


@case("blocks that do not fit in memory are read from the file, not from the store")
def _below_the_memory(world):
    server = world.server()
    store = world.http_store(server)
    daemon = world.mount(store, *options(world, 65536), *PLAIN, "--blockCacheMemory=256k",
                         "--blockCacheThreads=1")
    write(daemon, 65536, range(SLOTS))
    with DirectFile(daemon.file) as file:
        file.sync()
    server.admin.fault(method="GET", status=403, count=0)
    expect_blocks(daemon, 65536, range(SLOTS))
    daemon.unmount()


@case("two mounts cannot use one cache file")
def _locked(world):
    first = world.mount(world.directory_store(), *options(world, 4096))
    text = world.refused(world.directory_store(), *options(world, 4096))
    expect(world.path("cache") in text and "another process" in text, text)
    first.unmount()


@case("a file of other blocks, or no cache file at all, is refused and left as it is")
def _foreign(world):
    store = world.directory_store()
    world.mount(store, *options(world, 4096)).unmount()
    text = world.refused(store, f"--size={COUNT * 8192}", "--blockSize=8192",
                         f"--blockCacheFile={world.path('cache')}")
    expect("4096" in text and "8192" in text, text)
    for content in (b"", b"x" * 10, b"y" * 5000, bytes(1 << 20)):
        with open(world.path("cache"), "wb") as file:
            file.write(content)
        text = world.refused(store, *options(world, 4096))
        expect(world.path("cache") in text, text)
        with open(world.path("cache"), "rb") as file:
            expect(file.read() == content, "a refused file was changed")


@case("a cache file that is cut off or removed while mounted loses nothing")
def _damaged_while_mounted(world):
    for damage in (lambda path: os.truncate(path, 0), os.unlink):
        server = world.server()
        store = world.http_store(server)
        daemon = world.mount(store, *options(world, 4096), *LAZY)
        write(daemon, 4096, range(30))
        damage(world.path("cache"))
        write(daemon, 4096, range(20, 50), seed=300)
        with DirectFile(daemon.file) as file:
            file.sync()
        expect("the cache file has failed" in daemon.log(), daemon.log())
        expect_blocks(daemon, 4096, range(20))
        expect_blocks(daemon, 4096, range(20, 50), seed=300)
        expect_stored(server, 4096, range(20))
        expect_stored(server, 4096, range(20, 50), seed=300)
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
