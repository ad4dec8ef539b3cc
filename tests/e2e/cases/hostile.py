# SPDX-License-Identifier: Apache-2.0
"""Servers that lie, flood, stall, break off: no wrong or lost data, no crash, no secret told."""
import base64
import errno
import os
import re

from harness import hostile_acts as acts
from harness.files import DirectFile, pattern
from harness.hostile_server import HostileServer, error_document
from harness.hostile_world import BLOCK, IMPATIENT, SIZE, expect_no_secrets, \
    expect_small_children, hostile, talkative
from harness.registry import case, expect, expect_equal, expect_errno
from harness.servers import TOKEN_KEY, block_key

LINK_LOCAL = "http://169.254.169.254/latest/meta-data/"
SHORT_LIMIT = ("--timeout=1",)
# What never ends must be refused for what it is, not given up when the time limit comes.
NO_LIMIT = ("--timeout=0",)
DAY = 86400
# What a call ends with that was tried again in vain. ENOMEM is libcurl's word for a header line
# that is too long.
TRANSIENT_ERRORS = (errno.EIO, errno.ETIMEDOUT, errno.ENXIO, errno.ENOMEM)

# What is sent for a block: (name, act, what the log says, over TLS, options). Each once, then the
# read succeeds, and for ever, then it fails.
TRANSIENT = (
    ("a body without an end", acts.endless_body, "BadReply", False, NO_LIMIT),
    ("a body without an end, over TLS", acts.endless_body, "BadReply", True, NO_LIMIT),
    ("chunks without an end", acts.endless_chunks, "BadReply", False, NO_LIMIT),
    ("a chunk size without an end", acts.endless_chunk_size, "BadReply|ServerError", False,
     NO_LIMIT),
    ("an error document without an end", acts.endless_error_body, "BadReply|ServerError", False,
     ()),
    ("a body longer than a block", acts.oversize, "BadReply", False, ()),
    ("a body one byte too long", acts.one_byte_more, "BadReply", False, ()),
    ("a body of a terabyte, as announced", acts.announced_terabyte, "BadReply", False, ()),
    ("a body that drips", acts.drip_body, "Timeout", False, SHORT_LIMIT),
    ("headers that drip", acts.drip_head, "Timeout", False, SHORT_LIMIT),
    ("no answer", acts.silence, "Timeout", False, SHORT_LIMIT),
    ("headers without an end", acts.header_flood, "BadReply", False, ()),
    ("a header line without an end", acts.endless_header_line, "BadReply|Io", False, ()),
    ("interim answers without an end", acts.interim_flood, "BadReply|Timeout", False, SHORT_LIMIT),
    ("what is not HTTP", acts.garbage, "BadReply|ServerError", False, ()),
    ("half of a body", acts.cut_body, "BadReply|ServerError", False, ()),
    ("half of a body over TLS, cut within a record", acts.cut_body, "BadReply|ServerError", True,
     ()),
    ("half of a head over TLS", acts.cut_head, "BadReply|ServerError", True, ()),
    ("a reset connection", acts.abort, "ServerError|Unreachable", False, ()),
)

# Answers that are whole as HTTP, but no block: EIO, after retries or at once.
NO_BLOCK = (
    ("a body one byte too short", acts.one_byte_less, "wrong length|BadReply", False),
    ("an empty body", acts.empty, "wrong length|BadReply", False),
    ("half of a body without a length, over TLS, cut within a record",
     acts.cut_body_without_length, "wrong length|BadReply|ServerError", True),
    ("status 200 and an error document", acts.document(200, error_document("InternalError")),
     "wrong length|BadReply|InternalError", False),
    ("half of a head", acts.cut_head, "wrong length|BadReply|ServerError", False),
    ("a bomb of entities as error document", acts.document(500, acts.billion_laughs()),
     "ServerError", False),
    ("an error document nested deeply", acts.document(500, acts.deep_nesting()),
     "ServerError|BadReply", False),
)


def _needs(tls):
    return ("openssl",) if tls else ()


