#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whether the hot paths need more instructions than before: by more than 5 % is a failure.

Runs each workload of build/release/perf/counted under callgrind, twice with different counts, and
compares the instructions of our own code (not of libraries, which choose by the processor) with
perf/instructions.txt. --update writes that file. Noise of the machine plays no part.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
KEPT = os.path.join(ROOT, "perf", "instructions.txt")
LIMIT = 0.05
COUNTS = (200, 1200)


def own_instructions(text, program):
    """The sum of the costs that callgrind has noted for the code in `program`."""
    total = 0
    ours = False
    after_calls = False
    for line in text.splitlines():
        if line.startswith("ob="):
            ours = os.path.basename(line[3:]) == program
        elif line.startswith("calls="):
            after_calls = True  # the next line is what the callee has cost
        elif re.match(r"[+\-*\d]", line):
            if ours and not after_calls:
                total += int(line.split()[1])
            after_calls = False
    return total


def count(program, name, times):
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out")
        subprocess.run(["valgrind", "--tool=callgrind", "--compress-strings=no",
                        "--compress-pos=no", "--callgrind-out-file=" + out, program, name,
                        str(times)], check=True, stderr=subprocess.DEVNULL)
        with open(out, encoding="utf-8") as file:
            return own_instructions(file.read(), os.path.basename(program))


def per_step(program, name):
    """Instructions of one step: the start-up is in both runs."""
    few, many = (count(program, name, times) for times in COUNTS)
    return (many - few) / (COUNTS[1] - COUNTS[0])


def read_kept(path):
    kept = {}
    with open(path, encoding="ascii") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                name, value = line.split()
                kept[name] = float(value)
    return kept


def write_kept(path, found):
    with open(path, "w", encoding="ascii") as file:
        file.write("# Instructions of a step of each workload, of our own code (preset release).\n"
                   "# scripts/check_instructions.py compares them, --update writes them.\n")
        for name, value in found.items():
            file.write(f"{name} {value:.1f}\n")


def complaints(found, kept):
    lines = []
    for name, value in found.items():
        if name not in kept:
            lines.append(f"{name}: not in perf/instructions.txt; run with --update")
        elif value > kept[name] * (1 + LIMIT):
            lines.append(f"{name}: {value:.0f} instructions a step, {kept[name]:.0f} before; if "
                         "that has a reason, run with --update and give it in the commit")
    return lines + [f"{name}: there is no such workload" for name in kept if name not in found]


def self_test():
    text = ("ob=/x/counted\nfn=a\n10 5\ncalls=1 20\n10 700\nob=/lib/libc.so\nfn=b\n20 40\n"
            "ob=/x/counted\nfn=c\n3 2\n")
    assert own_instructions(text, "counted") == 7
    assert complaints({"a": 105.0}, {"a": 100.0}) == []
    assert len(complaints({"a": 106.0, "new": 1.0}, {"a": 100.0, "gone": 1.0})) == 3
    print("ok")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--program",
                        default=os.path.join(ROOT, "build", "release", "perf", "counted"))
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--self-test", action="store_true")
    options = parser.parse_args()
    if options.self_test:
        return self_test()
    names = subprocess.run([options.program], stdout=subprocess.PIPE, text=True,
                           check=True).stdout.split()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        values = pool.map(lambda name: per_step(options.program, name), names)
        found = dict(zip(names, values))
    if options.update:
        write_kept(KEPT, found)
        return 0
    wrong = complaints(found, read_kept(KEPT))
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
