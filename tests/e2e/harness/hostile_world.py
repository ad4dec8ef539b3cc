# SPDX-License-Identifier: Apache-2.0
"""A volume on the hostile server, and what must hold for the daemon however it is treated."""
import contextlib
import os
import re
import resource

from harness.files import DirectFile, pattern
from harness.hostile_server import ACCESS_ID, BUCKET, SECRET, HostileServer
from harness.registry import Failure, expect
from harness.servers import TOKEN_KEY, Authority, block_key
from harness.stores import s3_store

BLOCK = 65536
COUNT = 16
SIZE = (f"--size={BLOCK * COUNT}", f"--blockSize={BLOCK}")
# The headers of block 0.
GEOMETRY = {"x-amz-meta-s3backer-filesize": str(BLOCK * COUNT),
            "x-amz-meta-s3backer-blocksize": str(BLOCK)}
# Three attempts, at once.
IMPATIENT = ("--initialRetryPause=5", "--maxRetryPause=10")
LAZY = ("--readAhead=0", "--blockCacheWriteDelay=600000")
# How far the daemon's memory may have grown at its worst. Sanitizers keep what is freed.
MEMORY_GROWTH = 64 << 20
MEMORY_GROWTH_SANITIZED = 512 << 20
# A block that no rule is about.
GOOD_BLOCK = COUNT - 1


class Hostile:
    """The server with data in all its blocks, and a daemon that is mounted on it."""

    def __init__(self, world, server):
        self.world = world
        self.secrets = []  # besides those that the server sees: (text, what it is)
        self.server = server
        self.store = s3_store(server.url, BUCKET, ACCESS_ID, SECRET, ca_file=server.ca_file)
        self.daemon = None
        self._peak = 0

    def mount(self, *options):
        return self.watch(self.world.mount(self.store, *SIZE, *IMPATIENT, *LAZY,
                                           *talkative(self.world), *options))

    def watch(self, daemon):
        """This one is meant from now on."""
        self.daemon = daemon
        self._peak = peak_memory(daemon.pid)
        return daemon

    def read(self, number):
        with DirectFile(self.daemon.file, os.O_RDONLY) as file:
            return file.read(number * BLOCK, BLOCK)

    def expect_right(self, number):
        expect(self.read(number) == pattern(number, BLOCK), f"wrong data in block {number}")

    def expect_failure(self, number, *errors):
        """A read of the block must fail with one of these."""
        try:
            self.read(number)
        except OSError as error:
            expect(error.errno in errors, f"read of block {number}: {error}")
            return
        raise Failure(f"block {number} was read")

    def expect_log(self, words):
        """`words`: a regular expression for a line."""
        expect(re.search(words, self.daemon.log()), f"the log does not say '{words}'")

    def end(self):
        """Alive, serving, not grown, silent about secrets; then it unmounts and ends well."""
        self.server.behave()
        self.expect_right(GOOD_BLOCK)
        expect(self.daemon.process.running(), "the daemon has ended")
        self.expect_not_grown()
        self.daemon.unmount()
        expect(self.server.object(TOKEN_KEY) is None, "the token is still there")
        expect_no_secrets(self.server, self.daemon.log(), self.secrets)

    def expect_not_grown(self):
        grown = peak_memory(self.daemon.pid) - self._peak
        expect(grown < memory_growth(self.world), f"its memory has grown by {grown >> 20} MiB")


@contextlib.contextmanager
def hostile(world, tls=False, filled=True):
    """A Hostile with its server; the server behaves again when the test has failed."""
    server = HostileServer(Authority(world.new_path("tls")) if tls else None)
    world.on_close(server.close)
    for number in range(COUNT if filled else 0):
        server.put(block_key(number), pattern(number, BLOCK), GEOMETRY if number == 0 else None)
    try:
        yield Hostile(world, server)
    finally:
        server.behave()


def talkative(world):
    """The options that make the daemon say most."""
    _, text = world.run_to_end("--help")
    return ("--debug", "--debug-http") if "--debug-http" in text else ("--debug",)


def expect_no_secrets(server, text, more=()):
    """`more`: what else must not be in the text, (text, what it is)."""
    for secret, name in ((SECRET, "secret key"), *server.secrets.items(), *more):
        if secret in text:
            line = next(line for line in text.splitlines() if secret in line)
            raise Failure(f"the {name} is in its log: {line[:200]}")


def memory_growth(world):
    return MEMORY_GROWTH_SANITIZED if world.settings.smoke else MEMORY_GROWTH


def peak_memory(pid):
    """Bytes that the process had resident at its worst."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(re.search(r"VmHWM:\s+(\d+) kB", file.read()).group(1)) << 10


def expect_small_children(world):
    """No program that this test has run to its end was large."""
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss << 10
    limit = 2 * memory_growth(world)
    expect(peak < limit, f"a program of this test took {peak >> 20} MiB")
