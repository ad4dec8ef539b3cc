# SPDX-License-Identifier: Apache-2.0
"""Lists and bulk deletions whose answers lie, never end or want to be expanded."""
import re

from harness import hostile_acts as acts
from harness.hostile_server import HostileServer, error_document, list_page
from harness.hostile_world import COUNT, IMPATIENT, SIZE, expect_no_secrets, \
    expect_small_children, hostile, talkative
from harness.registry import case, expect, expect_equal
from harness.servers import TOKEN_KEY, block_key

# More lists than a volume of this size can need; an honest one takes one a thread.
MOST_LISTS = 200
LIST = "ListBucketResult"
ENTITY_FILE = "file:///etc/hostname"

LISTS = (
    ("the same page again and again", acts.same_page([block_key(1), block_key(2)])),
    ("empty pages with more to come", acts.same_page([])),
    ("keys that do not advance", acts.same_page([block_key(3), block_key(2), block_key(1)])),
    ("keys before those that were asked for", acts.same_page(["!", "\"", "#"])),
    ("one page that never ends", acts.page_without_end),
    ("a bomb of entities", acts.document(200, acts.billion_laughs(LIST))),
    ("an external entity", acts.document(200, acts.external_entity(ENTITY_FILE, LIST))),
    ("elements nested deeply", acts.document(200, acts.deep_nesting(LIST))),
    ("status 200 and an error document", acts.document(200, error_document("InternalError"))),
    ("an empty document", acts.document(200, b"")),
    ("half a document", acts.document(200, list_page([block_key(1)], False)[:-30])),
    ("a body without an end", acts.endless_body),
    ("a redirect", acts.redirect(301, "http://169.254.169.254/")),
    ("an error for ever", acts.document(500, error_document("InternalError"))),
    ("a bomb of entities as error", acts.document(500, acts.billion_laughs())),
)


def _add_survey(name, act):
    @case(f"a survey of blocks answered by {name} ends, is reported, and hides no block",
          smoke=True)
    def _test(world):
        with hostile(world) as h:
            rule = h.server.misbehave(act, "LIST", count=0)
            h.mount("--listBlocks", "--timeout=1")
            h.server.wait_received("LIST", 1)
            h.daemon.wait_log_matching("(?i)survey.*(fail|cannot|gave up|cancel)")
            for number in range(COUNT):
                h.expect_right(number)
            expect(rule.used <= MOST_LISTS, f"{rule.used} lists were sent")
            h.end()


def _erase(world, h):
    """--erase --force: (status, stderr)."""
    status, text = world.run_to_end("--erase", "--force", *h.store.options, *SIZE, *IMPATIENT,
                                    "--timeout=1", *talkative(world), h.store.bucket, timeout=60)
    expect_no_secrets(h.server, text)
    expect_small_children(world)
    return status, text


def _add_erase(name, act):
    @case(f"erasing, with lists answered by {name}, fails, says why, and leaves the token",
          smoke=True)
    def _test(world):
        with hostile(world) as h:
            h.server.put(TOKEN_KEY, b"", {"x-amz-meta-s3backer-mount-token": "00000011"})
            rule = h.server.misbehave(act, "LIST", count=0)
            status, text = _erase(world, h)
            expect_equal(status, 1, f"exit status, with the text {text[-2000:]}")
            expect(rule.used > 0, "no list was sent")
            expect(rule.used <= MOST_LISTS, f"{rule.used} lists were sent")
            expect(re.search("(?i)list|erase", text), f"no reason in: {text[-2000:]}")
            expect(h.server.object(TOKEN_KEY) is not None, "the token was removed")
            h.server.behave()
            expect_equal(_erase(world, h)[0], 0, "exit status once the server behaves")
            expect_equal(h.server.keys(), [], "keys after erasing")


for _name, _act in LISTS:
    _add_survey(_name, _act)
    _add_erase(_name, _act)


def _bulk_error(exchange):
    """Deletes nothing and says so for one key, with the status of success."""
    exchange.answer(200, acts.XML, (
        f"<DeleteResult><Error><Key>{block_key(1)}</Key><Code>InternalError</Code>"
        "<Message>x</Message></Error></DeleteResult>").encode())
    return True


BULK = (
    ("a bomb of entities", acts.document(200, acts.billion_laughs("DeleteResult"))),
    ("an external entity", acts.document(200, acts.external_entity(ENTITY_FILE, "DeleteResult"))),
    ("elements nested deeply", acts.document(200, acts.deep_nesting("DeleteResult"))),
    ("status 200 and an error document", acts.document(200, error_document("InternalError"))),
    ("status 200 and an empty body", acts.document(200, b"")),
    ("an error for a key", _bulk_error),
    ("a body without an end", acts.endless_body),
    ("status 500 for ever", acts.document(500, error_document("InternalError"))),
)


def _add_bulk(name, act):
    @case(f"erasing, with bulk deletions answered by {name}, deletes all or fails with the token "
          "left", smoke=True)
    def _test(world):
        with hostile(world) as h:
            h.server.put(TOKEN_KEY, b"", {"x-amz-meta-s3backer-mount-token": "00000011"})
            h.server.misbehave(act, "POST", count=0)
            status, text = _erase(world, h)
            expect(h.server.received("POST") > 0, f"no bulk deletion was sent: {text[-2000:]}")
            expect(status in (0, 1), f"exit status {status}")
            blocks = [key for key in h.server.keys() if key != TOKEN_KEY]
            if status == 0:
                expect_equal(blocks, [], "blocks left after a success")
            else:
                expect(h.server.object(TOKEN_KEY) is not None, "the token was removed")
                expect(re.search("(?i)delet|erase", text), f"no reason in: {text[-2000:]}")


for _name, _act in BULK:
    _add_bulk(_name, _act)


@case("an external entity is not fetched, whatever answer it stands in", smoke=True)
def _not_fetched(world):
    target = HostileServer()
    world.on_close(target.close)

    def entity(root):
        return acts.document(200 if root != "Error" else 500,
                             acts.external_entity(target.url + "bucket/x", root))
    with hostile(world) as h:
        lists = h.server.misbehave(entity(LIST), "LIST", count=0)
        _erase(world, h)
        expect(lists.used > 0, "no list was sent to erase")
        sent = h.server.received("LIST")
        h.mount("--listBlocks")
        h.server.misbehave(entity("Error"), "GET", block_key(3))
        h.expect_right(3)
        h.server.wait_received("LIST", sent + 1)
        h.end()
        bulk = h.server.misbehave(entity("DeleteResult"), "POST", count=0)
        _erase(world, h)
        expect(bulk.used > 0, "no bulk deletion was sent")
    expect_equal(target.connections(), 0, "connections to where the entities pointed")
