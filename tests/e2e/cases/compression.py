# SPDX-License-Identifier: Apache-2.0
"""Compressed volumes: what is read whatever the options, what is written, what is refused.

Source: wire-format.md 5.
"""
import errno
import gzip
import os
import zlib

from harness.files import DirectFile, pattern, text_pattern
from harness.hostile_world import BLOCK, COUNT, IMPATIENT, SIZE, hostile
from harness.registry import case, expect, expect_equal, expect_errno
from harness.sealing import ENCODING, zlib_bomb, zstd_bomb
from harness.servers import block_key

MIB = 1 << 20
VICTIM = 5
OPTIONS = ((), ("--compress",), ("--compress=9",), ("--compress=zstd",),
           ("--compress=zstd", "--compress-level=19"))
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"


def _text(number):
    return text_pattern(number, BLOCK)


def _write_text(world, store, numbers, *options):
    daemon = world.mount(store, *SIZE, *options)
    with DirectFile(daemon.file) as file:
        for number in numbers:
            file.write(number * BLOCK, _text(number))
    daemon.unmount()


def _expect_text(world, store, numbers, *options):
    daemon = world.mount(store, *SIZE, *options)
    with DirectFile(daemon.file, os.O_RDONLY) as file:
        for number in numbers:
            expect(file.read(number * BLOCK, BLOCK) == _text(number), f"wrong data in {number}")
    daemon.unmount()


@case("blocks of all encodings in one volume are read with any option of compression", smoke=True)
def _mixed(world):
    with hostile(world, filled=False) as h:
        for number, options in enumerate(OPTIONS):
            _write_text(world, h.store, (number,), *options)
        for number, level in ((10, 0), (11, 1), (12, 9)):
            h.server.put(block_key(number), zlib.compress(_text(number), level),
                         {ENCODING: "deflate"})
        encodings = [h.server.stored(block_key(n))[1].get(ENCODING) for n in range(len(OPTIONS))]
        expect_equal(encodings, [None, "deflate", "deflate", "zstd", "zstd"], "encodings")
        for options in OPTIONS:
            _expect_text(world, h.store, (*range(len(OPTIONS)), 10, 11, 12), *options)


@case("a volume that was compressed is written without compression, and the other way round")
def _changed(world):
    with hostile(world, filled=False) as h:
        before = bytes(BLOCK)
        for step, (options, encoding) in enumerate((
                ((), None), (("--compress",), "deflate"), ((), None),
                (("--compress=zstd",), "zstd"), (("--compress",), "deflate")), 1):
            daemon = world.mount(h.store, *SIZE, *options)
            with DirectFile(daemon.file) as file:
                expect(file.read(BLOCK, BLOCK) == before, f"wrong data before {options}")
                file.write(BLOCK, _text(step)[:4096])
            before = _text(step)[:4096] + before[4096:]
            daemon.unmount()
            expect_equal(h.server.stored(block_key(1))[1].get(ENCODING), encoding, "encoding")


@case("compressed blocks are zlib streams and zstd frames of their plain text; what would not "
      "become shorter is stored as it is", smoke=True)
