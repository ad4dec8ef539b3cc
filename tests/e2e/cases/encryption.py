# SPDX-License-Identifier: Apache-2.0
"""Encrypted volumes: what mounting finds out, and what becomes of blocks that are written.

Source: wire-format.md 6, 7; command-line.md 2.6.
"""
import errno
import os
import re

from harness.files import DirectFile, pattern
from harness.hostile_server import BUCKET
from harness.hostile_world import BLOCK, COUNT, IMPATIENT, SIZE, hostile
from harness.registry import case, expect, expect_equal, expect_errno
from harness.sealed_world import PASSWORD, PLACE, password_file, seal_into, sealed
from harness.sealing import ENCODING, HMAC_HEADER, Sealer
from harness.servers import TOKEN_KEY, block_key

ANY_SECRET = "password.*bucket.*prefix.*keyLength"
# What a volume was made with, what it is mounted with, and what the refusal must say.
MISFITS = (
    ("another password", ("another",), {}, (), ANY_SECRET),
    ("objects copied from another bucket", (PASSWORD, "elsewhere/"), {}, (), ANY_SECRET),
    ("objects copied from another prefix", (PASSWORD, f"{BUCKET}/elsewhere/"), {}, (), ANY_SECRET),
    ("a --keyLength that it was not made with", (PASSWORD,), {}, ("--keyLength=48",), ANY_SECRET),
    ("no --keyLength, where it was made with one", (PASSWORD,), {"length": 48}, (), ANY_SECRET),
    ("another cipher", (PASSWORD,), {"cipher": "AES-256-CBC"}, (), "AES-256-CBC"),
)


def _expect_untouched(server):
    """Nothing was changed in the bucket, and no request has tried to."""
    changing = [f"{r.method} {r.key}" for r in server.requests()
                if r.method not in ("HEAD", "GET", "LIST")]
    expect_equal(changing, [], "changing requests")


def _refused(world, store, *options):
    """The reason, in one line."""
    return " ".join(world.refused(store, *SIZE, *IMPATIENT, *options).split())


def _encrypting(world, store, password=PASSWORD):
    return store.plus("--encrypt", password_file(world, password + "\n"))


def _add_misfit(name, secret, settings, options, words):
    @case(f"{name}: mounting is refused before anything is changed, whichever blocks there are")
    def _test(world):
        place = PLACE if len(secret) == 1 else secret[1]
        for numbers in (range(COUNT), (7,)):
            with hostile(world, filled=False) as h:
                seal_into(h.server, Sealer(secret[0], place, **settings), numbers)
                text = _refused(world, _encrypting(world, h.store), *options)
                expect(re.search(words, text), f"it does not say '{words}': {text}")
                expect(PASSWORD not in text, f"the password is in: {text}")
                _expect_untouched(h.server)


for _row in MISFITS:
    _add_misfit(*_row)


@case("an empty bucket is mounted with any password, and then only with that one")
def _empty(world):
    with hostile(world, filled=False) as h:
        store = _encrypting(world, h.store, "first")
        daemon = world.mount(store, *SIZE)
        with DirectFile(daemon.file) as file:
            file.write(BLOCK, pattern(1, BLOCK))
        daemon.unmount()
        _refused(world, _encrypting(world, h.store, "second"))
        daemon = world.mount(store, *SIZE)
        with DirectFile(daemon.file) as file:
            expect(file.read(BLOCK, BLOCK) == pattern(1, BLOCK), "wrong data")
        daemon.unmount()


@case("--force mounts in spite of a wrong password, with a warning, and its blocks cannot be read")
def _forced(world):
    with hostile(world, filled=False) as h:
        seal_into(h.server, Sealer("another", PLACE))
        h.store = _encrypting(world, h.store)
        h.mount("--force")
        h.expect_log("(?i)warning.*password")
        h.expect_failure(5, errno.EIO)
        h.daemon.unmount()


@case("an encrypted volume is not mounted without --encrypt, which the refusal names")
def _not_encrypting(world):
    for numbers in (range(COUNT), (7,)):
        with hostile(world, filled=False) as h:
            seal_into(h.server, Sealer(PASSWORD, PLACE), numbers)
            for option in ((), ("--compress",), ("--noAutoDetect",), ("--readOnly",)):
                text = _refused(world, h.store, *option)
                expect("--encrypt" in text, f"--encrypt is not named in: {text}")
            _expect_untouched(h.server)


