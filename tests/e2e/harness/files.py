# SPDX-License-Identifier: Apache-2.0
"""Contents from seeds, checksums, and direct I/O."""
import errno
import hashlib
import mmap
import os
import random


def pattern(seed, length):
    """Bytes that do not compress and differ for each seed."""
    return random.Random(seed).randbytes(length)


def text_pattern(seed, length):
    """Bytes that compress well and differ for each seed."""
    line = f"this is text number {seed}\n".encode()
    return (line * (length // len(line) + 1))[:length]


def make_tree(root, files=300, largest=300_000, big=20 << 20, seed=1):
    """Nested directories with `files` files of 0 to `largest` bytes and one of `big` bytes."""
    chance = random.Random(seed)
    directories = [root]
    for number in range(max(1, files // 10)):
        directories.append(os.path.join(chance.choice(directories), f"directory {number}"))
        os.makedirs(directories[-1])
    for number in range(files):
        path = os.path.join(chance.choice(directories), f"file-{number}.bin")
        with open(path, "wb") as file:
            file.write(chance.randbytes(chance.randint(0, largest)))
    if big:
        with open(os.path.join(root, "big.bin"), "wb") as file:
            file.write(chance.randbytes(big))
    os.symlink("big.bin", os.path.join(root, "link"))


def checksums(root):
    """{path below root: digest} of all files; directories and links by what they are."""
    found = {}
    for place, directories, files in os.walk(root):
        for name in directories + files:
            path = os.path.join(place, name)
            key = os.path.relpath(path, root)
            if os.path.islink(path):
                found[key] = "link to " + os.readlink(path)
            elif os.path.isdir(path):
                found[key] = "directory"
            else:
                found[key] = file_digest(path)
    return found


def file_digest(path, part=1 << 20):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while data := file.read(part):
            digest.update(data)
    return digest.hexdigest()


class DirectFile:
    """A file opened with O_DIRECT: every call goes to its file system as it is."""

    def __init__(self, path, flags=os.O_RDWR):
        self.fd = os.open(path, flags | os.O_DIRECT | os.O_CLOEXEC)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """It is no error that the daemon has ended meanwhile."""
        try:
            os.close(self.fd)
        except OSError as error:
            # Over io_uring a request that meets the end of the ring is cancelled.
            if error.errno not in (errno.ENOTCONN, errno.ECONNABORTED, errno.ECANCELED):
                raise

    def read(self, offset, length):
        # Anonymous memory begins at a page, as O_DIRECT demands.
        with mmap.mmap(-1, length) as buffer:
            count = os.preadv(self.fd, [buffer], offset)
            return buffer[:count]

    def write(self, offset, data):
        """Writes all of it in one call."""
        with mmap.mmap(-1, len(data)) as buffer:
            buffer[:] = data
            count = os.pwritev(self.fd, [buffer], offset)
        if count != len(data):
            raise OSError(f"short write: {count} of {len(data)} bytes at {offset}")

    def sync(self):
        os.fsync(self.fd)


def read_at(path, offset, length):
    with open(path, "rb", buffering=0) as file:
        return os.pread(file.fileno(), length, offset)
