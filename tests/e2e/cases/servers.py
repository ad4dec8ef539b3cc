# SPDX-License-Identifier: Apache-2.0
"""The S3 part of the tests on other servers, over http and https, and what those cannot do.

They are run by `--all` only: starting the servers takes a minute, and Swift is slow.
"""
import os
import re

from cases import filesystems, geometry, interop, token
from cases.bucket import expect_one_mounts
from harness.ceph import STORAGE_CLASS
from harness.files import DirectFile, pattern
from harness.registry import case, expect, expect_equal, named_case
from harness.remote import RemoteWorld
from harness.servers import TOKEN_KEY, block_key
from harness.volumes import tree_survives_remount

SERVERS = ("ceph", "swift", "s3rver")
BLOCK = 65536
COUNT = 20
SIZE = (f"--size={BLOCK * COUNT}", f"--blockSize={BLOCK}")

# Cases of other themes, by their function, that ask nothing of the test server but S3.
BORROWED = (
    token._removed_by_unmount, token._removed_by_signals, token._left_by_kill,
    token._second_writer, token._forced, token._failed_mount,
    geometry._detected, geometry._default_block_size, geometry._other_block_size,
    geometry._other_size, geometry._forced, geometry._no_size,
    interop._over_http, interop._with_prefix, interop._ext4,
)


def _places():
    for name in SERVERS:
        yield name, f"{name} over http", lambda s: s
        yield name, f"{name} over https", lambda s: s["tls"]


def _world_on(world, name, choose):
    return RemoteWorld(world, choose(world.settings.servers[name]))


def _add(name, choose, sentence, function, needs=(), time_limit=180):
    @case(sentence, needs=(name, "openssl", *needs), time_limit=time_limit)
    def _test(world):
        function(_world_on(world, name, choose))


def _write_blocks(daemon, seed, count=COUNT):
    with DirectFile(daemon.file) as file:
        for number in range(count):
            file.write(number * BLOCK, pattern(seed + number, BLOCK))
        file.sync()


def _expect_blocks(admin, seed, count=COUNT):
    for number in range(count):
        expect(admin.object(block_key(number)) == pattern(seed + number, BLOCK),
               f"block {number} is not in the store as written")


def _fsync_stores(world):
    server = world.server()
    daemon = world.mount(world.http_store(server), *SIZE, "--blockCacheWriteDelay=600000")
    for seed in (0, 100):
        _write_blocks(daemon, seed)
        _expect_blocks(server.admin, seed)
    with DirectFile(daemon.file) as file:
        file.write(3 * BLOCK, bytes(BLOCK))
        file.sync()
    expect_equal(server.admin.object(block_key(3)), None, "a block of zeros")
    daemon.unmount()


def _synced_survives_kill(world):
    server = world.server()
    store = world.http_store(server)
    daemon = world.mount(store, *SIZE, "--blockCacheWriteDelay=600000")
    _write_blocks(daemon, 7)
    daemon.kill()
    daemon = world.mount(store, "--force")
    with DirectFile(daemon.file, os.O_RDONLY) as file:
        for number in range(COUNT):
            expect(file.read(number * BLOCK, BLOCK) == pattern(7 + number, BLOCK),
                   f"block {number} is lost")
    daemon.unmount()


def _sigterm_stores(world):
    server = world.server()
    daemon = world.mount(world.http_store(server), *SIZE, "--blockCacheWriteDelay=600000")
    with DirectFile(daemon.file) as file:
        for number in range(COUNT):
            file.write(number * BLOCK, pattern(50 + number, BLOCK))
    daemon.terminate()
    _expect_blocks(server.admin, 50)
    expect_equal(server.admin.object(TOKEN_KEY), None, "token")


def _listed(world):
    """listBlocks must not hide a block, whatever the server's lists are like."""
    server = world.server()
    store = world.http_store(server)
    daemon = world.mount(store, *SIZE)
    _write_blocks(daemon, 3, count=5)
    daemon.unmount()
    daemon = world.mount(store, "--listBlocks")
    with DirectFile(daemon.file, os.O_RDONLY) as file:
        for number in range(COUNT):
            wanted = pattern(3 + number, BLOCK) if number < 5 else bytes(BLOCK)
            expect(file.read(number * BLOCK, BLOCK) == wanted, f"wrong data in block {number}")
    daemon.unmount()


def _erased(world):
    """All blocks and the token go; a server that fails for a missing key gets at most a line."""
    server = world.server()
    store = world.http_store(server)
    daemon = world.mount(store, *SIZE)
    _write_blocks(daemon, 3)
    daemon.kill()
    server.admin.put("junk", b"stays")
    server.admin.put(block_key(COUNT), b"beyond the end")
    status, text = world.run_to_end("--erase", "--force", *store.options, store.bucket)
    expect_equal(status, 0, f"exit status of --erase, saying {text}")
    expect_equal(server.admin.keys(), sorted([block_key(COUNT), "junk"]), "keys left")
    expect(len(re.findall("WARNING|ERROR", text)) <= 1, f"more than a line: {text}")


