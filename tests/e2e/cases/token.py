# SPDX-License-Identifier: Apache-2.0
"""The mount token: one writer at a time."""
import os
import re
import signal

from harness.files import pattern
from harness.registry import case, expect, expect_equal
from harness.servers import TOKEN_KEY

SIZE = ("--size=1m", "--blockSize=64k")
HEADER = "x-amz-meta-s3backer-mount-token"


def _token(server):
    """The token as in the bucket, 8 hexadecimal digits; None if there is none."""
    headers = server.admin.object_headers(TOKEN_KEY)
    return headers[HEADER] if headers else None


@case("a mounted volume has a token in its bucket, which unmounting removes", smoke=True)
def _removed_by_unmount(world):
    server = world.server()
    daemon = world.mount(world.http_store(server), *SIZE)
    token = _token(server)
    expect(token and re.fullmatch("[0-9a-f]{8}", token), f"token {token}")
    expect(0 < int(token, 16) < 1 << 31, f"token {token}")
    daemon.unmount()
    expect_equal(server.admin.keys(), [], "keys after unmounting")


@case("SIGTERM, SIGINT and SIGHUP remove the token")
def _removed_by_signals(world):
    server = world.server()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        world.mount(world.http_store(server), *SIZE).terminate(number)
        expect_equal(_token(server), None, f"token after signal {number}")


@case("the token stands after kill -9, and stops the next mount, which names it")
def _left_by_kill(world):
    server = world.server()
    store = world.http_store(server)
    world.mount(store, *SIZE).kill()
    token = _token(server)
    expect(token, "no token after kill -9")
    text = world.refused(store, *SIZE)
    expect(token in text, f"{token} is not named in: {text}")
    expect_equal(_token(server), token, "token after the refused mount")


@case("while one is mounted another is refused and does not disturb it")
def _second_writer(world):
    server = world.server()
    store = world.http_store(server)
    first = world.mount(store, *SIZE)
    token = _token(server)
    world.refused(store, *SIZE)
    world.refused(store, *SIZE, foreground=False)
    expect_equal(_token(server), token, "token after the refused mounts")
    first.unmount()
    expect_equal(_token(server), None, "token after the first has ended")


@case("--force mounts in spite of a token and replaces it")
def _forced(world):
    server = world.server()
    store = world.http_store(server)
    world.mount(store, *SIZE).kill()
    old = _token(server)
    daemon = world.mount(store, *SIZE, "--force")
    expect(_token(server) not in (None, old), "the token was not replaced")
    daemon.unmount()
    expect_equal(_token(server), None, "token after unmounting")


@case("readOnly writes no token, and heeds one")
def _read_only(world):
    server = world.server()
    store = world.http_store(server)
    daemon = world.mount(store, *SIZE, "--readOnly")
    received = server.admin.received()
    expect_equal(received.get("PUT", 0), 0, "PUTs")
    daemon.unmount()
    received = server.admin.received()
    expect_equal((received.get("PUT", 0), received.get("DELETE", 0)), (0, 0), "PUTs and DELETEs")
    writer = world.mount(store, *SIZE)
    world.refused(store, *SIZE, "--readOnly")
    writer.unmount()


@case("a mount that fails after the token was checked leaves no token")
def _failed_mount(world):
    server = world.server()
    store = world.http_store(server)
    full = world.new_path("mnt")
    os.makedirs(full)
    with open(os.path.join(full, "something"), "wb") as file:
        file.write(pattern(1, 10))
    world.refused(store, *SIZE, mount=full)
    world.refused(store, *SIZE, "--no-such-option")
    expect_equal(_token(server), None, "token")