def _add_transient(name, act, words, tls, options):
    @case(f"a block answered by {name} is read after a retry, or fails", needs=_needs(tls),
          smoke=True)
    def _test(world):
        with hostile(world, tls) as h:
            h.mount(*options)
            once = h.server.misbehave(act, "GET", block_key(3))
            h.expect_right(3)
            expect_equal(once.used, 1, "times that the server misbehaved")
            always = h.server.misbehave(act, "GET", block_key(4), count=0)
            h.expect_failure(4, *TRANSIENT_ERRORS)
            expect(always.used > 1, "it was not tried again")
            h.expect_log(words)
            h.server.behave()
            h.expect_right(4)
            h.end()


def _add_no_block(name, act, words, tls):
    @case(f"a block answered by {name} cannot be read until the server mends", needs=_needs(tls),
          smoke=True)
    def _test(world):
        with hostile(world, tls) as h:
            h.mount()
            h.server.misbehave(act, "GET", block_key(4), count=0)
            h.expect_failure(4, errno.EIO)
            h.expect_log(words)
            h.server.behave()
            h.expect_right(4)
            h.end()


for _row in TRANSIENT:
    _add_transient(*_row)
for _row in NO_BLOCK:
    _add_no_block(*_row)


@case("a body without an end in place of a large block is refused for what it is", smoke=True)
def _large_block(world):
    large = 1 << 20
    with hostile(world, filled=False) as h:
        for number in (3, 4):
            h.server.put(block_key(number), pattern(number, large))
        daemon = world.mount(h.store, "--size=16m", "--blockSize=1m", "--readAhead=0", *IMPATIENT,
                             *NO_LIMIT)
        for number, act in ((3, acts.endless_body), (4, acts.endless_error_body)):
            h.server.misbehave(act, "GET", block_key(number))
            with DirectFile(daemon.file, os.O_RDONLY) as file:
                expect(file.read(number * large, large) == pattern(number, large), "wrong data")
        daemon.unmount()


@case("a TLS handshake that is cut is tried again", needs=("openssl",), smoke=True)
def _handshake(world):
    with hostile(world, tls=True) as h:
        h.mount()
        h.server.cut_handshakes(2)
        h.expect_right(3)
        h.server.cut_handshakes(1000)
        h.expect_failure(4, *TRANSIENT_ERRORS)
        h.expect_log("Unreachable|ServerError|BadReply")
        h.server.behave()
        h.expect_right(4)
        h.end()


# Redirects. None is followed: the server that the location names would see it.

@case("a redirect is not followed, to a link-local address or elsewhere; the hint names the option",
      smoke=True)
def _redirects(world):
    target = HostileServer()
    world.on_close(target.close)
    with hostile(world) as h:
        h.mount()
        for number, (status, location) in enumerate((
                (301, LINK_LOCAL), (301, target.url), (302, target.url), (303, target.url),
                (307, target.url + "bucket/00000004"), (308, LINK_LOCAL), (301, None))):
            h.server.misbehave(acts.redirect(status, location), "GET", block_key(number), count=0)
            h.expect_failure(number, errno.EIO, errno.ELOOP)
        h.expect_log("redirect.*hint=.*--(baseURL|region)")
        h.server.behave()
        _rewrite(h, 3, acts.redirect(307, target.url), "redirect")
        h.end()
    expect_equal(target.connections(), 0, "connections to where the redirects pointed")


def _rewrite(h, number, act, words):
    """A write whose upload meets `act` at first: stored in the end. While it lasts fsync fails."""
    data = pattern(100 + number, BLOCK)
    with DirectFile(h.daemon.file) as file:
        h.server.misbehave(act, "PUT", block_key(number))
        file.write(number * BLOCK, data)
        file.sync()
        expect(h.server.object(block_key(number)) == data, "fsync returned before it was stored")
        h.server.misbehave(act, "PUT", block_key(number), count=0)
        data = pattern(200 + number, BLOCK)
        file.write(number * BLOCK, data)
        expect_errno(errno.EIO, file.sync, "fsync while the server misbehaves")
        h.expect_log(words)
        h.server.behave()
        file.sync()
        expect(h.server.object(block_key(number)) == data, "the block is not stored")


