# SPDX-License-Identifier: Apache-2.0
"""Which operations are refused on the mounted files and how, and those that zero."""
import ctypes
import errno
import fcntl
import mmap
import os

from harness.files import DirectFile, pattern
from harness.procs import run
from harness.registry import case, expect, expect_equal, expect_errno

BLOCK = 65536
COUNT = 16
END = BLOCK * COUNT
SIZE = (f"--size={END}", f"--blockSize={BLOCK}")

KEEP_SIZE, PUNCH_HOLE, COLLAPSE, ZERO_RANGE, INSERT = 1, 2, 8, 16, 32


def fallocate(fd, mode, offset, length):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.fallocate(fd, mode, ctypes.c_longlong(offset), ctypes.c_longlong(length)) != 0:
        raise OSError(ctypes.get_errno(), "fallocate")


def _filled(world, *options):
    """(store, daemon) of a volume whose blocks all have data."""
    store = world.directory_store()
    daemon = world.mount(store, *SIZE, *options)
    with DirectFile(daemon.file) as file:
        file.write(0, pattern(1, END))
    return store, daemon


@case("nothing can be made, renamed, linked or removed in the mounted directory")
def _directory_operations(world):
    daemon = world.mount(world.directory_store(), *SIZE)
    new = os.path.join(daemon.mount, "new")
    old = daemon.file
    rows = (
        ("stat of another name", errno.ENOENT, lambda: os.stat(new)),
        ("open of another name", errno.ENOENT, lambda: os.open(new, os.O_RDONLY)),
        ("creating", errno.ENOSYS, lambda: os.open(new, os.O_CREAT | os.O_RDWR)),
        ("O_CREAT | O_EXCL", errno.EEXIST, lambda: os.open(old, os.O_CREAT | os.O_EXCL)),
        ("mkdir", errno.ENOSYS, lambda: os.mkdir(new)),
        ("mknod", errno.ENOSYS, lambda: os.mknod(new)),
        ("symlink", errno.ENOSYS, lambda: os.symlink("a", new)),
        ("link", errno.EPERM, lambda: os.link(old, new)),
        ("rename", errno.ENOSYS, lambda: os.rename(old, new)),
        ("unlink of the file", errno.EOPNOTSUPP, lambda: os.unlink(old)),
        ("unlink of another name", errno.ENOENT, lambda: os.unlink(new)),
        ("rmdir of the file", errno.ENOTDIR, lambda: os.rmdir(old)),
        ("chmod", errno.ENOSYS, lambda: os.chmod(old, 0o644)),
        ("chown", errno.ENOSYS, lambda: os.chown(old, 1, 1)),
        ("utime", errno.ENOSYS, lambda: os.utime(old, (1, 1))),
        ("getxattr", errno.EOPNOTSUPP, lambda: os.getxattr(old, "user.a")),
        ("setxattr", errno.EOPNOTSUPP, lambda: os.setxattr(old, "user.a", b"b")),
    )
    for what, number, action in rows:
        expect_errno(number, action, what)
    expect_equal(sorted(os.listdir(daemon.mount)), ["file", "stats"], "listing")
    daemon.unmount()


@case("reads and writes at and beyond the end are short or refused, as they always were")
def _end_of_file(world):
    daemon = world.mount(world.directory_store(), *SIZE)
    with open(daemon.file, "r+b", buffering=0) as file:
        fd = file.fileno()
        expect_equal(len(os.pread(fd, 100, END - 10)), 10, "bytes read across the end")
        expect_equal(os.pread(fd, 100, END), b"", "read at the end")
        expect_equal(os.pread(fd, 100, END + 4096), b"", "read beyond the end")
        expect_equal(os.pwrite(fd, bytes(10), END - 5), 5, "bytes written across the end")
        expect_errno(errno.EIO, lambda: os.pwrite(fd, b"x", END), "write at the end")
        expect_errno(errno.ESPIPE, lambda: os.pwrite(fd, b"x", END + 1), "write beyond the end")
        expect_equal(os.fstat(fd).st_size, END, "size")
    daemon.unmount()


@case("truncating succeeds and changes nothing")
def _truncate(world):
    _, daemon = _filled(world)
    for action in (lambda: os.truncate(daemon.file, 0), lambda: os.truncate(daemon.file, 100),
                   lambda: os.truncate(daemon.file, END * 2),
                   lambda: os.close(os.open(daemon.file, os.O_RDWR | os.O_TRUNC))):
        action()
        expect_equal(os.path.getsize(daemon.file), END, "size")
        with DirectFile(daemon.file) as file:
            expect(file.read(0, END) == pattern(1, END), "the data has changed")
        with open(daemon.file, "rb") as file:
            expect(file.read() == pattern(1, END), "the data has changed in the page cache")
    daemon.unmount()


@case("the statistics file cannot be written, mapped or zeroed")
def _stats_file(world):
    daemon = world.mount(world.directory_store(), *SIZE)
    with open(daemon.stats, "r+b", buffering=0) as file:
        fd = file.fileno()
        expect_errno(errno.EINVAL, lambda: os.pwrite(fd, b"x", 0), "write")
        expect_errno(errno.EOPNOTSUPP, lambda: fallocate(fd, PUNCH_HOLE | KEEP_SIZE, 0, 10),
                     "punching a hole")
        expect_errno(errno.ENODEV, lambda: mmap.mmap(fd, 100, mmap.MAP_SHARED, mmap.PROT_READ),
                     "mmap")
        os.fsync(fd)
        os.truncate(daemon.stats, 0)
    daemon.unmount()


