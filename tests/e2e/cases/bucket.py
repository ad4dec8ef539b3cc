# SPDX-License-Identifier: Apache-2.0
"""What is done with a whole bucket: erasing, resetting the mounted flag, lists; races for it.

Source: command-line.md 5.3, 6.1, 6.2; wire-format.md 2.5, 7 and 8.
"""
import errno
import os
import re
import select

from harness import hostile_acts as acts
from harness.files import DirectFile, pattern
from harness.mounts import make_file_system
from harness.procs import Background, wait_until
from harness.registry import case, expect, expect_equal, expect_errno
from harness.hostile_world import hostile
from harness.servers import TOKEN_KEY, block_key

BLOCK = 65536
COUNT = 20
SIZE = (f"--size={BLOCK * COUNT}", f"--blockSize={BLOCK}")
IMPATIENT = ("--initialRetryPause=5", "--maxRetryPause=10")
TOKEN_HEADER = "x-amz-meta-s3backer-mount-token"
TOKEN_HEADERS = {TOKEN_HEADER: "00000011"}
# Names that are no blocks of a volume of COUNT blocks without a prefix.
JUNK = sorted([block_key(COUNT), "0000000A", "00000001.tmp", "1", "c448b72c-00000000", "junk",
               "p/00000001", "000000010", "ffffffff", "zz"])


def _filled(world, prefix="", blocks=range(COUNT), token=True):
    """(server, store) of a volume with these blocks."""
    server = world.server()
    for number in blocks:
        server.admin.put(block_key(number, prefix), pattern(number, BLOCK))
    if token:
        server.admin.put(prefix + TOKEN_KEY, b"", TOKEN_HEADERS)
    return server, world.http_store(server, prefix)


def _run(world, store, *options, stdin=""):
    return world.run_to_end(*options, *SIZE, *IMPATIENT, *store.options, store.bucket, stdin=stdin)


# Erasing.

@case("--erase --force deletes exactly the blocks of this prefix below the number of blocks, and "
      "the token", smoke=True)
def _erase_exactly(world):
    for prefix in ("", "p/"):
        server, store = _filled(world, prefix)
        for key in JUNK:
            server.admin.put(prefix + key, b"junk")
        others = [] if not prefix else ["00000001", "q/00000001", TOKEN_KEY]
        for key in others:
            server.admin.put(key, b"other")
        status, text = _run(world, store, "--erase", "--force")
        expect_equal(status, 0, f"exit status, saying {text}")
        expect_equal(server.admin.keys(), sorted([prefix + key for key in JUNK] + others), "keys")


@case("--erase deletes the token last")
def _token_last(world):
    server, store = _filled(world)
    server.admin.fault(method="DELETE", key=TOKEN_KEY, hold=True, count=0)
    erasing = Background(_run, world, store, "--erase", "--force")
    server.admin.wait(held=1)
    expect_equal(server.admin.keys(), [TOKEN_KEY], "keys while the token's deletion is held")
    server.admin.let_all_go()
    expect_equal(erasing.join()[0], 0, "exit status")
    expect_equal(server.admin.keys(), [], "keys")


@case("--erase with a block that cannot be deleted names it, deletes the rest, leaves the token, "
      "and ends with 1")
def _erase_fails(world):
    server, store = _filled(world)
    stuck = block_key(7)
    server.admin.fault(method="POST", status=500, count=0)
    server.admin.fault(method="DELETE", key=stuck, status=500, count=0)
    status, text = _run(world, store, "--erase", "--force")
    expect_equal(status, 1, f"exit status, saying {text}")
    expect_equal(server.admin.keys(), [stuck, TOKEN_KEY], "keys")
    expect(stuck in text, f"{stuck} is not named in: {text}")