UPLOADS = (
    ("an error document without an end", acts.endless_error_body, "ServerError|BadReply|Outcome",
     False, NO_LIMIT),
    ("a body without an end", acts.endless_body, "BadReply|Outcome", False, NO_LIMIT),
    ("status 200 and an error document", acts.document(200, error_document("InternalError")),
     "BadReply|ServerError|InternalError", False, ()),
    ("headers without an end", acts.header_flood, "BadReply|Outcome", False, ()),
    ("headers that drip", acts.drip_head, "Timeout|Outcome", False, SHORT_LIMIT),
    ("half of a head over TLS", acts.cut_head, "ServerError|Outcome|BadReply", True, ()),
    ("a reset connection", acts.abort, "ServerError|Unreachable|Outcome", False, ()),
)


def _add_upload(name, act, words, tls, options):
    @case(f"an upload answered by {name} is done again, and fsync tells while it cannot be",
          needs=_needs(tls), smoke=True)
    def _test(world):
        with hostile(world, tls) as h:
            h.mount(*options)
            _rewrite(h, 3, act, words)
            h.end()


for _row in UPLOADS:
    _add_upload(*_row)


@case("a deletion answered by status 200 and an error document is done again", smoke=True)
def _deletion(world):
    with hostile(world) as h:
        h.mount()
        h.server.misbehave(acts.document(200, error_document("InternalError")), "DELETE",
                           block_key(3))
        with DirectFile(h.daemon.file) as file:
            file.write(3 * BLOCK, bytes(BLOCK))
            file.sync()
        expect(h.server.object(block_key(3)) is None, "the block is still there")
        h.end()


# ETags.

@case("a block that was damaged on its way is never handed out", smoke=True)
def _damaged(world):
    with hostile(world) as h:
        h.mount()
        h.server.misbehave(acts.damaged, "GET", block_key(3))
        h.server.misbehave(acts.damaged, "GET", block_key(4), count=0)
        for number in (3, 4):
            try:
                h.expect_right(number)
            except OSError as error:
                expect_equal(error.errno, errno.EIO, "errno")
        h.expect_log("(?i)etag|md5|checksum|digest|damaged")
        h.end()


for _name, _etag in (("that is no MD5", '"0123456789abcdef0123456789abcdef-2"'),
                     ("without quotes", "weird"), ("that is weak", 'W/"abc"'),
                     ("of 8000 characters", '"' + "a" * 8000 + '"'), ("left out", None)):
    def _add_etag(name=_name, etag=_etag):
        @case(f"an ETag {name} harms neither reads nor writes", smoke=True)
        def _test(world):
            with hostile(world) as h:
                for method in ("GET", "HEAD", "PUT"):
                    h.server.misbehave(acts.with_etag(etag), method, count=0)
                h.mount()
                h.expect_right(3)
                data = pattern(300, BLOCK)
                with DirectFile(h.daemon.file) as file:
                    file.write(4 * BLOCK, data)
                    file.sync()
                expect(h.server.object(block_key(4)) == data, "the block is not stored")
                h.end()
    _add_etag()


@case("a store whose ETags look like an MD5 and are none: data, or an error with its reason",
      smoke=True)
def _lying_etag(world):
    with hostile(world) as h:
        for method in ("GET", "HEAD", "PUT"):
            h.server.misbehave(acts.with_etag('"' + "0123456789abcdef" * 2 + '"'), method, count=0)
        h.mount()
        try:
            h.expect_right(3)
        except OSError as error:
            expect_equal(error.errno, errno.EIO, "errno")
            h.expect_log("(?i)etag|md5|checksum|digest|damaged")
        h.end()


# The start.

STARTS = (
    ("a redirect", acts.redirect(301, LINK_LOCAL), "--(baseURL|region)"),
    ("headers without an end", acts.header_flood, "BadReply"),
    ("headers that drip", acts.drip_head, "Timeout"),
    ("a bomb of entities", acts.document(403, acts.billion_laughs()), "access denied|Forbidden"),
    ("what is not HTTP", acts.garbage, "BadReply|ServerError"),
    ("sizes of rubbish", acts.document(200, b"", {
        "x-amz-meta-s3backer-filesize": "-9" * 500, "x-amz-meta-s3backer-blocksize": "1e9"}), None),
)