@case("a volume that is not encrypted is not mounted with --encrypt")
def _downgraded(world):
    with hostile(world) as h:
        store = _encrypting(world, h.store)
        for option in ((), ("--noAutoDetect",), ("--readOnly",)):
            text = _refused(world, store, *option)
            expect("not encrypted" in text, f"it does not say 'not encrypted': {text}")
        _expect_untouched(h.server)


@case("ciphers and key lengths that cannot be used are refused before anything is sent")
def _bad_options(world):
    with hostile(world, filled=False) as h:
        store = h.store.plus(password_file(world, PASSWORD))
        for options, word in ((("--encrypt=AES-128-GCM",), "AES-128-GCM"),
                              (("--encrypt=AES-128-CTR",), "AES-128-CTR"),
                              (("--encrypt=AES-128-ECB",), "AES-128-ECB"),
                              (("--encrypt=no-such",), "(?i)no-such"),
                              (("--encrypt", "--keyLength=15"), "keyLength"),
                              (("--encrypt", "--keyLength=65"), "keyLength"),
                              (("--encrypt", "--password=two"), "password")):
            text = _refused(world, store, *options)
            expect(re.search(word, text), f"'{word}' is not in: {text}")
        expect_equal(h.server.requests(), [], "requests")


@case("an encrypted block has the HMAC of its key, and nothing of its plain text", smoke=True)
def _written(world):
    with sealed(world, numbers=()) as h:
        h.mount()
        with DirectFile(h.daemon.file) as file:
            for number in range(COUNT):
                file.write(number * BLOCK, pattern(number, BLOCK))
        h.end()
        expect_equal(h.server.keys(), [block_key(number) for number in range(COUNT)], "keys")
        for number in range(COUNT):
            body, headers = h.server.stored(block_key(number))
            wanted = h.sealer.headers(number, body)
            for name in (HMAC_HEADER, ENCODING):
                expect_equal(headers.get(name), wanted[name], f"{name} of block {number}")
            expect(pattern(number, BLOCK)[1000:1032] not in body, f"block {number} can be read")


@case("an encrypted block is read whatever the case and the blanks of its encoding", smoke=True)
def _encodings(world):
    with sealed(world) as h:
        h.mount()
        for number, encoding in enumerate(("deflate,encrypt-aes-128-cbc",
                                           "DEFLATE ,  Encrypt-Aes-128-Cbc"), 3):
            body, headers = h.server.stored(block_key(number))
            h.server.put(block_key(number), body, {**headers, ENCODING: encoding})
            h.expect_right(number)
        # Not compressed.
        body, headers = h.sealer.seal(7, pattern(7, BLOCK))
        h.server.put(block_key(7), body, {**headers, ENCODING: "encrypt-AES-128-CBC"})
        h.expect_right(7)
        h.end()


@case("a block is read whose encoding has another name of the cipher, as s3backer may write it")
def _alias(world):
    with sealed(world, cipher="AES-256-CBC") as h:
        h.mount("--encrypt=aes256")
        body, headers = h.server.stored(block_key(3))
        h.server.put(block_key(3), body, {**headers, ENCODING: "deflate, encrypt-AES256"})
        h.expect_right(3)
        with DirectFile(h.daemon.file) as file:
            file.write(3 * BLOCK, pattern(4, BLOCK))
            file.sync()
        expect_equal(h.server.stored(block_key(3))[1][ENCODING], "deflate, encrypt-AES-256-CBC",
                     "encoding of what we have written")
        h.end()


@case("an encrypted volume is erased without its password")
def _erased(world):
    with hostile(world, filled=False) as h:
        seal_into(h.server, Sealer(PASSWORD, PLACE))
        status, text = world.run_to_end("--erase", "--force", "--encrypt", *SIZE, *IMPATIENT,
                                        *h.store.options, h.store.bucket)
        expect_equal((status, h.server.keys()), (0, []), f"status and keys after: {text}")