@case("--erase without lists, or without a deletion of the token, ends with 1")
def _erase_no_list(world):
    for rule in ({"method": "LIST"}, {"method": "DELETE", "key": TOKEN_KEY}):
        server, store = _filled(world)
        server.admin.fault(status=403, count=0, **rule)
        status, text = _run(world, store, "--erase", "--force")
        expect_equal(status, 1, f"exit status, saying {text}")
        expect(server.admin.received().get(rule["method"], 0) > 0, f"nothing was asked: {text}")
        expect(TOKEN_KEY in server.admin.keys(), "the token was deleted")


@case("--erase asks, also with --quiet, and goes on only after y or yes")
def _erase_asks(world):
    server, store = _filled(world, blocks=range(3))
    before = server.admin.keys()
    for options in ((), ("--quiet",)):
        for answer in ("", "n\n", "\n", " y\n", "yess\n", "no\ny\n"):
            status, text = _run(world, store, "--erase", *options, stdin=answer)
            expect_equal(status, 1, f"exit status after {answer!r}")
            expect("[y/N]" in text, f"no question in: {text}")
            expect_equal(server.admin.keys(), before, f"keys after {answer!r}")
    for answer in ("y\n", "YES\n", "Y", "yes  \n"):
        server, store = _filled(world, blocks=range(3))
        status, text = _run(world, store, "--erase", stdin=answer)
        expect_equal(status, 0, f"exit status after {answer!r}, saying {text}")
        expect_equal(server.admin.keys(), [], f"keys after {answer!r}")


@case("--erase takes more blocks than one list or one bulk deletion names", time_limit=90)
def _erase_many(world):
    count = 2100
    server = world.server()
    for number in range(count):
        server.admin.put(block_key(number), b"x")
    store = world.http_store(server)
    status, text = world.run_to_end("--erase", "--force", f"--size={4096 * count}",
                                    "--blockSize=4k", *store.options, store.bucket, timeout=60)
    expect_equal(status, 0, f"exit status, saying {text}")
    expect(str(count) in text, f"{count} is not named in: {text}")
    expect_equal(server.admin.keys(), [], "keys")


@case("--erase and --reset-mounted-flag want no mount point, and sizes")
def _no_mount_point(world):
    server, store = _filled(world)
    before = server.admin.keys()
    mount = world.new_path("mnt")
    os.makedirs(mount)
    for option in ("--erase", "--reset-mounted-flag"):
        status, text = world.run_to_end(option, "--force", *SIZE, *store.options, store.bucket,
                                        mount)
        expect_equal(status, 1, f"exit status with a mount point, saying {text}")
        expect("mount" in text and "offered" not in text, f"no reason in: {text}")
        status, text = world.run_to_end(option, "--force", *store.options, store.bucket)
        expect_equal(status, 1, f"exit status without a size, saying {text}")
        expect("--size" in text or "file size" in text, f"no reason in: {text}")
    expect_equal(server.admin.keys(), before, "keys")


@case("of --erase and --reset-mounted-flag together the first counts, and nothing to erase is fine")
def _both(world):
    server, store = _filled(world)
    for _ in range(2):
        status, text = _run(world, store, "--reset-mounted-flag", "--erase", "--force")
        expect_equal((status, server.admin.keys()), (0, []), f"status and keys: {text}")


# The mounted flag.

@case("--reset-mounted-flag deletes the token and nothing else; then a mount succeeds", smoke=True)
def _reset(world):
    server, store = _filled(world)
    world.refused(store, *SIZE)
    status, text = _run(world, store, "--reset-mounted-flag")
    expect_equal(status, 0, f"exit status, saying {text}")
    expect_equal(server.admin.keys(), [block_key(n) for n in range(COUNT)], "keys")
    expect_equal(_run(world, store, "--reset-mounted-flag")[0], 0, "exit status without a token")
    world.mount(store, *SIZE).unmount()


@case("--reset-mounted-flag that is refused ends with 1 and says so")
def _reset_refused(world):
    server, store = _filled(world)
    server.admin.fault(method="DELETE", status=403, count=0)
    status, text = _run(world, store, "--reset-mounted-flag")
    expect_equal(status, 1, f"exit status, saying {text}")
    expect(re.search("(?i)token|flag", text) and "offered" not in text, f"no reason in: {text}")
    expect(TOKEN_KEY in server.admin.keys(), "the token was deleted")


