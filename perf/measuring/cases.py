# SPDX-License-Identifier: Apache-2.0
"""Which cases a run has: few for --quick, curves for --full."""
from .figures import Case


def mib_of(block, latency):
    """As much as the slowest subject moves in some seconds."""
    if latency == 0:
        return {4: 16, 64: 96, 1024: 128, 8192: 128}[block]
    return {4: 4, 64: 24, 1024: 64, 8192: 128}[block]


def _sequential(block, latency, **more):
    return Case("sequential", block=block, latency=latency, mib=mib_of(block, latency), **more)


def quick():
    return [_sequential(64, 0), _sequential(1024, 0), _sequential(4, 0), _sequential(64, 20),
            Case("warm"), Case("cold-random", latency=20, block=64, mib=64),
            Case("mount", latency=20), Case("fsync", latency=20, policy="store"),
            Case("cache-file", mib=96), Case("mixed", latency=5), Case("ext4", latency=5)]


def full():
    cases = [_sequential(block, latency) for block in (4, 64, 1024, 8192)
             for latency in (0, 5, 20, 80) if (block, latency) != (4, 80)]
    cases += [_sequential(64, 0, mode=mode) for mode in ("compress", "encrypt")]
    cases += [_sequential(64, 20, threads=threads) for threads in (5, 64)]
    # Long enough for windows to be large most of the time.
    cases += [Case("sequential", block=block, latency=20, mib=256) for block in (64, 1024)]
    cases += [Case("warm")]
    cases += [Case("cold-random", latency=latency, block=block, mib=64)
              for latency in (5, 20, 80) for block in (4, 64)]
    cases += [Case("mixed", latency=latency) for latency in (0, 5, 20)]
    cases += [Case("fsync", latency=20, policy=policy) for policy in ("store", "cache", "none")]
    cases += [Case("mount", latency=latency) for latency in (0, 20, 80)]
    cases += [Case("cache-file", mib=1024), Case("cache-file", mib=256)]
    cases += [Case("list", blocks=blocks) for blocks in (10_000, 100_000, 1_000_000)]
    cases += [Case("memory", blocks=blocks) for blocks in (10_000, 100_000, 1_000_000)]
    cases += [Case("ext4", latency=latency) for latency in (0, 5, 20)]
    return cases
