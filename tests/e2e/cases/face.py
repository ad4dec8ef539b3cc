# SPDX-License-Identifier: Apache-2.0
"""What the mount point shows: names, attributes, sizes, the statistics file."""
import os
import re
import stat
import time

from harness.files import DirectFile, pattern, read_at
from harness.mounts import MountTable
from harness.registry import case, expect, expect_equal

BLOCK = 65536
COUNT = 16
SIZE = (f"--size={BLOCK * COUNT}", f"--blockSize={BLOCK}")

HTTP_LABELS = """http_normal_blocks_read http_normal_blocks_written http_zero_blocks_read
http_zero_blocks_written http_gets http_puts http_deletes http_avg_get_time http_avg_put_time
http_avg_delete_time http_unauthorized http_forbidden http_stale http_verified http_mismatch
http_5xx_error http_4xx_error http_other_error http_canceled_writes http_num_retries
http_total_retry_delay curl_handle_reuse_ratio curl_timeouts curl_connect_failed curl_host_unknown
curl_out_of_memory curl_other_error""".split()
OUR_LABELS = """blocks_to_be_deleted oldest_dirty_age memory_budget_bytes read_ahead_blocks
read_ahead_unused_blocks http_hedged_reads http_hedged_reads_won http_reads_in_flight
http_writes_in_flight http_lists_in_flight""".split()
CACHE_LABELS = """block_cache_current_size block_cache_initial_size block_cache_dirty_ratio
block_cache_read_hits block_cache_read_misses block_cache_read_hit_ratio block_cache_write_hits
block_cache_write_misses block_cache_write_hit_ratio block_cache_verified
block_cache_mismatch""".split()


def _stats(daemon):
    """{label: value} of the statistics file, in order."""
    with open(daemon.stats, encoding="ascii") as file:
        lines = file.read().splitlines()
    found = {}
    for line in lines:
        match = re.fullmatch(r"(\w+) +([0-9.]+)(?: sec| blocks)?", line)
        expect(match, f"line of the statistics file: {line!r}")
        expect(len(match.group(1)) > 28 or match.start(2) == 29, f"column of the value: {line!r}")
        found[match.group(1)] = float(match.group(2))
    return found


@case("the directory has the file and the statistics file, with their attributes", smoke=True)
def _attributes(world):
    before = int(time.time())
    daemon = world.mount(world.directory_store(), *SIZE)
    after = time.time()
    expect_equal(sorted(os.listdir(daemon.mount)), ["file", "stats"], "listing")
    root, file, stats = (os.stat(p) for p in (daemon.mount, daemon.file, daemon.stats))
    expect_equal((stat.filemode(root.st_mode), root.st_nlink, root.st_ino, root.st_size),
                 ("drwxr-xr-x", 2, 1, 0), "root directory")
    expect_equal((stat.filemode(file.st_mode), file.st_nlink, file.st_ino, file.st_size),
                 ("-rw-------", 1, 2, BLOCK * COUNT), "file")
    expect_equal((stat.filemode(stats.st_mode), stats.st_nlink, stats.st_ino),
                 ("-r--r--r--", 1, 3), "statistics file")
    expect(stats.st_size > 100, "the statistics file is empty")
    for one in (root, file, stats):
        expect_equal((one.st_uid, one.st_gid), (os.getuid(), os.getgid()), "owner")
    for one in (root, file):
        expect(before <= one.st_mtime <= after, f"time {one.st_mtime}, mounted at {before}")
    daemon.unmount()


@case("statfs shows the geometry, and as free what is known to hold no data")
def _statfs(world):
    daemon = world.mount(world.directory_store(), *SIZE, "--readAhead=0")
    for path in (daemon.mount, daemon.file):
        s = os.statvfs(path)
        expect_equal((s.f_bsize, s.f_frsize, s.f_blocks, s.f_bfree, s.f_bavail, s.f_files),
                     (BLOCK, BLOCK, COUNT, 0, 0, 3), "statfs")
    with DirectFile(daemon.file) as file:
        expect_equal(file.read(0, 2 * BLOCK), bytes(2 * BLOCK), "blocks without an object")
        expect_equal(os.statvfs(daemon.mount).f_bfree, 2, "free blocks")
        file.write(BLOCK, pattern(1, BLOCK))
        file.sync()
    expect_equal(os.statvfs(daemon.mount).f_bfree, 1, "free blocks after a write")
    daemon.unmount()


@case("the mount table shows the source, type and options that s3backer always had")
def _mount_table(world):
    store = world.directory_store()
    daemon = world.mount(store, *SIZE)
    table = MountTable()
    _, fstype, source, options, _ = table.row(daemon.mount)
    table.close()
    expect_equal(fstype, "fuse.s3backer", "type")
    expect_equal(source, f"file://{store.bucket}/", "source")
    expect({"rw", "nosuid", "nodev"} <= set(options.split(",")), f"options {options}")
    daemon.unmount()


@case("filename, statsFilename and fileMode change names and mode")
def _names(world):
    daemon = world.mount(world.directory_store(), *SIZE, "--filename=disk.img",
                         "--statsFilename=numbers", "--fileMode=0640")
    expect_equal(sorted(os.listdir(daemon.mount)), ["disk.img", "numbers"], "listing")
    mode = os.stat(os.path.join(daemon.mount, "disk.img")).st_mode
    expect_equal(stat.filemode(mode), "-rw-r-----", "mode")
    daemon.unmount()