def _add_start(name, act, words):
    @case(f"{name} in answer to the first question ends the start with a reason, or is ignored",
          smoke=True)
    def _test(world):
        with hostile(world) as h:
            h.server.misbehave(act, "HEAD", block_key(0), count=0)
            options = (*SIZE, *IMPATIENT, *SHORT_LIMIT, *talkative(world))
            if words:
                text = world.refused(h.store, *options)
                expect_log_in(text, words)
                expect(h.server.object(TOKEN_KEY) is None, "a token was left")
                expect_no_secrets(h.server, text)
                expect_small_children(world)
                h.server.behave()
            h.mount()
            h.end()


def expect_log_in(text, words):
    expect(re.search(words, text), f"not '{words}' in: {text}")


for _row in STARTS:
    _add_start(*_row)


# Clocks.

@case("a server whose clock is a day ahead or behind is asked again with its own time", smoke=True)
def _skewed_clock(world):
    for offset in (DAY, -DAY):
        with hostile(world) as h:
            h.server.clock_offset, h.server.checks_date = offset, True
            h.mount()
            h.expect_right(3)
            data = pattern(300, BLOCK)
            with DirectFile(h.daemon.file) as file:
                file.write(4 * BLOCK, data)
                file.sync()
            expect(h.server.object(block_key(4)) == data, "the block is not stored")
            h.end()


@case("a server's clock that jumps while the volume is mounted is followed", smoke=True)
def _jumping_clock(world):
    with hostile(world) as h:
        h.server.checks_date = True
        h.mount()
        h.expect_right(3)
        h.server.clock_offset = DAY
        h.expect_right(4)
        h.server.clock_offset = 0
        h.expect_right(5)
        h.end()


@case("a server that finds every date wrong ends the start, and fails reads, with that reason",
      smoke=True)
def _never_in_time(world):
    refusal = acts.document(403, error_document("RequestTimeTooSkewed"))
    with hostile(world) as h:
        h.server.clock_offset = DAY
        h.server.misbehave(refusal, "HEAD", count=0)
        text = world.refused(h.store, *SIZE, *IMPATIENT, *talkative(world))
        expect_log_in(text, "RequestTimeTooSkewed|(?i:clock)")
        expect_no_secrets(h.server, text)
        h.server.behave()
        h.mount()
        h.server.misbehave(refusal, "GET", block_key(4), count=0)
        with DirectFile(h.daemon.file, os.O_RDONLY) as file:
            expect_errno(errno.EPERM, lambda: file.read(4 * BLOCK, BLOCK), "read")
        h.expect_log("RequestTimeTooSkewed|(?i:clock)")
        h.end()


# Secrets, where all else goes well: the other cases look for them, too.

CUSTOMER_KEY = b"CanaryOfTheCustomersKey.32.bytes"


@case("no secret of a request is logged, whichever way it is signed or encrypted",
      needs=("openssl",), smoke=True)
def _secrets(world):
    key_file = world.path("customer-key")
    with open(key_file, "wb") as file:
        file.write(CUSTOMER_KEY)
    for options in ((), ("--authVersion=aws2",), (f"--sseCustomerKeyFile={key_file}",)):
        with hostile(world, tls=True) as h:
            h.secrets = [(CUSTOMER_KEY.decode(), "customer's key"),
                         (CUSTOMER_KEY.hex(), "customer's key in hex"),
                         (base64.b64encode(CUSTOMER_KEY).decode(), "customer's key in base64")]
            h.mount(*options)
            h.server.misbehave(acts.document(403, error_document("AccessDenied")), "GET",
                               block_key(3))
            h.expect_failure(3, errno.EPERM)
            with DirectFile(h.daemon.file) as file:
                file.write(4 * BLOCK, pattern(300, BLOCK))
                file.write(5 * BLOCK, bytes(BLOCK))
                file.sync()
            expect(h.server.secrets, "no request was signed")
            h.end()
