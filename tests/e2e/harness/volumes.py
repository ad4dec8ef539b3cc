# SPDX-License-Identifier: Apache-2.0
"""Steps that several themes share: file systems on volumes, blocks written at random places."""
import contextlib
import os
import random

from harness.files import DirectFile, checksums, make_tree
from harness.mounts import check_file_system, make_file_system
from harness.registry import expect, expect_equal


@contextlib.contextmanager
def file_system_on(world, kind, store, options, *, fresh=False, binary=None):
    """A volume mounted, a loop device on its file and on that a file system, all in good order.

    Checked before, unless it is made `fresh`. Everything is undone at the end, which must succeed.
    """
    daemon = world.mount(store, *options, binary=binary)
    loop = world.loop(daemon.file)
    if fresh:
        make_file_system(kind, loop.device, world.directory)
    else:
        check_file_system(kind, loop.device, world.directory)
    fs = world.mount_fs(loop.device)
    yield fs.point
    fs.unmount()
    loop.detach()
    daemon.unmount()


def tree_survives_remount(world, kind, store, options):
    """Files copied onto a file system are the same after everything was unmounted."""
    with file_system_on(world, kind, store, options, fresh=True) as point:
        fill(world, point)
        before = checksums(point)
    with file_system_on(world, kind, store, options) as point:
        expect_same(checksums(point), before)


def fill(world, directory, seed=1):
    if world.settings.smoke:
        make_tree(directory, files=30, big=2 << 20, seed=seed)
    else:
        make_tree(directory, seed=seed)


def expect_same(found, wanted):
    differing = sorted(name for name in {*found, *wanted} if found.get(name) != wanted.get(name))
    expect(not differing, f"{len(differing)} of {len(wanted)} files differ: {differing[:5]}")


class Reference:
    """What a volume's file must contain: written at random places, to the file and to a copy."""

    def __init__(self, size, seed):
        self.bytes = bytearray(size)
        self._chance = random.Random(seed)

    def write_some(self, path, count, longest=200_000):
        with open(path, "r+b", buffering=0) as file:
            for _ in range(count):
                offset = self._chance.randrange(len(self.bytes))
                length = min(self._chance.randint(1, longest), len(self.bytes) - offset)
                data = self._data(length)
                self.bytes[offset:offset + length] = data
                written = os.pwrite(file.fileno(), data, offset)
                expect_equal(written, length, "bytes written")

    def _data(self, length):
        """Half of the time bytes that do not compress, else those that do, some of them zeros."""
        kind = self._chance.random()
        if kind < 0.5:
            return self._chance.randbytes(length)
        if kind < 0.8:
            return (self._chance.randbytes(100) * (length // 100 + 1))[:length]
        return bytes(length)

    def expect_in(self, path):
        expect_contents(path, self.bytes)


def expect_contents(path, wanted, part=1 << 20):
    """The file must have these bytes; fails with the first 4 KiB page that differs."""
    expect_equal(os.path.getsize(path), len(wanted), f"size of {path}")
    with DirectFile(path, os.O_RDONLY) as file:
        for offset in range(0, len(wanted), part):
            found = file.read(offset, min(part, len(wanted) - offset))
            if found != wanted[offset:offset + len(found)]:
                page = next(p for p in range(0, len(found), 4096)
                            if found[p:p + 4096] != wanted[offset + p:offset + p + 4096])
                expect(False, f"{path} differs from byte {offset + page} on, or a bit later")
