# SPDX-License-Identifier: Apache-2.0
"""Debian's s3backer and ours, each told of the same volume in its own options."""
import dataclasses
import re
import shutil
from typing import Callable

from harness.files import DirectFile, pattern
from harness.hostile_server import HostileServer
from harness.registry import expect, expect_equal
from harness.servers import ACCESS_ID, BUCKET, SECRET, TOKEN_KEY
from harness.stores import s3_store
from harness.volumes import Reference

SIZE = 2 << 20
BLOCK = 65536
GEOMETRY = (f"--size={SIZE}", f"--blockSize={BLOCK}")
# Debian's consistency cache, which delays rewrites, switched off.
PLAIN = ("--md5CacheSize=0", "--md5CacheTime=0", "--minWriteDelay=0")
WRITES = 40
# Headers that libcurl adds, or that are another each time.
_OWN_WAYS = ("accept", "expect", "user-agent", "x-amz-date", "date", "content-length",
             "authorization", "x-amz-content-sha256", "host", "if-none-match")


@dataclasses.dataclass(frozen=True)
class Side:
    """How one of the two programs is called."""
    options: tuple = ()
    bucket: str = BUCKET
    host: str = "127.0.0.1"  # of the base URL


@dataclasses.dataclass(frozen=True)
class Both:
    """`ours` and `theirs` mean the same volume. `kept`: headers that its blocks must have.

    `shaped`: headers of blocks whose values need not be the same, only look the same.
    `data`: (seed, length) -> bytes, what is written when requests are compared.
    """
    name: str
    ours: Side
    theirs: Side
    kept: tuple = ()
    shaped: tuple = ()
    data: Callable = pattern


def same(name, *options, host="127.0.0.1", **more):
    side = Side(options, host=host)
    return Both(name, side, side, **more)


class Program:
    """One of the two, for volumes on the server at `port`."""

    def __init__(self, world, port, side, theirs):
        self.world = world
        self.binary = shutil.which("s3backer") if theirs else world.settings.binary
        self.name = "Debian's s3backer" if theirs else "ours"
        self.more = PLAIN if theirs else ()
        self.store = s3_store(f"http://{side.host}:{port}/", side.bucket, ACCESS_ID,
                              SECRET).plus(*side.options)

    def mount(self, *options):
        return self.world.mount(self.store, *GEOMETRY, *self.more, *options, binary=self.binary)

    def end(self, *options):
        """(status, stderr) of a run without a mount point."""
        return self.world.run_to_end(*self.store.options, *GEOMETRY, *self.more, *options,
                                     self.store.bucket, binary=self.binary)


def programs(world, port, both):
    return Program(world, port, both.ours, False), Program(world, port, both.theirs, True)


def exchange(world, both):
    """Each of them reads what the other wrote, and Debian's erases it at last."""
    server = world.server()
    ours, theirs = programs(world, server.port, both)
    reference = Reference(SIZE, both.name)
    for writer, reader in ((ours, theirs), (theirs, ours)):
        daemon = writer.mount()
        reference.write_some(daemon.file, WRITES)
        daemon.unmount()
        daemon = reader.mount()
        reference.expect_in(daemon.file)
        daemon.unmount()
    server.admin.put("junk", b"stays")
    status, text = theirs.end("--erase", "--force")
    expect_equal((status, server.admin.keys()), (0, ["junk"]),
                 f"status and keys after Debian's s3backer erased our volume: {text}")


def erase_each_other(world, both):
    """Each of them resets the mounted flag of the other, and erases its blocks."""
    server = world.server()
    ours, theirs = programs(world, server.port, both)
    for first, second in ((theirs, ours), (ours, theirs)):
        daemon = first.mount()
        with DirectFile(daemon.file) as file:
            file.write(0, pattern(1, 4 * BLOCK))
        daemon.process.send(9)
        daemon.process.wait()
        daemon.clear_dead_mount()
        status, text = second.end("--reset-mounted-flag")
        expect_equal(status, 0, f"exit status of the reset by {second.name}: {text}")
        daemon = first.mount()
        with DirectFile(daemon.file) as file:
            file.write(0, pattern(2, 4 * BLOCK))
        daemon.unmount()
        expect(server.admin.keys(), "nothing was stored")
        status, text = second.end("--erase", "--force")
        expect_equal((status, server.admin.keys()), (0, []),
                     f"status and keys after {second.name} erased: {text}")


def same_requests(world, both):
    """What changes something in the bucket is sent with the same headers."""
    sent = []
    for theirs in (False, True):
        server = HostileServer()
        world.on_close(server.close)
        sent.append(_changes(programs(world, server.port, both)[theirs], server, both))
    ours, theirs = sent
    expect_equal(ours, theirs, "changing requests")
    puts = [headers for method, key, headers in ours
            if method == "PUT" and not key.endswith(TOKEN_KEY)]
    expect(puts, "no block was stored")
    for name, value in both.kept:
        expect(all(headers.get(name) == value for headers in puts), f"{name} is not {value}")


def _changes(program, server, both):
    """The requests that change something, (method, key, headers), for two blocks and a zero."""
    daemon = program.mount()
    with DirectFile(daemon.file) as file:
        file.write(0, both.data(1, 2 * BLOCK))
    daemon.unmount()
    daemon = program.mount()
    with DirectFile(daemon.file) as file:
        file.write(BLOCK, bytes(BLOCK))
    daemon.unmount()
    found = {(r.method, r.key): (r.method, r.key, _essence(r, both)) for r in server.requests()
             if r.method in ("PUT", "DELETE")}
    return [found[key] for key in sorted(found)]


def _essence(request, both):
    headers = {name: value for name, value in request.headers.items() if name not in _OWN_WAYS}
    if request.key.endswith(TOKEN_KEY):
        for name in ("content-md5", "x-amz-meta-s3backer-mount-token"):
            headers.pop(name, None)
    for name in both.shaped:
        if name in headers:
            headers[name] = re.sub("[0-9A-Za-z+/]", "x", headers[name])
    # The host without its port, how it is signed, and for which region.
    headers["host"] = request.headers["host"].rsplit(":", 1)[0]
    signed = request.headers["authorization"]
    headers["scheme"] = signed.split(" ")[0]
    headers["scope"] = "".join(re.findall(r"Credential=([^/]*)/\d+(/[^,]*)", signed)[0]) \
        if "Credential" in signed else ""
    return headers