@case("a flag of old versions, without a number, counts as token 1")
def _old_flag(world):
    server = world.server()
    server.admin.put(TOKEN_KEY, b"")
    text = world.refused(world.http_store(server), *SIZE)
    expect("0x00000001" in text, f"no token in: {text}")


# Races.

def expect_one_mounts(world, server, store, size, rounds=3):
    """Two daemons started at once: one is mounted and keeps its token, the other ends with 1."""
    for _ in range(rounds):
        _race(world, server, [world.start(*world.arguments(store, mount, ("-f", *size)))
                              for mount in _two_mounts(world)])


def _two_mounts(world):
    for _ in range(2):
        mount = world.new_path("mnt")
        os.makedirs(mount)
        yield mount


def _race(world, server, pair):
    wait_until(lambda: not all(p.running() for p in pair), "one of two gives up",
               watch=[(p.fd, select.POLLIN) for p in pair])
    losers = [p for p in pair if not p.running()]
    expect_equal(len(losers), 1, "daemons that gave up")
    expect_equal(losers[0].wait(), 1, "exit status of the loser")
    winner = next(p for p in pair if p.running())
    headers = server.admin.object_headers(TOKEN_KEY)
    expect(headers is not None, "the loser has removed the winner's token")
    winner.send(15)
    expect_equal(winner.wait(60), 0, "exit status of the winner")
    expect_equal(server.admin.object_headers(TOKEN_KEY), None, "token at the end")


@case("of two that mount at once, both past all questions, exactly one mounts, with its token "
      "untouched")
def _mount_race(world):
    server = world.server()
    store = world.http_store(server)
    server.admin.fault(method="PUT", key=TOKEN_KEY, hold=True, count=2)
    pair = [world.start(*world.arguments(store, mount, ("-f", *SIZE)))
            for mount in _two_mounts(world)]
    server.admin.wait(held=2)
    server.admin.release(1)
    server.admin.wait(method="PUT", key=TOKEN_KEY, count=1)
    token = server.admin.object_headers(TOKEN_KEY)[TOKEN_HEADER]
    server.admin.release()
    server.admin.wait(method="PUT", key=TOKEN_KEY, count=2)
    expect_equal(server.admin.object_headers(TOKEN_KEY)[TOKEN_HEADER], token,
                 "the first one's token after the second one's attempt")
    _race(world, server, pair)


@case("two that are started at the same time do not both mount")
def _mount_race_free(world):
    server = world.server()
    expect_one_mounts(world, server, world.http_store(server), SIZE)


# Lists at the start.

def _received(server):
    return {method: count for method, count in server.admin.received().items() if count}


SURVEYED = "(?i)(survey|listing non).*(complet|done|found)"


@case("after the survey of --listBlocks absent blocks cost no request", smoke=True)
def _survey(world):
    server, store = _filled(world, blocks=(0, 3, 7), token=False)
    daemon = world.mount(store, *SIZE, "--listBlocks", "--readAhead=0")
    daemon.wait_log_matching(SURVEYED)
    server.admin.reset()
    with DirectFile(daemon.file) as file:
        for number in range(COUNT):
            wanted = pattern(number, BLOCK) if number in (0, 3, 7) else bytes(BLOCK)
            expect(file.read(number * BLOCK, BLOCK) == wanted, f"wrong data in block {number}")
        file.write(9 * BLOCK, bytes(2 * BLOCK))
        file.sync()
        expect_equal(_received(server), {"GET": 3}, "requests")
        file.write(9 * BLOCK + 4096, pattern(1, 4096))
        file.sync()
    expect_equal(_received(server), {"GET": 3, "PUT": 1}, "requests after a partial write")
    daemon.unmount()


