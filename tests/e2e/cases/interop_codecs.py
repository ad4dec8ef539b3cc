# SPDX-License-Identifier: Apache-2.0
"""Compressed and encrypted blocks: Debian's s3backer and ours read each other's.

Source: wire-format.md 5, 6.
"""
import re

from harness.files import DirectFile, checksums, pattern, text_pattern
from harness.hostile_server import HostileServer
from harness.pairs import BLOCK, Program, erase_each_other, exchange, programs, same, same_requests
from harness.registry import case, expect, expect_equal
from harness.servers import block_key
from harness.volumes import expect_same, file_system_on

ENCRYPT = ("--encrypt", "--password=correct horse")
AES_128 = (("content-encoding", "deflate, encrypt-AES-128-CBC"),)
AES_256 = (("content-encoding", "deflate, encrypt-AES-256-CBC"),)
DEFLATE = (("content-encoding", "deflate"),)
# Of the compressed bytes, which depend on the library that made them.
SUMS = ("content-md5", "x-amz-meta-s3backer-hmac")


def _encrypted(name, *options, kept=AES_128):
    return same(name, *ENCRYPT, *options, kept=kept, shaped=SUMS, data=text_pattern)


def _compressed(option):
    return same(option, option, kept=DEFLATE, shaped=SUMS, data=text_pattern)


CODECS = (
    _encrypted("--encrypt"),
    _encrypted("--encrypt=AES-192-CBC", "--encrypt=AES-192-CBC",
               kept=(("content-encoding", "deflate, encrypt-AES-192-CBC"),)),
    _encrypted("--encrypt=AES-256-CBC", "--encrypt=AES-256-CBC", kept=AES_256),
    _encrypted("--encrypt=aes-256-cbc", "--encrypt=aes-256-cbc", kept=AES_256),
    _encrypted("--encrypt=DES-EDE3-CBC", "--encrypt=DES-EDE3-CBC",
               kept=(("content-encoding", "deflate, encrypt-DES-EDE3-CBC"),)),
    _encrypted("--encrypt and --keyLength=48", "--keyLength=48"),
    _encrypted("--encrypt and --prefix", "--prefix=some/where."),
    _encrypted("--encrypt and --blockHashPrefix", "--blockHashPrefix"),
    _encrypted("--encrypt and --compress=9", "--compress=9"),
    _compressed("--compress"),
    _compressed("--compress=1"),
    _compressed("--compress=9"),
)


def _add(both):
    @case(f"with {both.name} Debian's s3backer reads our blocks and we read its", needs=("debian",),
          time_limit=90)
    def _exchange(world):
        exchange(world, both)

    @case(f"with {both.name} the same requests are sent as by Debian's s3backer",
          needs=("debian",))
    def _headers(world):
        same_requests(world, both)


for _both in CODECS:
    _add(_both)


@case("we erase an encrypted volume of Debian's s3backer, and it erases ours", needs=("debian",))
def _erase(world):
    erase_each_other(world, CODECS[0])


@case("encrypted blocks are asked for with the encodings that Debian's s3backer names, in its "
      "order", needs=("debian",))
def _accepted(world):
    accepted = []
    for theirs in (False, True):
        server = HostileServer()
        world.on_close(server.close)
        program = programs(world, server.port, CODECS[0])[theirs]
        for _ in range(2):
            daemon = program.mount()
            with DirectFile(daemon.file) as file:
                if server.object(block_key(1)):
                    expect(file.read(BLOCK, BLOCK) == pattern(1, BLOCK), "wrong data")
                else:
                    file.write(BLOCK, pattern(1, BLOCK))
            daemon.unmount()
        found = [r.headers["accept-encoding"] for r in server.requests()
                 if r.method == "GET" and r.key == block_key(1)]
        accepted.append(found[-1])
    ours, theirs = accepted
    # Later releases than Debian's know zstd, too.
    expect_equal([name for name in re.split(", ", ours) if name != "zstd"], theirs.split(", "),
                 "Accept-Encoding")


def _add_ext4(both):
    @case(f"ext4 with {both.name} made by Debian's s3backer is changed by us and read by it again",
          needs=("debian", "loop"), time_limit=120)
    def _test(world):
        server = world.server()
        ours, theirs = (Program(world, server.port, both.ours, number == 1) for number in (0, 1))
        with _ext4_on(theirs, fresh=True) as point:
            _add_files(point, "theirs", 21)
            first = checksums(point)
        with _ext4_on(ours) as point:
            expect_same(checksums(point), first)
            _add_files(point, "ours", 22)
            _add_files(point, "theirs", 23)
            both_of_them = checksums(point)
        with _ext4_on(theirs) as point:
            expect_same(checksums(point), both_of_them)


def _ext4_on(program, fresh=False):
    return file_system_on(program.world, "ext4", program.store,
                          ("--size=128m", "--blockSize=128k", *program.more), fresh=fresh,
                          binary=program.binary)


def _add_files(point, name, seed):
    """Files of data that compress, and of data that do not."""
    for number in range(20):
        with open(f"{point}/{name}-{number}", "wb") as file:
            data = pattern(seed * 1000 + number, number * 30_000)
            file.write(data if number % 2 else data[:1000] * number * 30)


for _both in (CODECS[0], CODECS[-1]):
    _add_ext4(_both)
