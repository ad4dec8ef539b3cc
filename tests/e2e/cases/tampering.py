# SPDX-License-Identifier: Apache-2.0
"""Objects of an encrypted volume that the server has changed: EIO, a line that names the block,
and nothing else suffers. Source: wire-format.md 6.7.
"""
import errno
import zlib

from harness.files import DirectFile, pattern
from harness.hostile_world import BLOCK, hostile
from harness.registry import case, expect_errno
from harness.sealed_world import sealed
from harness.sealing import ENCODING, HMAC_HEADER, zlib_bomb, zstd_bomb
from harness.servers import block_key

VICTIM = 5
MIB = 1 << 20
BELONGS_ELSEWHERE = "elsewhere|damaged"


def _flipped(body, place):
    return body[:place] + bytes([body[place] ^ 1]) + body[place + 1:]


def _body(change):
    """Another body under the same headers."""
    def make(h):
        body, headers = h.server.stored(block_key(VICTIM))
        return change(body), headers
    return make


def _headers(change):
    """The same body under other headers; a header of None is left out."""
    def make(h):
        body, headers = h.server.stored(block_key(VICTIM))
        changed = {**headers, **change}
        return body, {name: value for name, value in changed.items() if value is not None}
    return make


def _sealed_well(packed):
    """Made with the right key: `packed` encrypted."""
    return lambda h: h.sealer.seal(VICTIM, packed())


def _mac_of(other):
    """The right body with the HMAC of another block."""
    def make(h):
        body, headers = h.server.stored(block_key(VICTIM))
        return body, {**headers, HMAC_HEADER: h.server.stored(block_key(other))[1][HMAC_HEADER]}
    return make


def _renamed(cipher):
    """Says that it was encrypted by another cipher."""
    return _headers({ENCODING: f"deflate, encrypt-{cipher}"})


# (what the object is, how it is made, what the log says).
OBJECTS = (
    ("another block's object", lambda h: h.server.stored(block_key(3)), BELONGS_ELSEWHERE),
    ("damaged in its first byte", _body(lambda b: _flipped(b, 0)), BELONGS_ELSEWHERE),
    ("damaged in its last byte", _body(lambda b: _flipped(b, len(b) - 1)), BELONGS_ELSEWHERE),
    ("one block of the cipher shorter", _body(lambda b: b[:-16]), BELONGS_ELSEWHERE),
    ("one byte shorter", _body(lambda b: b[:-1]), BELONGS_ELSEWHERE),
    ("empty", _body(lambda b: b""), BELONGS_ELSEWHERE),
    ("without an HMAC", _headers({HMAC_HEADER: None}), "hmac"),
    ("with an HMAC of zeros", _headers({HMAC_HEADER: '"' + "0" * 40 + '"'}), "hmac"),
    ("with an HMAC that is too short", _headers({HMAC_HEADER: '"' + "1" * 38 + '"'}), "hmac"),
    ("with an HMAC that is no number", _headers({HMAC_HEADER: "none"}), "hmac"),
    ("with another block's HMAC", _mac_of(3), BELONGS_ELSEWHERE),
    ("said to be of another cipher", _renamed("AES-256-CBC"), "AES-256-CBC"),
    ("said to be of no known cipher", _renamed("NONE"), ""),
    ("said not to be encrypted", _headers({ENCODING: "deflate"}), "not encrypted"),
    ("without an encoding", _headers({ENCODING: None, HMAC_HEADER: None}), ""),
    ("plain", lambda h: (pattern(VICTIM, BLOCK), {}), "not encrypted"),
    ("compressed only", lambda h: (zlib.compress(pattern(VICTIM, BLOCK)), {ENCODING: "deflate"}),
     "not encrypted"),
    ("encrypted well, but a byte short", _sealed_well(
        lambda: zlib.compress(pattern(VICTIM, BLOCK - 1))), ""),
    ("encrypted well, but a byte too long", _sealed_well(
        lambda: zlib.compress(pattern(VICTIM, BLOCK + 1))), ""),
    ("encrypted well, but not compressed", _sealed_well(lambda: pattern(VICTIM, BLOCK)), ""),
    ("encrypted well, a stream that inflates to 60 MiB", _sealed_well(
        lambda: zlib_bomb(60 * MIB)), ""),
    ("encrypted well, a stream that inflates to 1 GiB", _sealed_well(
        lambda: zlib_bomb(1024 * MIB)), ""),
)


def _add(name, make, words):
    @case(f"an encrypted block whose object is {name} cannot be read, and its neighbours can",
          smoke=True)
    def _test(world):
        with sealed(world) as h:
            h.mount()
            good = h.server.stored(block_key(VICTIM))
            h.server.put(block_key(VICTIM), *make(h))
            h.expect_failure(VICTIM, errno.EIO)
            h.expect_log(f"(?i)(block|key)={block_key(VICTIM)}.*({words})")
            for number in (3, VICTIM - 1, VICTIM + 1):
                h.expect_right(number)
            h.server.put(block_key(VICTIM), *good)
            h.expect_right(VICTIM)
            h.end()


for _row in OBJECTS:
    _add(*_row)


@case("encrypted objects that the server has swapped cannot be read, any of them", smoke=True)
def _swapped(world):
    with sealed(world) as h:
        h.mount()
        objects = {n: h.server.stored(block_key(n)) for n in (3, 4, 5)}
        for number, other in ((3, 4), (4, 5), (5, 3)):
            h.server.put(block_key(number), *objects[other])
        for number in objects:
            h.expect_failure(number, errno.EIO)
        for number, one in objects.items():
            h.server.put(block_key(number), *one)
            h.expect_right(number)
        h.end()


@case("an encrypted object in a volume that is not encrypted cannot be read, the others can",
      smoke=True)
def _not_ours(world):
    with sealed(world, (VICTIM,)) as strange, hostile(world) as h:
        h.mount()
        h.server.put(block_key(VICTIM), *strange.server.stored(block_key(VICTIM)))
        h.expect_failure(VICTIM, errno.EIO)
        h.expect_log(f"block={block_key(VICTIM)}.*encrypt")
        h.expect_right(VICTIM - 1)
        h.end()


@case("a zstd frame that inflates to 1 GiB, encrypted well, cannot be read", smoke=True)
def _zstd_bomb(world):
    with sealed(world) as h:
        h.mount()
        body, headers = h.sealer.seal(VICTIM, zstd_bomb(1024 * MIB))
        h.server.put(block_key(VICTIM), body, {**headers, ENCODING: "zstd, encrypt-AES-128-CBC"})
        h.expect_failure(VICTIM, errno.EIO)
        h.end()


@case("a part of a tampered block cannot be stored, and the whole block can", smoke=True)
def _overwritten(world):
    with sealed(world) as h:
        h.mount()
        h.server.put(block_key(VICTIM), *h.server.stored(block_key(3)))
        with DirectFile(h.daemon.file) as file:
            file.write(VICTIM * BLOCK, pattern(1, 4096))
            expect_errno(errno.EIO, file.sync, "fsync of a block whose rest cannot be read")
            file.write(VICTIM * BLOCK, pattern(VICTIM, BLOCK))
            file.sync()
        h.expect_right(VICTIM)
        h.end()
