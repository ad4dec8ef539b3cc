#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs clang-tidy-19 on what has changed since it last found nothing.

Needs a build of the preset clang: its compile_commands.json, and the dependencies ninja recorded.
A file is clean as long as it, the headers of the project it includes, its command line and
.clang-tidy stay the same; that is remembered in build/clang/tidy.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TIDY = "clang-tidy-19"


def digest_of(path, known={}):
    if path not in known:
        with open(path, "rb") as file:
            known[path] = hashlib.sha256(file.read()).hexdigest()
    return known[path]


def read_dependencies(build):
    """For each object file, the files of the project that it was compiled from."""
    output = subprocess.run(["ninja", "-C", build, "-t", "deps"], stdout=subprocess.PIPE,
                            check=True, text=True).stdout
    dependencies, current = {}, None
    for line in output.splitlines():
        if line and not line.startswith(" "):
            current = dependencies.setdefault(line.split(":")[0], set())
        elif line.strip():
            path = os.path.normpath(os.path.join(build, line.strip()))
            if path.startswith(ROOT + os.sep):
                current.add(path)
    return dependencies


def units(build):
    """(source file, key of all that decides what clang-tidy says about it)."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        commands = json.load(file)
    dependencies = read_dependencies(build)
    version = subprocess.run([TIDY, "--version"], stdout=subprocess.PIPE, check=True).stdout
    common = version + digest_of(os.path.join(ROOT, ".clang-tidy")).encode()
    for entry in commands:
        key = hashlib.sha256(common + entry["command"].encode())
        for path in sorted(dependencies.get(entry.get("output", ""), set()) | {entry["file"]}):
            if os.path.exists(path):
                key.update(path.encode() + digest_of(path).encode())
        yield entry["file"], key.hexdigest()


def check(build, source):
    command = [TIDY, "-p", build, "--quiet", source]
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return result.returncode == 0, result.stdout or result.stderr


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--build", default=os.path.join(ROOT, "build", "clang"))
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("files", nargs="*", help="sources to look at; default: all but the tests")
    options = parser.parse_args()
    build = os.path.abspath(options.build)
    stamps = os.path.join(build, "tidy")
    os.makedirs(stamps, exist_ok=True)
    wanted = {os.path.abspath(name) for name in options.files}
    # Tests have assertions of their own, and twice the lines.
    tests = os.path.join(ROOT, "tests") + os.sep
    todo = [(source, os.path.join(stamps, key)) for source, key in units(build)
            if (source in wanted if wanted else not source.startswith(tests))
            and not os.path.exists(os.path.join(stamps, key))]
    failed = set()
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        running = {pool.submit(check, build, source): (source, stamp) for source, stamp in todo}
        for done in concurrent.futures.as_completed(running):
            source, stamp = running[done]
            clean, output = done.result()
            if clean:
                open(stamp, "w", encoding="utf-8").close()
            else:
                failed.add(source)
                print(output, flush=True)
    print(f"clang-tidy: {len(todo)} files looked at, {len(failed)} with findings")
    if failed:
        print("mend the findings above, or say NOLINTNEXTLINE(check-name) with the reason")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
