# SPDX-License-Identifier: Apache-2.0
"""What the scenarios share: a case under way, what a program has used, fio."""
import os

import bench_kit
from bench_kit import MEGABYTE
from .subjects import Mounted, NotMeasured

GIB = 1 << 30
THREADS = 20
# Writes nothing back by itself.
LAZY = "--blockCacheWriteDelay=3600000"


class Run:
    """One subject in one round of a case."""

    def __init__(self, case, subject, place, folder, number):
        self.case, self.subject, self.place, self.folder = case, subject, place, folder
        self.prefix = f"b{os.getpid()}-{abs(hash(case.key)) % 10**6}-{number}-{subject.name}/"
        self.mounted = []

    def get(self, name, default=None):
        return self.case.params.get(name, default)

    def mount(self, megabytes, *more, cached=None, block=None):
        """The cache holds `cached` MiB, all if it is not told."""
        kib = block or self.get("block", 64)
        cached = megabytes if cached is None else cached
        mode = {"plain": (), "compress": ("--compress",),
                "encrypt": ("--encrypt", "--passwordFile=" + self.password())}
        options = [f"--size={megabytes}m", f"--blockSize={kib}k",
                   f"--blockCacheSize={max(1, cached * 1024 // kib)}",
                   f"--blockCacheThreads={self.get('threads', THREADS)}",
                   *mode[self.get("mode", "plain")], *more]
        mounted = self.subject.mount(self.place, self.folder, self.prefix, options)
        self.mounted.append(mounted)
        return mounted

    def password(self):
        path = os.path.join(self.folder, "password")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
            file.write("a password for benchmarks\n")
        return path

    def ours_only(self, why="it has no such option"):
        if not self.subject.is_ours:
            raise NotMeasured(why)

    def clean_up(self):
        for mounted in self.mounted:
            mounted.kill()
        if self.mounted and self.place.keep_clean and hasattr(self.subject, "erase"):
            self.subject.erase(self.place, self.folder, self.prefix)


class Used:
    """What a program uses within a `with`."""

    def __init__(self, mounted: Mounted):
        self.mounted = mounted

    def __enter__(self):
        self.cpu, self.switches = -self.mounted.cpu(), -self.mounted.switches()
        return self

    def __exit__(self, *_):
        self.cpu += self.mounted.cpu()
        self.switches += self.mounted.switches()


def fill(mounted, megabytes, data=None):
    """Writes without waiting until it is stored; what was written is `data`, over and over."""
    data = data or os.urandom(MEGABYTE)
    with open(mounted.file, "r+b" if os.path.exists(mounted.file) else "wb", buffering=0) as file:
        for _ in range(megabytes):
            file.write(data)


def read_all(mounted, megabytes, data):
    with open(mounted.file, "rb", buffering=0) as file:
        for _ in range(megabytes):
            if file.read(MEGABYTE) != data:
                raise RuntimeError(f"{mounted.file} has other data than were written")


def store_all(mounted):
    descriptor = os.open(mounted.file, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def fio(path, pattern, megabytes, depth, *more):
    """What fio says of requests of 4 KiB, all of other bytes."""
    return bench_kit.fio(path, pattern, megabytes, depth, "--refill_buffers",
                         "--clat_percentiles=0", "--lat_percentiles=1", *more)


def percentile(side, percent):
    """Milliseconds from the submission to the end, of what fio() has returned."""
    return side["lat_ns"]["percentile"][f"{percent:.6f}"] / 1e6
