# SPDX-License-Identifier: Apache-2.0
"""The benchmark measures, keeps, shows and compares. How fast anything is, is not asked here."""
import json
import os

from harness.procs import run
from harness.registry import case, expect, expect_equal

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), *[os.pardir] * 3))
PROGRAM = os.path.join(ROOT, "perf", "bench")


def _bench(world, *arguments, check=True):
    return run([PROGRAM, *arguments], world.directory, timeout=100, check=check)


def _measured(world, *more):
    """The samples of one round of a case."""
    _bench(world, "--binary", world.settings.binary, "--server", world.settings.server_binary,
           "--place", world.directory, "--out", world.path("out"), "--rounds=1", "--alone", *more)
    with open(world.path("out/results.jsonl"), encoding="utf-8") as file:
        return [record for record in map(json.loads, file) if record["kind"] == "sample"]


@case("the benchmark measures two builds beside each other and shows what came out")
def _two_builds(world):
    samples = _measured(world, "--against", world.settings.binary, "--only=mount latency=20")
    expect_equal([sample["subject"] for sample in samples], ["ours", "peer"], "subjects")
    for sample in samples:
        expect_equal(set(sample["figures"]), {"ready ms", "unmount ms"}, "figures")
        expect(all(value > 0 for value in sample["figures"].values()), str(sample))
    _, text = _bench(world, "report", world.path("out/results.jsonl"))
    expect("| ready ms | " in text, text)
    with open(world.path("out/results.html"), encoding="utf-8") as file:
        expect("<td>ready ms" in file.read(), "the page lacks a figure")


@case("each scenario of the quick benchmark runs to its end", time_limit=180)
def _scenarios(world):
    samples = _measured(world, "--minutes=0.01", "--only=sequential block=4", "--only=warm",
                        "--only=cold-random", "--only=fsync", "--only=cache-file", "--only=ext4")
    expect_equal(len({sample["scenario"] for sample in samples}), 6, "scenarios")


@case("comparing two results names what is worse, and only that")
def _compare(world):
    samples = _measured(world, "--only=mount latency=20")
    kept = world.path("out/results.jsonl")
    slower = world.path("slower.jsonl")
    with open(slower, "w", encoding="utf-8") as file:
        for sample in samples:
            sample["figures"]["ready ms"] *= 1.5
            file.write(json.dumps(sample) + "\n")
    status, text = _bench(world, "compare", kept, slower, check=False)
    expect_equal(status, 1, "status")
    expect("ready ms is worse by 50 %" in text and "unmount" not in text, text)
    for before, after in ((kept, kept), (slower, kept)):
        status, text = _bench(world, "compare", before, after)
        expect("nothing is worse" in text, text)
    status, _ = _bench(world, "compare", kept, slower, "--threshold=0.6")
    expect_equal(status, 0, "status with another threshold")