@case("zeros written to an encrypted volume delete its objects, and stay zeros", smoke=True)
def _zeros(world):
    for option in ((), ("--listBlocks",)):
        with sealed(world) as h:
            h.mount("--blockCacheSize=2", *option)
            if option:
                h.daemon.wait_log("survey of the blocks done")
            with DirectFile(h.daemon.file) as file:
                file.write(3 * BLOCK, bytes(2 * BLOCK))
                file.sync()
                kept = [block_key(n) for n in range(COUNT) if n not in (3, 4)] + [TOKEN_KEY]
                expect_equal(h.server.keys(), kept, "keys")
                file.read(8 * BLOCK, 8 * BLOCK)
                expect(file.read(3 * BLOCK, 2 * BLOCK) == bytes(2 * BLOCK), "not zeros")
            h.end()


@case("what fsync acknowledged of an encrypted volume survives a kill -9 of the daemon", smoke=True)
def _killed(world):
    server = world.server()
    store = world.http_store(server).plus("--encrypt", password_file(world, PASSWORD))
    daemon = world.mount(store, *SIZE, "--blockCacheWriteDelay=20")
    with DirectFile(daemon.file) as file:
        for number in range(COUNT):
            file.write(number * BLOCK, pattern(number, BLOCK))
        file.sync()
        for number in range(0, COUNT, 2):
            file.write(number * BLOCK, pattern(100 + number, BLOCK))
        server.admin.wait(method="PUT", count=COUNT + 3)
        daemon.process.send(9)
        daemon.process.wait()
    daemon.clear_dead_mount()
    daemon = world.mount(store, *SIZE, "--force")
    with DirectFile(daemon.file, os.O_RDONLY) as file:
        for number in range(COUNT):
            either = [pattern(number, BLOCK)] + [pattern(100 + number, BLOCK)] * (number % 2 == 0)
            expect(file.read(number * BLOCK, BLOCK) in either, f"block {number} is lost")
    daemon.unmount()


# Objects that vanish.

@case("with --listBlocks an encrypted block that was listed and has vanished cannot be read")
def _listed(world):
    there = [n for n in range(COUNT) if n not in (5, 6)]
    with sealed(world, there) as h:
        h.mount("--listBlocks")
        h.daemon.wait_log("survey of the blocks done")
        h.server.remove(block_key(3))
        h.expect_failure(3, errno.EIO)
        h.expect_log(block_key(3))
        expect(h.server.received("GET", block_key(3)) > 1, "it was not tried again")
        expect(h.read(5) == bytes(BLOCK), "a block that was not listed is not zeros")
        seal_into(h.server, h.sealer, (3,))
        h.expect_right(3)
        h.end()


@case("an encrypted block that has vanished is as good as new once it is written, zeros, too")
def _mended(world):
    with sealed(world) as h:
        h.mount("--listBlocks")
        h.daemon.wait_log("survey of the blocks done")
        for number in (3, 4):
            h.server.remove(block_key(number))
            h.expect_failure(number, errno.EIO)
        with DirectFile(h.daemon.file) as file:
            file.write(3 * BLOCK, bytes(BLOCK) + pattern(4, BLOCK))
            file.sync()
        expect(h.read(3) == bytes(BLOCK), "not zeros")
        h.expect_right(4)
        h.end()


@case("an encrypted block that nobody knows of is zeros")
def _unknown(world):
    with sealed(world) as h:
        h.mount()
        h.server.remove(block_key(3))
        expect(h.read(3) == bytes(BLOCK), "not zeros")
        h.end()


@case("an encrypted block that we have written and that has vanished cannot be read")
def _own(world):
    with sealed(world) as h:
        h.mount("--blockCacheSize=1")
        with DirectFile(h.daemon.file) as file:
            file.write(3 * BLOCK, pattern(33, BLOCK))
            file.sync()
            h.server.remove(block_key(3))
            # Until the block has left the cache and is asked for.
            for number in range(4, COUNT):
                file.read(number * BLOCK, BLOCK)
            expect_errno(errno.EIO, lambda: len(file.read(3 * BLOCK, BLOCK)), "what vanished")
            expect(file.read(8 * BLOCK, BLOCK) == pattern(8, BLOCK), "wrong data in block 8")
            file.write(3 * BLOCK, pattern(3, BLOCK))
            file.sync()
        h.expect_right(3)
        h.end()
