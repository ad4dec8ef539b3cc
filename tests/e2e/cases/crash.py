# SPDX-License-Identifier: Apache-2.0
"""The store or the daemon is killed in the middle of work."""
import errno
import random
import threading

from harness.files import DirectFile, pattern
from harness.procs import Background
from harness.registry import case, expect, expect_equal, expect_errno
from harness.servers import block_key
from harness.volumes import expect_contents

BLOCK = 65536
COUNT = 256
SIZE = (f"--size={BLOCK * COUNT}", f"--blockSize={BLOCK}")


@case("a server killed in the middle of writes and started again loses nothing", time_limit=90)
def _server_killed(world):
    server = world.server(options=(f"--journal={world.path('journal')}",))
    store = world.http_store(server)
    daemon = world.mount(store, *SIZE, "--blockCacheWriteDelay=20")
    wanted = bytearray(BLOCK * COUNT)
    enough = threading.Event()

    def write_on():
        chance = random.Random(5)
        with DirectFile(daemon.file) as file:
            while not enough.is_set():
                number = chance.randrange(COUNT)
                data = chance.randbytes(BLOCK)
                file.write(number * BLOCK, data)
                wanted[number * BLOCK:(number + 1) * BLOCK] = data
            file.sync()
    writing = Background(write_on)
    try:
        for _ in range(2):
            server.admin.wait(method="PUT", count=40)
            server.kill()
            server.start()
        server.admin.wait(method="PUT", count=40)
    finally:
        enough.set()
    writing.join()
    expect_contents(daemon.file, wanted)
    daemon.unmount()
    daemon = world.mount(store, *SIZE)
    expect_contents(daemon.file, wanted)
    daemon.unmount()


@case("what fsync acknowledged survives a kill -9 of the daemon", smoke=True)
def _daemon_killed(world):
    server = world.server()
    store = world.http_store(server)
    daemon = world.mount(store, *SIZE)
    with DirectFile(daemon.file) as file:
        for number in range(20):
            file.write(number * BLOCK, pattern(number, BLOCK))
        file.sync()
        file.write(0, pattern(99, BLOCK))
        daemon.process.send(9)
        daemon.process.wait()
    daemon.clear_dead_mount()
    daemon = world.mount(store, *SIZE, "--force")
    with DirectFile(daemon.file) as file:
        expect(file.read(0, BLOCK) in (pattern(0, BLOCK), pattern(99, BLOCK)), "block 0 is torn")
        for number in range(1, 20):
            expect(file.read(number * BLOCK, BLOCK) == pattern(number, BLOCK),
                   f"block {number} is lost")
    daemon.unmount()


@case("connections that break in all ways are survived by reads and writes", time_limit=90)
def _broken_connections(world):
    server = world.server()
    daemon = world.mount(world.http_store(server), *SIZE, "--readAhead=0",
                         "--initialRetryPause=5", "--maxRetryPause=2000")
    server.admin.put(block_key(1), pattern(1, BLOCK))
    with DirectFile(daemon.file) as file:
        for action in ("cut_request", "cut_answer", "cut_body"):
            server.admin.fault(method="GET", count=2, **{action: True})
        expect(file.read(BLOCK, BLOCK) == pattern(1, BLOCK), "wrong data")
        for action in ("cut_request", "cut_answer"):
            server.admin.fault(method="PUT", count=1, **{action: True})
            file.write(2 * BLOCK, pattern(2, BLOCK))
            file.sync()
            expect(server.admin.object(block_key(2)) == pattern(2, BLOCK), "not stored")
    expect_equal(server.admin.stats()["status"].get("403", 0), 0, "refused requests")
    daemon.unmount()


@case("a stored block that is too short is an error, never zeros")
def _short_block(world):
    server = world.server()
    daemon = world.mount(world.http_store(server), *SIZE, "--readAhead=0",
                         "--initialRetryPause=5", "--maxRetryPause=20")
    server.admin.put(block_key(1), pattern(1, BLOCK - 1))
    with DirectFile(daemon.file) as file:
        expect_errno(errno.EIO, lambda: file.read(BLOCK, 4096), "read of a short block")
        server.admin.put(block_key(1), pattern(1, BLOCK))
        expect(file.read(BLOCK, BLOCK) == pattern(1, BLOCK), "wrong data")
    daemon.unmount()
