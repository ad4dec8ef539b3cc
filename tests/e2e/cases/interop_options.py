# SPDX-License-Identifier: Apache-2.0
"""Options that change a name or a header: Debian's s3backer and ours send the same and share it.

Source: wire-format.md 1, 2, 4.1 and 8.
"""
import dataclasses
import os
import re
import shutil

from harness.files import DirectFile, pattern
from harness.hostile_server import HostileServer
from harness.registry import case, expect, expect_equal
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
    """`ours` and `theirs` mean the same volume. `kept`: headers that its objects must have."""
    name: str
    ours: Side
    theirs: Side
    kept: tuple = ()


def _same(name, *options, kept=(), host="127.0.0.1"):
    side = Side(options, host=host)
    return Both(name, side, side, kept)


OPTIONS = (
    _same("--blockHashPrefix", "--blockHashPrefix"),
    _same("--prefix", "--prefix=some/where."),
    _same("--prefix with all characters that need no encoding", "--prefix=A-z_0.9~/b/"),
    _same("--prefix and --blockHashPrefix", "--prefix=p/", "--blockHashPrefix"),
    Both("a bucket with directories", Side(bucket=f"{BUCKET}/sub/dir"),
         Side(("--prefix=sub/dir/",))),
    _same("--vhost", "--vhost", host="localhost"),
    _same("--region", "--region=eu-west-3", host="localhost"),
    Both("--region with --no-vhost", Side(("--region=eu-west-3", "--no-vhost")),
         Side(("--region=eu-west-3",), host="localhost")),
    _same("--authVersion=aws2", "--authVersion=aws2"),
    _same("--authVersion=aws2 and --vhost", "--authVersion=aws2", "--vhost", host="localhost"),
    _same("--storageClass=STANDARD", "--storageClass=STANDARD",
          kept=(("x-amz-storage-class", "STANDARD"),)),
    _same("--storageClass=REDUCED_REDUNDANCY", "--storageClass=REDUCED_REDUNDANCY",
          kept=(("x-amz-storage-class", "REDUCED_REDUNDANCY"),)),
    _same("--rrs", "--rrs", kept=(("x-amz-storage-class", "REDUCED_REDUNDANCY"),)),
    _same("--sse=AES256", "--sse=AES256", kept=(("x-amz-server-side-encryption", "AES256"),)),
    _same("--accessType=public-read", "--accessType=public-read",
          kept=(("x-amz-acl", "public-read"),)),
)


class Program:
    """One of the two, for volumes on the server at `port`."""

    def __init__(self, world, port, side, theirs):
        self.world = world
        self.binary = shutil.which("s3backer") if theirs else world.settings.binary
        self.name = "Debian's s3backer" if theirs else "ours"
        self._more = PLAIN if theirs else ()
        self._store = s3_store(f"http://{side.host}:{port}/", side.bucket, ACCESS_ID,
                               SECRET).plus(*side.options)

    def mount(self, *options):
        return self.world.mount(self._store, *GEOMETRY, *self._more, *options, binary=self.binary)

    def end(self, *options):
        """(status, stderr) of a run without a mount point."""
        return self.world.run_to_end(*self._store.options, *GEOMETRY, *self._more, *options,
                                     self._store.bucket, binary=self.binary)


def programs(world, port, both):
    return Program(world, port, both.ours, False), Program(world, port, both.theirs, True)


def _add_exchange(both):
    @case(f"with {both.name} Debian's s3backer reads our blocks and we read its", needs=("debian",),
          time_limit=90)
    def _test(world):
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

    @case(f"with {both.name} we erase what Debian's s3backer wrote, and reset its mounted flag",
          needs=("debian",), time_limit=90)
    def _erase(world):
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


def _add_headers(both):
    @case(f"with {both.name} the same requests are sent as by Debian's s3backer", needs=("debian",))
    def _test(world):
        sent = []
        for theirs in (False, True):
            server = HostileServer()
            world.on_close(server.close)
            sent.append(_changes(programs(world, server.port, both)[theirs], server))
        ours, theirs = sent
        expect_equal(ours, theirs, "changing requests")
        puts = [headers for method, _, headers in ours if method == "PUT"]
        for name, value in both.kept:
            expect(all(headers.get(name) == value for headers in puts), f"{name} is not {value}")


def _changes(program, server):
    """The requests that change something, (method, key, headers), for two blocks and a zero."""
    daemon = program.mount()
    with DirectFile(daemon.file) as file:
        file.write(0, pattern(1, 2 * BLOCK))
    daemon.unmount()
    daemon = program.mount()
    with DirectFile(daemon.file) as file:
        file.write(BLOCK, bytes(BLOCK))
    daemon.unmount()
    found = {(r.method, r.key): (r.method, r.key, _essence(r)) for r in server.requests()
             if r.method in ("PUT", "DELETE")}
    return [found[key] for key in sorted(found)]


def _essence(request):
    headers = {name: value for name, value in request.headers.items() if name not in _OWN_WAYS}
    if request.key.endswith(TOKEN_KEY):
        for name in ("content-md5", "x-amz-meta-s3backer-mount-token"):
            headers.pop(name, None)
    # The host without its port, how it is signed, and for which region.
    headers["host"] = request.headers["host"].rsplit(":", 1)[0]
    signed = request.headers["authorization"]
    headers["scheme"] = signed.split(" ")[0]
    headers["scope"] = "".join(re.findall(r"Credential=([^/]*)/\d+(/[^,]*)", signed)[0]) \
        if "Credential" in signed else ""
    return headers


for _both in OPTIONS:
    _add_exchange(_both)
    if _both.ours == _both.theirs:
        _add_headers(_both)


@case("Debian's s3backer and ours refuse to mount what the other has mounted", needs=("debian",))
def _each_other(world):
    server = world.server()
    both = _same("nothing")
    for first, second in (programs(world, server.port, both),
                          reversed(programs(world, server.port, both))):
        daemon = first.mount()
        store = second._store
        mount = world.new_path("mnt")
        os.makedirs(mount)
        status, text = world.run_to_end(*store.options, "-f", *GEOMETRY, store.bucket, mount,
                                        binary=second.binary)
        expect_equal(status, 1, f"exit status of the second mount, saying {text}")
        expect(server.admin.object_headers(TOKEN_KEY) is not None, "the token has gone")
        daemon.unmount()