@case("what is written while the survey runs is not taken for absent")
def _survey_and_writes(world):
    server, store = _filled(world, blocks=(0,), token=False)
    server.admin.fault(method="LIST", hold=True, count=0)
    daemon = world.mount(store, *SIZE, "--listBlocks", "--readAhead=0", "--blockCacheSize=2")
    server.admin.wait(held=1)
    with DirectFile(daemon.file) as file:
        for number in range(5, 12):
            file.write(number * BLOCK, pattern(number, BLOCK))
        file.sync()
        server.admin.let_all_go()
        daemon.wait_log_matching(SURVEYED)
        for number in range(5, 12):
            expect(file.read(number * BLOCK, BLOCK) == pattern(number, BLOCK),
                   f"block {number} is lost")
    daemon.unmount()


@case("mkfs and mount of an empty volume with --listBlocks read nothing", needs=("loop",))
def _survey_and_ext4(world):
    server = world.server()
    store = world.http_store(server)
    daemon = world.mount(store, "--size=64m", "--blockSize=64k", "--listBlocks")
    daemon.wait_log_matching(SURVEYED)
    server.admin.reset()
    loop = world.loop(daemon.file)
    make_file_system("ext4", loop.device, world.directory)
    fs = world.mount_fs(loop.device)
    with open(os.path.join(fs.point, "file"), "wb") as file:
        file.write(pattern(1, 1 << 20))
    fs.unmount()
    loop.detach()
    daemon.unmount()
    expect_equal(server.admin.received().get("GET", 0), 0, "GETs")


@case("a survey that is refused is reported, and the volume serves")
def _survey_refused(world):
    server, store = _filled(world, token=False)
    server.admin.fault(method="LIST", status=403, count=0)
    daemon = world.mount(store, *SIZE, *IMPATIENT, "--listBlocks")
    daemon.wait_log_matching("(?i)survey.*(fail|cannot|gave up|cancel)")
    with DirectFile(daemon.file, os.O_RDONLY) as file:
        expect(file.read(3 * BLOCK, BLOCK) == pattern(3, BLOCK), "wrong data")
    daemon.unmount()


@case("a volume is mounted and read while its survey is under way, and unmounted before its end")
def _survey_in_background(world):
    server, store = _filled(world, token=False)
    server.admin.fault(method="LIST", hold=True, count=0)
    daemon = world.mount(store, *SIZE, "--listBlocks")
    server.admin.wait(held=1)
    with DirectFile(daemon.file, os.O_RDONLY) as file:
        expect(file.read(3 * BLOCK, BLOCK) == pattern(3, BLOCK), "wrong data")
    daemon.unmount()


# Retry-After.

def _busy(retry_after):
    return acts.document(503, b"", {"Retry-After": retry_after})


@case("Retry-After sets the pause, within maxRetryPause; rubbish in it does not matter")
def _retry_after(world):
    with hostile(world) as h:
        daemon = world.mount(h.store, "--readAhead=0", "--initialRetryPause=5",
                             "--maxRetryPause=1500")
        with DirectFile(daemon.file, os.O_RDONLY) as file:
            def read(number):
                return file.read(number * BLOCK, BLOCK)
            h.server.misbehave(_busy("1"), "GET", block_key(1))
            expect(read(1) == pattern(1, BLOCK), "wrong data")
            expect(re.search("will retry.* in=1[0-9]{3}ms", daemon.log()), "not a second's pause")
            for number, rubbish in enumerate(("", "-1", "1e99", "soon", "9" * 400), 2):
                h.server.misbehave(_busy(rubbish), "GET", block_key(number))
                expect(read(number) == pattern(number, BLOCK), f"wrong data after {rubbish!r}")
            always = h.server.misbehave(_busy("86400"), "GET", block_key(9), count=0)
            expect_errno(errno.EIO, lambda: read(9), "read that is to wait for a day")
            expect(always.used >= 1, "it was never asked")
        daemon.unmount()
