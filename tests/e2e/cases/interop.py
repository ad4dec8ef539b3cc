# SPDX-License-Identifier: Apache-2.0
"""Debian's s3backer and ours read each other's blocks."""
import shutil

from harness.files import checksums, pattern
from harness.registry import case
from harness.volumes import Reference, expect_same, file_system_on

SIZE = 8 << 20
GEOMETRY = (f"--size={SIZE}", "--blockSize=64k")
# Debian's consistency cache, which delays rewrites, switched off.
PLAIN = ("--md5CacheSize=0", "--md5CacheTime=0", "--minWriteDelay=0")
WRITES = 60


def _mount(world, store, binary):
    theirs = PLAIN if binary != world.settings.binary else ()
    return world.mount(store, *GEOMETRY, *theirs, binary=binary)


def _exchange(world, store, writer, reader, seed):
    """`writer` fills a volume; `reader` must see it, and changes it; `writer` must see that."""
    reference = Reference(SIZE, seed)
    for now, then in ((writer, reader), (reader, writer)):
        daemon = _mount(world, store, now)
        reference.write_some(daemon.file, WRITES)
        daemon.unmount()
        daemon = _mount(world, store, then)
        reference.expect_in(daemon.file)
        daemon.unmount()


@case("Debian's s3backer reads our blocks and we read its, in a test directory",
      needs=("debian",), time_limit=90)
def _test_directory(world):
    _exchange(world, world.directory_store(), world.settings.binary, shutil.which("s3backer"), 11)


@case("Debian's s3backer reads our blocks and we read its, over HTTP", needs=("debian",),
      time_limit=90)
def _over_http(world):
    store = world.http_store(world.server())
    _exchange(world, store, world.settings.binary, shutil.which("s3backer"), 12)


@case("Debian's s3backer and ours share a prefix in a bucket", needs=("debian",))
def _with_prefix(world):
    store = world.http_store(world.server(), prefix="some/where.")
    _exchange(world, store, shutil.which("s3backer"), world.settings.binary, 13)


@case("ext4 made by us is read and changed by Debian's s3backer, and read by us again",
      needs=("debian", "loop"), time_limit=120)
def _ext4(world):
    store = world.http_store(world.server())
    geometry = ("--size=128m", "--blockSize=128k")
    debian = shutil.which("s3backer")
    with file_system_on(world, "ext4", store, geometry, fresh=True) as point:
        _add_files(point, "ours", 21)
        ours = checksums(point)
    with file_system_on(world, "ext4", store, (*geometry, *PLAIN), binary=debian) as point:
        expect_same(checksums(point), ours)
        _add_files(point, "theirs", 22)
        both = checksums(point)
    with file_system_on(world, "ext4", store, geometry) as point:
        expect_same(checksums(point), both)


def _add_files(point, name, seed):
    for number in range(20):
        with open(f"{point}/{name}-{number}", "wb") as file:
            file.write(pattern(seed * 1000 + number, number * 30_000))
