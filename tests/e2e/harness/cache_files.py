# SPDX-License-Identifier: Apache-2.0
"""Volumes with a cache file, what is written to them, and the file's directory."""
import os
import struct

from harness.files import DirectFile, pattern
from harness.registry import expect
from harness.servers import block_key

COUNT = 64
SLOTS = 40
# Debian's consistency cache, which delays rewrites, switched off.
PLAIN = ("--md5CacheSize=0", "--md5CacheTime=0", "--minWriteDelay=0", "--readAhead=0")
LAZY = ("--blockCacheWriteDelay=600000",)
RECOVER = ("--blockCacheRecoverDirtyBlocks",)


def options(world, block, slots=SLOTS):
    return (f"--size={COUNT * block}", f"--blockSize={block}", f"--blockCacheSize={slots}",
            f"--blockCacheFile={world.path('cache')}")


def write(daemon, block, numbers, seed=0):
    with DirectFile(daemon.file) as file:
        for number in numbers:
            file.write(number * block, pattern(seed + number, block))


def expect_blocks(daemon, block, numbers, seed=0):
    with DirectFile(daemon.file, os.O_RDONLY) as file:
        for number in numbers:
            expect(file.read(number * block, block) == pattern(seed + number, block),
                   f"block {number} is not as written")


def expect_stored(server, block, numbers, seed=0):
    for number in numbers:
        expect(server.admin.object(block_key(number)) == pattern(seed + number, block),
               f"block {number} in the store is not as written")


def token(world):
    with open(world.path("cache"), "rb") as file:
        return struct.unpack("<I", file.read(64)[32:36])[0]


def entries(world):
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


def left_clean(world, block, count):
    """A server and the store on it, whose last mount has left `count` clean blocks in the file."""
    server = world.server()
    store = world.http_store(server)
    daemon = world.mount(store, *options(world, block))
    write(daemon, block, range(count))
    daemon.unmount()
    return server, store


def left_dirty(world, count):
    """The same with dirty blocks of 4096 bytes, by a kill -9."""
    server = world.server()
    store = world.http_store(server)
    daemon = world.mount(store, *options(world, 4096), *LAZY)
    write(daemon, 4096, range(count))
    daemon.kill()
    return server, store
