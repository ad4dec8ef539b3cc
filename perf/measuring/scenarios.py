# SPDX-License-Identifier: Apache-2.0
"""What is measured. A scenario takes a Run and yields {figure: value}."""
import os
import statistics
import subprocess
import time

from bench_kit import MEGABYTE, sample_block
from .subjects import NotMeasured
from .tools import (GIB, LAZY, Used, fill, fio, percentile, read_all, store_all)

SCENARIOS = {}


def scenario(name):
    def register(function):
        SCENARIOS[name] = function
        return function
    return register


@scenario("sequential")
def _sequential(run):
    """Written until all is stored, then read by a fresh mount."""
    megabytes, mode = run.get("mib"), run.get("mode", "plain")
    if run.subject.name == "limit-http":
        return _network_limit(run)
    data = os.urandom(MEGABYTE) if mode == "plain" else sample_block(1)
    mounted = run.mount(2 * megabytes, cached=megabytes)
    begun = time.monotonic()
    fill(mounted, megabytes, data)
    store_all(mounted)
    usage = mounted.end()
    figures = {"write MB/s": megabytes / (time.monotonic() - begun),
               "write CPU s/GiB": _cpu(usage) * GIB / (megabytes * MEGABYTE),
               "write switches a MiB": _switches(usage) / megabytes}
    mounted = run.mount(2 * megabytes, cached=megabytes)
    begun = time.monotonic()
    read_all(mounted, megabytes, data)
    figures["read MB/s"] = megabytes / (time.monotonic() - begun)
    usage = mounted.end()
    figures["read CPU s/GiB"] = _cpu(usage) * GIB / (megabytes * MEGABYTE)
    figures["read switches a MiB"] = _switches(usage) / megabytes
    return figures


def _cpu(usage):
    return usage.ru_utime + usage.ru_stime


def _switches(usage):
    return usage.ru_nvcsw + usage.ru_nivcsw


def _network_limit(run):
    figures = {}
    for verb, name in (("put", "write"), ("get", "read")):
        rate, cpu = run.subject.rate(run.place, verb, run.get("block") * 1024, 64, 2)
        figures.update({f"{name} MB/s": rate, f"{name} CPU s/GiB": cpu})
    return figures


@scenario("warm")
def _warm(run):
    """4 KiB reads and writes of what is in the cache."""
    megabytes = 64
    mounted = run.mount(8 * megabytes, LAZY)  # so few dirty blocks are not sent for room
    fill(mounted, megabytes)
    figures = {}
    for pattern, word in (("randread", "reads"), ("randwrite", "writes")):
        for depth in (1, 16, 64) if word == "reads" else (1, 16):
            with Used(mounted) as used:
                side = fio(mounted.file, pattern, megabytes, depth, "--time_based", "--runtime=1")
            figures[f"QD{depth} {word}/s"] = side["iops"]
            figures[f"QD{depth} CPU us a {word[:-1]}"] = 1e6 * used.cpu / side["total_ios"]
            if depth == 1:
                figures[f"QD1 switches a {word[:-1]}"] = used.switches / side["total_ios"]
    mounted.kill()
    return figures


@scenario("cold-random")
def _cold_random(run):
    """4 KiB reads at random places of what only the store has."""
    megabytes = run.get("mib")
    mounted = run.mount(megabytes)
    fill(mounted, megabytes)
    mounted.end()
    figures = {}
    for depth, count in ((1, 60), (16, 1000), (64, 3000)):
        mounted = run.mount(megabytes, "--readAhead=0")
        side = fio(mounted.file, "randread", megabytes, depth, f"--number_ios={count}",
                   "--runtime=10")
        figures[f"QD{depth} reads/s"] = side["iops"]
        figures[f"QD{depth} p50 ms"] = percentile(side, 50)
        mounted.end()
    return figures


@scenario("mixed")
def _mixed(run):
    """Demand reads of other blocks, idle and while the write-back is saturated."""
    megabytes = 192
    mounted = run.mount(megabytes)
    fill(mounted, megabytes)
    mounted.end()
    mounted = run.mount(megabytes, "--readAhead=0", "--blockCacheWriteDelay=0", cached=64)
    figures = {}
    idle = fio(mounted.file, "randread", 64, 1, "--time_based", "--runtime=2")
    writer = subprocess.Popen(
        ["fio", "--name=w", "--filename=" + mounted.file, "--rw=write", "--bs=64k", "--direct=1",
         "--ioengine=io_uring", "--iodepth=32", "--offset=64m", "--size=128m", "--time_based",
         "--runtime=30"], stdout=subprocess.DEVNULL)
    try:
        while (mounted.statistic("block_cache_dirty_ratio") or 0) < 0.3:
            if writer.poll() is not None:
                raise NotMeasured("its write-back was never saturated")
            time.sleep(0.02)
        busy = fio(mounted.file, "randread", 64, 1, "--time_based", "--runtime=3")
    finally:
        writer.terminate()
        writer.wait()
    for word, side in (("idle", idle), ("busy", busy)):
        for percent in (50, 99, 99.9):
            figures[f"{word} p{percent} ms"] = percentile(side, percent)
    figures["p99 busy over idle"] = figures["busy p99 ms"] / figures["idle p99 ms"]
    mounted.kill()
    return figures