def _written(world):
    with hostile(world, filled=False) as h:
        for option, encoding in (("--compress", "deflate"), ("--compress=1", "deflate"),
                                 ("--compress=-1", "deflate"), ("--compress=zstd", "zstd"),
                                 ("--compress=0", None)):
            daemon = world.mount(h.store, *SIZE, option)
            with DirectFile(daemon.file) as file:
                file.write(0, _text(0) + pattern(1, BLOCK))
            daemon.unmount()
            body, headers = h.server.stored(block_key(0))
            expect_equal(headers.get(ENCODING), encoding, f"encoding with {option}")
            if encoding == "deflate":
                expect(zlib.decompress(body) == _text(0), f"wrong stream with {option}")
            elif encoding == "zstd":
                _expect_frame(body)
            expect((len(body) < BLOCK // 10) == bool(encoding), f"{len(body)} bytes with {option}")
            body, headers = h.server.stored(block_key(1))
            expect_equal((body == pattern(1, BLOCK), headers.get(ENCODING)), (True, None),
                         f"the block of noise is as it was, and its encoding, with {option}")
            _expect_text(world, h.store, (0,))


def _expect_frame(body):
    """A frame with the size of its content and without a checksum, as the original makes it."""
    expect_equal(body[:4], ZSTD_MAGIC, "the magic number")
    single_segment, checksum = body[4] >> 5 & 1, body[4] >> 2 & 1
    expect(single_segment or body[4] >> 6, "the frame does not have the size of its content")
    expect_equal(checksum, 0, "flag of a checksum")


@case("zeros written to a compressed volume delete its objects", smoke=True)
def _zeros(world):
    with hostile(world) as h:
        h.mount("--compress")
        with DirectFile(h.daemon.file) as file:
            file.write(3 * BLOCK, bytes(BLOCK))
            file.sync()
        expect(block_key(3) not in h.server.keys(), "the object is still there")
        h.end()


@case("what follows a zlib stream is not looked at, and the name of its encoding in any case",
      smoke=True)
def _lenient(world):
    with hostile(world) as h:
        h.mount()
        for number, after, encoding in ((3, b"more", "deflate"), (4, b"", " DEFLATE ")):
            body = zlib.compress(pattern(number, BLOCK)) + after
            h.server.put(block_key(number), body, {ENCODING: encoding})
        for number in (3, 4):
            h.expect_right(number)
        h.end()


def _raw_deflate(data):
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def _packed(change=lambda body: body, length=BLOCK):
    """Block VICTIM as a zlib stream of its first `length` bytes, changed."""
    return lambda: change(zlib.compress(pattern(VICTIM, length)))


# (what the object is, its body, its encoding).
BAD = (
    ("a raw deflate stream", lambda: _raw_deflate(pattern(VICTIM, BLOCK)), "deflate"),
    ("a gzip file", lambda: gzip.compress(pattern(VICTIM, BLOCK)), "deflate"),
    ("half of a zlib stream", _packed(lambda b: b[:len(b) // 2]), "deflate"),
    ("a zlib stream with a wrong checksum", _packed(lambda b: b[:-1] + bytes([b[-1] ^ 1])),
     "deflate"),
    ("a zlib stream without its checksum", _packed(lambda b: b[:-4]), "deflate"),
    ("a zlib stream of one byte less", _packed(length=BLOCK - 1), "deflate"),
    ("a zlib stream of one byte more", _packed(length=BLOCK + 1), "deflate"),
    ("an empty body", lambda: b"", "deflate"),
    ("plain bytes that are said to be compressed", lambda: pattern(VICTIM, BLOCK), "deflate"),
    ("a zlib stream that is said to be zstd", _packed(), "zstd"),
    ("half of a zstd frame", lambda: zstd_bomb(1 << 17)[:-3], "zstd"),
    ("a zstd frame of too many bytes", lambda: zstd_bomb(1 << 17), "zstd"),
    ("an empty body of zstd", lambda: b"", "zstd"),
    ("an encoding that nobody knows", _packed(), "br"),
    ("a zlib stream that inflates to 60 MiB", lambda: zlib_bomb(60 * MIB), "deflate"),
    ("a zlib stream that inflates to 1 GiB", lambda: zlib_bomb(1024 * MIB), "deflate"),
    ("a zstd frame that inflates to 1 GiB", lambda: zstd_bomb(1024 * MIB), "zstd"),
)


def _add(name, body, encoding):
    @case(f"{name} cannot be read as a block, and its neighbours can", smoke=True)
    def _test(world):
        with hostile(world) as h:
            h.mount()
            h.server.put(block_key(VICTIM), body(), {ENCODING: encoding})
            h.expect_failure(VICTIM, errno.EIO)
            h.expect_log(block_key(VICTIM))
            h.expect_right(VICTIM - 1)
            h.server.put(block_key(VICTIM), pattern(VICTIM, BLOCK))
            h.expect_right(VICTIM)
            h.end()


for _row in BAD:
    _add(*_row)


@case("bombs that fit into a large block are refused for what they are", smoke=True)
def _large_block(world):
    large = 2 * MIB
    with hostile(world, filled=False) as h:
        h.server.put(block_key(1), zlib_bomb(1024 * MIB), {ENCODING: "deflate"})
        h.server.put(block_key(2), zstd_bomb(1024 * MIB), {ENCODING: "zstd"})
        h.server.put(block_key(3), zlib.compress(bytes(large - 1) + b"x"), {ENCODING: "deflate"})
        h.watch(world.mount(h.store, "--size=32m", "--blockSize=2m", "--readAhead=0", *IMPATIENT))
        with DirectFile(h.daemon.file, os.O_RDONLY) as file:
            for number in (1, 2):
                expect_errno(errno.EIO, lambda n=number: len(file.read(n * large, large)),
                             f"read of bomb {number}")
            expect(file.read(3 * large, large) == bytes(large - 1) + b"x", "wrong data")
        h.expect_not_grown()
        h.daemon.unmount()