@case("fallocate reserves, refuses and zeroes by its mode")
def _fallocate(world):
    _, daemon = _filled(world)
    with open(daemon.file, "r+b", buffering=0) as file:
        fd = file.fileno()
        fallocate(fd, 0, 0, END)
        fallocate(fd, KEEP_SIZE, BLOCK, BLOCK)
        hole = PUNCH_HOLE | KEEP_SIZE
        for what, number, arguments in (
                ("beyond the end", errno.ENOSPC, (0, BLOCK, END)),
                ("a hole beyond the end", errno.ENOSPC, (hole, END - BLOCK, 2 * BLOCK)),
                ("an empty range", errno.EINVAL, (hole, 0, 0)),
                ("a negative offset", errno.EINVAL, (hole, -1, 10)),
                ("a hole that may change the size", errno.EOPNOTSUPP, (PUNCH_HOLE, 0, BLOCK)),
                ("collapse", errno.EOPNOTSUPP, (COLLAPSE, 0, BLOCK)),
                ("insert", errno.EOPNOTSUPP, (INSERT, 0, BLOCK))):
            expect_errno(number, lambda a=arguments: fallocate(fd, *a), what)
        expect(os.pread(fd, END, 0) == pattern(1, END), "the data has changed")
    daemon.unmount()


@case("punching a hole and ZERO_RANGE zero exactly their range and delete whole blocks",
      smoke=True)
def _zeroing(world):
    for mode in (PUNCH_HOLE | KEEP_SIZE, ZERO_RANGE, ZERO_RANGE | KEEP_SIZE):
        store, daemon = _filled(world)
        begin, end = 2 * BLOCK + 100, 7 * BLOCK + 5000
        with open(daemon.file, "r+b", buffering=0) as file:
            fallocate(file.fileno(), mode, begin, end - begin)
            wanted = bytearray(pattern(1, END))
            wanted[begin:end] = bytes(end - begin)
            expect(os.pread(file.fileno(), END, 0) == wanted, f"wrong data after mode {mode}")
            os.fsync(file.fileno())
        with DirectFile(daemon.file) as file:
            expect(file.read(0, END) == wanted, f"wrong data by direct I/O after mode {mode}")
        kept = [f"{number:08x}" for number in range(COUNT) if not 2 < number < 7]
        expect_equal(sorted(os.listdir(store.bucket)), kept, f"blocks after mode {mode}")
        daemon.unmount()


@case("discards through a loop device delete blocks, and blkdiscard -z zeroes", needs=("loop",))
def _discard(world):
    store, daemon = _filled(world)
    loop = world.loop(daemon.file)
    run(["blkdiscard", "-o", BLOCK, "-l", 2 * BLOCK, loop.device], world.directory)
    run(["blkdiscard", "-z", "-o", 8 * BLOCK, "-l", 3 * BLOCK, loop.device], world.directory)
    loop.detach()
    daemon.unmount()
    kept = [f"{n:08x}" for n in range(COUNT) if n not in (1, 2, 8, 9, 10)]
    expect_equal(sorted(os.listdir(store.bucket)), kept, "blocks")
    daemon = world.mount(store, *SIZE)
    with DirectFile(daemon.file) as file:
        expect(file.read(8 * BLOCK, 3 * BLOCK) == bytes(3 * BLOCK), "old data after -z")
    daemon.unmount()


@case("with readOnly nothing can be changed, by any way")
def _read_only(world):
    store, daemon = _filled(world)
    daemon.unmount()
    daemon = world.mount(store, *SIZE, "--readOnly")
    expect_equal(os.stat(daemon.file).st_mode & 0o7777, 0o400, "mode")
    with open(daemon.file, "r+b", buffering=0) as file:
        fd = file.fileno()
        expect_errno(errno.EROFS, lambda: os.pwrite(fd, b"x", 0), "write")
        for mode in (PUNCH_HOLE | KEEP_SIZE, ZERO_RANGE):
            expect_errno(errno.EROFS, lambda m=mode: fallocate(fd, m, 0, BLOCK), "zeroing")
        os.fsync(fd)
    with DirectFile(daemon.file) as file:
        expect_errno(errno.EROFS, lambda: file.write(0, bytes(4096)), "direct write")
        expect(file.read(0, END) == pattern(1, END), "the data has changed")
    daemon.unmount()
    expect_equal(len(os.listdir(store.bucket)), COUNT, "blocks")


@case("file locks work and do not reach the daemon")
def _locks(world):
    daemon = world.mount(world.directory_store(), *SIZE)
    with open(daemon.file, "r+b") as first, open(daemon.file, "r+b") as second:
        fcntl.flock(first, fcntl.LOCK_EX)
        expect_errno(errno.EAGAIN, lambda: fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB),
                     "a second lock")
    daemon.unmount()
