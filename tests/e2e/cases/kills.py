# SPDX-License-Identifier: Apache-2.0
"""kill -9 in the middle of an fsync-heavy load: what fsync acknowledged is there again, and what
the bucket alone holds is a sound file system. S3B_KILL_ROUNDS in the environment: how often."""
import contextlib
import os
import random
import shutil
import threading

from harness.files import pattern
from harness.mounts import check_file_system, make_file_system
from harness.procs import Background
from harness.registry import case, expect
from harness.stores import Store

ROUNDS = int(os.environ.get("S3B_KILL_ROUNDS", "10"))
GEOMETRY = ("--size=192m", "--blockSize=64k")
WORKERS = 3
LONGEST = 60_000


class Load:
    """Threads that write files and sync them, until that fails. What was acknowledged is known."""

    def __init__(self, point, seed, enough):
        self.files = {}  # name -> seed and length of its content
        self.logs = {}   # name -> bytes of it that were synced
        self._point = point
        self._left = enough
        self._enough = threading.Event()
        self._workers = [Background(self._work, f"{seed}-{n}") for n in range(WORKERS)]

    def wait_until_enough(self):
        expect(self._enough.wait(60), "the load does not get on")

    def join(self):
        for worker in self._workers:
            worker.join()

    def _acknowledged(self):
        self._left -= 1
        if self._left <= 0:
            self._enough.set()

    def _work(self, name):
        chance = random.Random(name)
        with contextlib.suppress(OSError):
            log = os.open(os.path.join(self._point, f"log-{name}"), os.O_CREAT | os.O_WRONLY)
            try:
                for number in range(100_000):
                    self._write_file(f"{name}-{number}", chance)
                    self._append(log, f"log-{name}", number)
            finally:
                with contextlib.suppress(OSError):
                    os.close(log)

    def _write_file(self, name, chance):
        length = chance.randint(1, LONGEST)
        fd = os.open(os.path.join(self._point, name), os.O_CREAT | os.O_WRONLY)
        try:
            os.write(fd, pattern(name, length))
            os.fsync(fd)
            folder = os.open(self._point, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        finally:
            with contextlib.suppress(OSError):
                os.close(fd)
        self.files[name] = length
        self._acknowledged()

    def _append(self, log, name, number):
        os.write(log, b"%08d\n" % number)
        os.fsync(log)
        self.logs[name] = 9 * (number + 1)
        self._acknowledged()


def _expect_all(load, point):
    """All that was acknowledged is as it was; makes room afterwards."""
    for name, length in load.files.items():
        with open(os.path.join(point, name), "rb") as file:
            expect(file.read() == pattern(name, length), f"{name} is not as it was synced")
    for name, length in load.logs.items():
        with open(os.path.join(point, name), "rb") as file:
            text = file.read(length)
        wanted = b"".join(b"%08d\n" % n for n in range(length // 9))
        expect(text == wanted, f"{name} is not as it was synced")
    for name in os.listdir(point):
        if name != "lost+found":
            os.unlink(os.path.join(point, name))


def _check(world, daemon, load):
    """Mounts, so that the journal is replayed, looks, unmounts and checks."""
    loop = world.loop(daemon.file)
    fs = world.mount_fs(loop.device)
    if load:
        _expect_all(load, fs.point)
    fs.unmount()
    check_file_system("ext4", loop.device, world.directory)
    loop.detach()


def _check_bucket_alone(world, store):
    """As after the loss of the machine with its cache file."""
    copy = world.new_path("copy")
    shutil.copytree(store.bucket, copy)
    daemon = world.mount(Store(copy, store.options, True), *GEOMETRY)
    _check(world, daemon, None)
    daemon.unmount()
    shutil.rmtree(copy)


def _run_and_kill(world, daemon, seed):
    loop = world.loop(daemon.file)
    fs = world.mount_fs(loop.device)
    load = Load(fs.point, seed, random.Random(seed).randint(1, 150))
    load.wait_until_enough()
    daemon.process.send(9)
    daemon.process.wait()
    load.join()
    fs.unmount()
    loop.detach()
    daemon.clear_dead_mount()
    return load


@case("with fsyncPolicy=cache ext4 survives kill -9 at any moment, and so does the bucket alone",
      needs=("loop",), time_limit=60 + 20 * ROUNDS)
def _killed_again_and_again(world):
    store = world.directory_store()
    options = (*GEOMETRY, "--fsyncPolicy=cache", f"--blockCacheFile={world.path('cache')}",
               "--blockCacheSize=1500", "--blockCacheMemory=16m")
    daemon = world.mount(store, *options)
    loop = world.loop(daemon.file)
    make_file_system("ext4", loop.device, world.directory)
    loop.detach()
    daemon.unmount()
    load = None
    for number in range(ROUNDS):
        daemon = world.mount(store, *options)
        _check(world, daemon, load)
        load = _run_and_kill(world, daemon, number)
        _check_bucket_alone(world, store)
    daemon = world.mount(store, *options)
    _check(world, daemon, load)
    daemon.unmount()
    _check_bucket_alone(world, store)
