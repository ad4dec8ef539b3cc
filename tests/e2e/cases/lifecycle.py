# SPDX-License-Identifier: Apache-2.0
"""From the start to the end of a process: who waits for whom, and what a service manager hears."""
import os
import signal
import socket

from harness.files import DirectFile, pattern
from harness.mounts import unmount
from harness.procs import wait_until
from harness.registry import case, expect, expect_equal
from harness.servers import TOKEN_KEY, block_key

BLOCK = 65536
SIZE = (f"--size={64 * BLOCK}", f"--blockSize={BLOCK}")
LAZY = ("--blockCacheWriteDelay=600000",)
RECORDS = "/run/s3backer"


def _unmounted_with_dirty_blocks(world, server, store, *options):
    """A daemon that cannot write back, because PUTs are held."""
    daemon = world.mount(store, *SIZE, *LAZY, *options)
    with DirectFile(daemon.file) as file:
        for number in range(5):
            file.write(number * BLOCK, pattern(number, BLOCK))
    server.admin.fault(method="PUT", hold=True, count=0)
    unmount(daemon.mount, world.directory)
    server.admin.wait(held=1)
    return daemon


@case("a remount waits for the former process, which still writes back, and loses nothing",
      smoke=True)
def _remount_waits(world):
    server = world.server()
    store = world.http_store(server)
    former = _unmounted_with_dirty_blocks(world, server, store)
    daemon = world.begin_mount(store, *SIZE)
    daemon.wait_log(f"waiting for process {former.pid}")
    expect(not os.path.ismount(daemon.mount), "mounted while the former process writes back")
    server.admin.let_all_go()
    former.wait_success("after the umount")
    daemon.wait_mounted()
    with DirectFile(daemon.file, os.O_RDONLY) as file:
        for number in range(5):
            expect(file.read(number * BLOCK, BLOCK) == pattern(number, BLOCK), "lost")
    daemon.unmount()


@case("a remount does not wait longer than it is told to")
def _remount_gives_up(world):
    server = world.server()
    store = world.http_store(server)
    former = _unmounted_with_dirty_blocks(world, server, store)
    text = world.refused(store, *SIZE, "--remountTimeout=1")
    expect("waiting for process" in text and "mounted already" in text, text)
    server.admin.let_all_go()
    former.wait_success("after the umount")


def _contains(path, text):
    with open(path, encoding="utf-8") as file:
        return text in file.read()


@case("--wait-unmounted ends when all is stored")
def _wait_unmounted(world):
    server = world.server()
    store = world.http_store(server)
    former = _unmounted_with_dirty_blocks(world, server, store)
    log = world.new_path("log")
    waiting = world.start("--wait-unmounted", former.mount, log=log)
    wait_until(lambda: _contains(log, str(former.pid)), "it says for whom it waits")
    expect(waiting.running(), "it did not wait")
    server.admin.let_all_go()
    expect_equal(waiting.wait(), 0, "exit status")
    expect(server.admin.object(block_key(4)) == pattern(4, BLOCK), "not stored")
    former.wait_success("after the umount")
    expect_equal(world.run_to_end("--wait-unmounted", former.mount), (0, ""), "nobody to wait for")
    expect(not os.path.exists(f"{RECORDS}/{former.pid}"), "its record is left behind")


@case("shutdownTimeout ends a last flush that gets nowhere, and leaves all that a recovery needs")
def _shutdown_timeout(world):
    server = world.server()
    store = world.http_store(server)
    cache = f"--blockCacheFile={world.path('cache')}"
    daemon = _unmounted_with_dirty_blocks(world, server, store, cache, "--shutdownTimeout=1",
                                          "--blockCacheSize=32")
    expect_equal(daemon.process.wait(30), 1, "exit status")
    expect("time is up" in daemon.log() and "stays in the cache file" in daemon.log(),
           daemon.log())
    server.admin.clear_faults()
    server.admin.let_all_go()
    expect(TOKEN_KEY in server.admin.keys(), "the token is gone")
    world.refused(store, *SIZE)
    daemon = world.mount(store, *SIZE, cache, "--blockCacheSize=32",
                         "--blockCacheRecoverDirtyBlocks")
    daemon.unmount()
    for number in range(5):
        expect(server.admin.object(block_key(number)) == pattern(number, BLOCK), "lost")


@case("SIGUSR1 makes it tell what it does, and nothing else")
def _state(world):
    daemon = world.mount(world.directory_store(), *SIZE, *LAZY)
    with DirectFile(daemon.file) as file:
        file.write(0, pattern(1, BLOCK))
    daemon.process.send(signal.SIGUSR1)
    daemon.wait_log("state phase=mounted dirty_blocks=1")
    daemon.wait_log("memory_budget_bytes")
    expect(os.path.ismount(daemon.mount), "no longer mounted")
    daemon.unmount()


@case("a service manager hears that it is ready, alive and stopping")
def _notify(world):
    path = world.path("notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(path)
        listener.settimeout(30)
        os.environ["NOTIFY_SOCKET"] = path
        os.environ["WATCHDOG_USEC"] = "100000"
        daemon = world.mount(world.directory_store(), *SIZE)
        first = listener.recv(4096).decode()
        expect(first.startswith("READY=1\n") and f"MAINPID={daemon.pid}" in first
               and daemon.mount in first, first)
        for _ in range(3):
            expect_equal(listener.recv(4096), b"WATCHDOG=1", "message")
        daemon.unmount()
        message = "WATCHDOG=1"
        while message == "WATCHDOG=1":
            message = listener.recv(4096).decode()
        expect(message.startswith("STOPPING=1\nSTATUS=unmounted"), message)
