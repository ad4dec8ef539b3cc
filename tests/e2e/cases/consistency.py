# SPDX-License-Identifier: Apache-2.0
"""Stores that show an old version, or none, for a while after a write.

Source: cache-and-consistency.md 4.
"""
import errno
import os

from harness.files import DirectFile, pattern
from harness.registry import case, expect, expect_errno, expect_equal
from harness.servers import block_key

BLOCK = 4096
AT = 5 * BLOCK
KEY = block_key(5)
# Without a cache each read asks the store; the pauses sum up to less than the time of the table.
VOLUME = ("--size=1m", f"--blockSize={BLOCK}", "--blockCacheSize=0", "--initialRetryPause=10",
          "--maxRetryPause=500")


def _statistics(daemon):
    """{label: first word} of the statistics file."""
    with open(os.path.join(daemon.mount, "stats"), encoding="ascii") as file:
        return {words[0]: words[1] for words in (line.split() for line in file)}


def _reads_its_writes(world, *options):
    server = world.server()
    daemon = world.mount(world.http_store(server), *VOLUME, *options)
    with DirectFile(daemon.file) as file:
        # The version before is none at first: a 404 must not become zeros.
        for version in (1, 2):
            file.write(AT, pattern(version, BLOCK))
            server.admin.fault(method="GET", key=KEY, stale=True, count=3)
            expect(file.read(AT, BLOCK) == pattern(version, BLOCK),
                   f"version {version} was not read")
            expect_equal(server.admin.received(KEY).get("GET"), 4 * version, "GETs")
        server.admin.fault(method="GET", key=KEY, stale=True, count=0)
        expect_errno(errno.EIO, lambda: file.read(AT, BLOCK), "a read of another version")
        server.admin.clear_faults()
        expect(file.read(AT, BLOCK) == pattern(2, BLOCK), "the version was not read afterwards")
    statistics = _statistics(daemon)
    expect_equal(statistics["md5_cache_current_size"], "1", "blocks remembered")
    expect(int(statistics["http_stale"]) >= 4, "no answer 412 was counted")
    daemon.unmount()


@case("with consistency=eventual a read sees the last write although the store shows older ones",
      smoke=True)
def _eventual(world):
    _reads_its_writes(world, "--consistency=eventual", "--minWriteDelay=0")


@case("with the options of an old fstab a read sees the last write")
def _old_options(world):
    _reads_its_writes(world, "-o", "md5CacheSize=10000,md5CacheTime=10000,minWriteDelay=500")