@case("an empty statsFilename hides the statistics file")
def _no_stats(world):
    daemon = world.mount(world.directory_store(), *SIZE, "--statsFilename=")
    expect_equal(os.listdir(daemon.mount), ["file"], "listing")
    expect(not os.path.exists(daemon.stats), "there is a statistics file")
    daemon.unmount()


@case("options in one -o list mean the same as those with dashes")
def _mount_options(world):
    daemon = world.mount(world.directory_store(), "-o",
                         f"size={BLOCK * COUNT},blockSize=64k,filename=disk", "-o", "fileMode=0444")
    disk = os.stat(os.path.join(daemon.mount, "disk"))
    expect_equal((disk.st_size, stat.filemode(disk.st_mode)), (BLOCK * COUNT, "-r--r--r--"),
                 "size and mode")
    daemon.unmount()


@case("the statistics file has the known labels, and counts")
def _labels(world):
    server = world.server()
    daemon = world.mount(world.http_store(server), *SIZE, "--readAhead=0")
    before = _stats(daemon)
    for wanted in (HTTP_LABELS, CACHE_LABELS):
        expect_equal([label for label in before if label in wanted], wanted, "labels")
    # Ours stand behind those that programs know.
    ours = ["out_of_memory_errors", *OUR_LABELS]
    expect_equal(list(before)[-len(ours):], ours, "last labels")
    with DirectFile(daemon.file) as file:
        file.write(0, pattern(1, BLOCK))
        file.sync()
        file.write(0, bytes(BLOCK))
        file.sync()
        for _ in range(3):
            file.read(BLOCK, 4096)
    stats = _stats(daemon)
    changed = {k: v - before[k] for k, v in stats.items()}
    expect_equal({k: changed[k] for k in ("http_normal_blocks_written", "http_zero_blocks_written",
                                          "http_zero_blocks_read", "http_puts", "http_deletes")},
                 {"http_normal_blocks_written": 1, "http_zero_blocks_written": 1,
                  "http_zero_blocks_read": 1, "http_puts": 1, "http_deletes": 1}, "counters")
    daemon.unmount()


@case("in test mode, and without a cache, the statistics of what is not there are left out")
def _fewer_labels(world):
    daemon = world.mount(world.directory_store(), *SIZE)
    labels = _stats(daemon)
    expect(not set(labels) & set(HTTP_LABELS), "HTTP statistics in test mode")
    expect_equal([label for label in labels if label in CACHE_LABELS], CACHE_LABELS, "labels")
    daemon.unmount()
    daemon = world.mount(world.directory_store(), *SIZE, "--blockCacheSize=0")
    expect(not set(_stats(daemon)) & set(CACHE_LABELS), "cache statistics without a cache")
    daemon.unmount()


@case("removing the statistics file resets the counters and leaves the file, open or not")
def _reset(world):
    daemon = world.mount(world.http_store(world.server()), *SIZE)

    def puts():
        return _stats(daemon)["http_puts"]
    for still_open in (False, True):
        with DirectFile(daemon.file) as file:
            file.write(0, pattern(still_open, BLOCK))
            file.sync()
        expect(puts() > 0, "nothing counted")
        with open(daemon.stats, "rb") if still_open else open(os.devnull, "rb"):
            os.unlink(daemon.stats)
        expect_equal(puts(), 0, "http_puts after the reset")
        expect_equal(sorted(os.listdir(daemon.mount)), ["file", "stats"], "listing")
    daemon.unmount()


@case("an open statistics file keeps its text")
def _frozen(world):
    daemon = world.mount(world.directory_store(), *SIZE)
    with open(daemon.stats, "rb", buffering=0) as old:
        first = old.read(20)
        with DirectFile(daemon.file) as file:
            file.write(0, pattern(1, BLOCK))
        old.seek(0)
        again = old.read()
        expect_equal(again[:20], first, "text")
        with open(daemon.stats, "rb") as new:
            expect(new.read() != again, "the numbers did not change")
        expect_equal(old.read(), b"", "text after the end")
    daemon.unmount()


@case("what is written is read back at once, by all ways of access, at odd places", smoke=True)
def _odd_places(world):
    daemon = world.mount(world.directory_store(), *SIZE, "--blockCacheSize=3")
    wanted = bytearray(BLOCK * COUNT)
    with open(daemon.file, "r+b", buffering=0) as file:
        for number, (offset, length) in enumerate((
                (0, 1), (BLOCK - 1, 2), (5 * BLOCK - 100, 3 * BLOCK), (BLOCK * COUNT - 1, 1),
                (7, 4096), (9 * BLOCK, BLOCK), (9 * BLOCK + 4095, 4098))):
            data = pattern(number, length)
            expect_equal(os.pwrite(file.fileno(), data, offset), length, "bytes written")
            wanted[offset:offset + length] = data
            expect_equal(read_at(daemon.file, offset, length), data, "data just written")
    with DirectFile(daemon.file) as file:
        expect(file.read(0, len(wanted)) == wanted, "wrong data by direct I/O")
    daemon.unmount()