def _reset(world):
    server = world.server()
    store = world.http_store(server)
    world.mount(store, *SIZE).kill()
    status, text = world.run_to_end("--reset-mounted-flag", *SIZE, *store.options, store.bucket)
    expect_equal(status, 0, f"exit status, saying {text}")
    expect_equal(server.admin.object(TOKEN_KEY), None, "token")
    world.mount(store, *SIZE).unmount()


OWN = (
    ("fsync stores, and zeros delete", _fsync_stores),
    ("what was synced survives kill -9", _synced_survives_kill),
    ("SIGTERM stores all and removes the token", _sigterm_stores),
    ("a survey of blocks hides none", _listed),
    ("erasing takes all blocks and leaves what is none", _erased),
    ("the mounted flag can be reset", _reset),
)

for _name, _place, _choose in _places():
    for _function in BORROWED:
        _original = named_case(_function)
        _add(_name, _choose, f"{_original.theme}: {_original.sentence}, on {_place}", _function,
             _original.needs, max(180, _original.time_limit))
    for _sentence, _function in OWN:
        _add(_name, _choose, f"{_sentence}, on {_place}", _function)
    for _kind in ("ext4", "xfs"):
        def _survives(world, kind=_kind):
            store = world.http_store(world.server())
            tree_survives_remount(world, kind, store,
                                  (f"--size={filesystems.SIZES[kind]}", "--blockSize=128k"))
        _add(_name, _choose, f"{_kind} with its files survives a remount, on {_place}", _survives,
             ("loop",) + (("xfs",) if _kind == "xfs" else ()), time_limit=400)


# What a server cannot do.

def _one_line(daemon, words):
    lines = [line for line in daemon.log().splitlines() if re.search(words, line)]
    expect_equal(len(lines), 1, f"lines with '{words}' in its log")


def _mounts_anyway(world):
    server = world.server()
    store = world.http_store(server)
    daemon = world.mount(store, *SIZE)
    expect(server.admin.object(TOKEN_KEY) is not None, "there is no token")
    world.refused(store, *SIZE)
    _write_blocks(daemon, 1, count=2)
    daemon.unmount()
    expect_equal(server.admin.object(TOKEN_KEY), None, "token")
    return daemon


@case("Swift, which cannot store only what is absent, is mounted with a line that says so",
      needs=("swift", "openssl"), time_limit=180)
def _swift_conditions(world):
    daemon = _mounts_anyway(_world_on(world, "swift", lambda s: s))
    _one_line(daemon, "WARNING.*(?i:if-none-match|condition|race|another mount)")


@case("s3rver, which ignores conditions, is mounted, and a second mount refused",
      needs=("s3rver", "openssl"))
def _s3rver_conditions(world):
    _mounts_anyway(_world_on(world, "s3rver", lambda s: s))


def _refused_option(world, name, option, words):
    """Data that could not be stored as asked for must not be stored otherwise."""
    remote = _world_on(world, name, lambda s: s)
    server = remote.server()
    text = remote.refused(remote.http_store(server), *SIZE, option, "--initialRetryPause=5",
                          "--maxRetryPause=10")
    expect(re.search(words, text), f"not '{words}' in: {text}")
    expect_equal(server.admin.keys(), [], "keys")


@case("Swift, which does not encrypt, refuses --sse=AES256 with a reason",
      needs=("swift", "openssl"), time_limit=180)
def _swift_sse(world):
    _refused_option(world, "swift", "--sse=AES256", "(?i)NotImplemented|sse|encryption")


@case("Swift, which has one storage class, refuses another with a reason",
      needs=("swift", "openssl"), time_limit=180)
def _swift_storage_class(world):
    _refused_option(world, "swift", "--storageClass=REDUCED_REDUNDANCY",
                    "(?i)InvalidStorageClass|storageClass|storage class")


@case("Ceph keeps the storage class and takes --sse=AES256", needs=("ceph", "openssl"))
def _ceph_headers(world):
    remote = _world_on(world, "ceph", lambda s: s["tls"])
    server = remote.server()
    daemon = remote.mount(remote.http_store(server), *SIZE, "--sse=AES256",
                          f"--storageClass={STORAGE_CLASS}")
    _write_blocks(daemon, 1, count=2)
    headers = server.admin.object_headers(block_key(1))
    expect_equal(headers["x-amz-storage-class"], STORAGE_CLASS, "storage class")
    daemon.unmount()


@case("two at once mount on Ceph: exactly one does", needs=("ceph", "openssl"))
def _ceph_race(world):
    remote = _world_on(world, "ceph", lambda s: s)
    server = remote.server()
    expect_one_mounts(remote, server, remote.http_store(server), SIZE)
