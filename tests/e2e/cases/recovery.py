# SPDX-License-Identifier: Apache-2.0
"""What a killed mount has left in its cache file, and what Debian's s3backer makes of the file."""
import os
import shutil

from harness.cache_files import (COUNT, LAZY, PLAIN, RECOVER, SLOTS, entries, expect_blocks,
                                 expect_stored, left_dirty, options, token, write)
from harness.files import DirectFile, pattern
from harness.registry import case, expect, expect_equal
from harness.servers import TOKEN_KEY
from harness.volumes import Reference


@case("what was acknowledged survives kill -9 in the file, and is written back", smoke=True)
def _killed(world):
    server, store = left_dirty(world, 30)
    text = world.refused(store, *options(world, 4096))
    expect("blockCacheRecoverDirtyBlocks" in text and "30 blocks" in text, text)
    text = world.refused(store, "--size=256k", "--blockSize=4k")
    expect("mounted already" in text, text)
    expect_equal(entries(world), {n: True for n in range(30)}, "entries after refused mounts")
    daemon = world.mount(store, *options(world, 4096), *LAZY, *RECOVER)
    expect_blocks(daemon, 4096, range(30))
    daemon.unmount()
    expect_stored(server, 4096, range(30))
    expect(TOKEN_KEY not in server.admin.keys(), "the token is still there")
    expect_equal(token(world), 0, "token of the file")


@case("with fsyncPolicy=cache fsync needs no store, and the next mount recovers by itself",
      smoke=True)
def _fsync_cache(world):
    server = world.server()
    store = world.http_store(server)
    chosen = (*options(world, 4096), *LAZY, "--fsyncPolicy=cache")
    daemon = world.mount(store, *chosen)
    server.admin.fault(method="PUT", hold=True, count=0)
    with DirectFile(daemon.file) as file:
        for number in range(10):
            file.write(number * 4096, pattern(number, 4096))
            file.sync()
    expect_equal([key for key in server.admin.keys() if key != TOKEN_KEY], [], "keys")
    daemon.kill()
    server.admin.clear_faults()
    daemon = world.mount(store, *chosen)
    expect_blocks(daemon, 4096, range(10))
    daemon.unmount()
    expect_stored(server, 4096, range(10))


@case("a resize keeps the token and every dirty block, or is refused")
def _resized(world):
    server, store = left_dirty(world, 30)
    text = world.refused(store, *options(world, 4096, slots=29), *RECOVER)
    expect("30 blocks" in text and "blockCacheSize=29" in text, text)
    daemon = world.mount(store, *options(world, 4096, slots=31), *LAZY, *RECOVER)
    daemon.kill()
    expect_equal(entries(world), {n: True for n in range(30)}, "entries after shrinking")
    daemon = world.mount(store, *options(world, 4096, slots=60), *RECOVER)
    daemon.unmount()
    expect_stored(server, 4096, range(30))


@case("a file with dirty blocks and a store without a token do not go together")
def _mismatch(world):
    server, store = left_dirty(world, 3)
    server.admin.remove(TOKEN_KEY)
    text = world.refused(store, *options(world, 4096), *RECOVER)
    expect("3 blocks" in text and "--force" in text, text)
    daemon = world.mount(store, *options(world, 4096), "--force")
    expect("3 blocks" in daemon.log() and "dropped" in daemon.log(), daemon.log())
    daemon.unmount()
    expect_equal(entries(world), {}, "entries")
    expect_equal(server.admin.keys(), [], "keys")


@case("--reset-mounted-flag resets the file, too; its dirty blocks are dropped then")
def _reset(world):
    server, store = left_dirty(world, 3)
    status, text = world.run_to_end(*store.options, *options(world, 4096), "--reset-mounted-flag",
                                    store.bucket)
    expect_equal((status, token(world)), (0, 0), f"status and token after a reset: {text}")
    daemon = world.mount(store, *options(world, 4096), *RECOVER)
    expect("3 blocks" in daemon.log() and "dropped" in daemon.log(), daemon.log())
    daemon.unmount()
    expect_equal(server.admin.keys(), [], "keys")


@case("in a test directory dirty blocks are recovered if that is asked for, never dropped unasked")
def _test_directory(world):
    store = world.directory_store()
    daemon = world.mount(store, *options(world, 4096), *LAZY)
    write(daemon, 4096, range(9))
    daemon.kill()
    text = world.refused(store, *options(world, 4096))
    expect("9 blocks" in text and "blockCacheRecoverDirtyBlocks" in text, text)
    daemon = world.mount(store, *options(world, 4096), *RECOVER)
    daemon.unmount()
    daemon = world.mount(store, f"--size={COUNT * 4096}", "--blockSize=4096")
    expect_blocks(daemon, 4096, range(9))
    daemon.unmount()


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
            daemon = world.mount(store, *options(world, block), *PLAIN, binary=writer)
            reference = Reference(COUNT * block, block)
            with open(daemon.file, "r+b", buffering=0) as file:
                for number in range(SLOTS):
                    data = pattern(number, block)
                    reference.bytes[number * block:(number + 1) * block] = data
                    os.pwrite(file.fileno(), data, number * block)
            daemon.unmount()
            _empty(store.bucket)  # so that nothing but the file has them
            daemon = world.mount(store, *options(world, block), *PLAIN, "--blockCacheNoVerify",
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
        daemon = world.mount(store, *options(world, 4096), *PLAIN, binary=writer)
        write(daemon, 4096, range(20))
        daemon.unmount()
        daemon = world.mount(store, *options(world, 4096), *PLAIN, *LAZY, binary=writer)
        write(daemon, 4096, range(10, 30), seed=500)
        daemon.kill()
        daemon = world.mount(store, *options(world, 4096), *PLAIN, *RECOVER, binary=reader)
        expect_blocks(daemon, 4096, range(10))
        expect_blocks(daemon, 4096, range(10, 30), seed=500)
        daemon.unmount()
        expect_stored(server, 4096, range(10))
        expect_stored(server, 4096, range(10, 30), seed=500)
        os.unlink(world.path("cache"))


@case("our file after kill -9 and more writes is one that Debian's s3backer opens",
      needs=("debian",))
def _killed_clean_blocks(world):
    store = world.directory_store()
    daemon = world.mount(store, *options(world, 4096), *PLAIN, "--blockCacheWriteDelay=0")
    write(daemon, 4096, range(SLOTS))
    with DirectFile(daemon.file) as file:
        file.sync()
    write(daemon, 4096, range(10, 50), seed=700)
    with DirectFile(daemon.file) as file:
        file.sync()
    daemon.kill()
    known = entries(world)
    expect(len(known) > SLOTS // 2, f"only {len(known)} entries")
    daemon = world.mount(store, *options(world, 4096), *PLAIN, "--blockCacheNoVerify",
                         binary=shutil.which("s3backer"))
    expect_blocks(daemon, 4096, range(10))
    expect_blocks(daemon, 4096, range(10, 50), seed=700)
    daemon.unmount()