@scenario("fsync")
def _fsync(run):
    """A 4 KiB write and an fsync, again and again."""
    policy = run.get("policy")
    more = []
    if policy != "store":
        run.ours_only()
        more.append("--fsyncPolicy=" + policy)
    if policy == "cache":
        more.append("--blockCacheFile=" + os.path.join(run.folder, "cache"))
    mounted = run.mount(16, *more)
    times = []
    descriptor = os.open(mounted.file, os.O_RDWR)
    try:
        for number in range(50):
            os.pwrite(descriptor, os.urandom(4096), number * 65536)
            begun = time.monotonic()
            os.fsync(descriptor)
            times.append(1000 * (time.monotonic() - begun))
    finally:
        os.close(descriptor)
    mounted.end()
    _remove_cache(run)
    return {"fsync p50 ms": statistics.median(times), "fsync max ms": max(times)}


def _remove_cache(run):
    path = os.path.join(run.folder, "cache")
    if os.path.exists(path):
        os.unlink(path)


@scenario("mount")
def _mount(run):
    """From the start of the program until it serves, of a volume with data."""
    mounted = run.mount(16)
    fill(mounted, 1)
    mounted.end()
    mounted = run.mount(16)
    ready = 1000 * mounted.ready_seconds
    begun = time.monotonic()
    mounted.end()
    return {"ready ms": ready, "unmount ms": 1000 * (time.monotonic() - begun)}


@scenario("cache-file")
def _cache_file(run):
    """Written through a cache file, then read by a mount that has it from before."""
    megabytes = run.get("mib")
    more = ("--blockCacheFile=" + os.path.join(run.folder, "cache"), LAZY)
    mounted = run.mount(megabytes, *more)
    begun = time.monotonic()
    fill(mounted, megabytes)
    written = time.monotonic() - begun
    usage = mounted.end()
    figures = {"write MB/s": megabytes / written,
               "until stored MB/s": megabytes / (time.monotonic() - begun),
               "CPU s/GiB": _cpu(usage) * GIB / (megabytes * MEGABYTE)}
    mounted = run.mount(megabytes, *more, "--readAhead=0")
    figures["restart ready ms"] = 1000 * mounted.ready_seconds
    side = fio(mounted.file, "randread", megabytes, 1, "--number_ios=2000", "--runtime=5")
    figures["first reads/s"] = side["iops"]
    mounted.end()
    _remove_cache(run)
    return figures


@scenario("list")
def _list(run):
    """A survey of a bucket with many objects, and discarding all of them."""
    run.ours_only()
    megabytes = max(1, run.get("blocks") * 4 // 1024)
    blocks = megabytes * 256
    mounted = run.mount(megabytes, block=4, cached=64)
    begun = time.monotonic()
    fill(mounted, megabytes)
    mounted.end()
    stored = time.monotonic() - begun
    mounted = run.mount(megabytes, "--listBlocks", block=4, cached=64)
    begun = time.monotonic()
    subprocess.run(["fallocate", "--punch-hole", "-l", f"{megabytes}MiB", mounted.file],
                   check=True)
    store_all(mounted)
    discarded = time.monotonic() - begun
    mounted.end()
    return {"stored blocks/s": blocks / stored, "discarded blocks/s": blocks / discarded}


@scenario("memory")
def _memory(run):
    """What is resident at the most, over the size of the cache, with all of it dirty or clean."""
    blocks = run.get("blocks")
    if blocks > 100_000:
        run.ours_only("it would take too long")
    megabytes = blocks * 4 // 1024
    mounted = run.mount(2 * megabytes, block=4, cached=megabytes)
    data = os.urandom(MEGABYTE)
    fill(mounted, megabytes + megabytes // 4, data)
    store_all(mounted)
    dirty = mounted.peak_memory() / MEGABYTE - megabytes
    mounted.end()
    mounted = run.mount(2 * megabytes, block=4, cached=megabytes)
    read_all(mounted, megabytes + megabytes // 4, data)
    clean = mounted.peak_memory() / MEGABYTE - megabytes
    mounted.end()
    return {"MiB over the cache, written": dirty, "MiB over the cache, read": clean}


def mounted_file_system(run, megabytes, *more):
    """An ext4 on a loop device on the file; (daemon, mount point, what undoes it)."""
    mounted = run.mount(megabytes, *more)
    subprocess.run(["mkfs.ext4", "-q", "-F", mounted.file], check=True)
    point = os.path.join(run.folder, "ext4")
    os.makedirs(point, exist_ok=True)
    subprocess.run(["mount", "-o", "loop", mounted.file, point], check=True)
    return mounted, point


@scenario("ext4")
def _ext4(run):
    """A source tree unpacked, small writes with fsync, commits of SQLite."""
    from .ext4 import commits, synced_writes, unpacked  # only here: needs a database
    mounted, point = mounted_file_system(run, 256)
    try:
        figures = {"untar s": unpacked(run.folder, point),
                   "synced writes/s": synced_writes(point),
                   "commits/s": commits(point)}
    finally:
        subprocess.run(["umount", point], check=True)
    mounted.end()
    return figures
