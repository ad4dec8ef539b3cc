#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""End-to-end tests: s3backer on real mounts, against real stores. Needs root, FUSE, loop devices.

Prints a line a test and at last 'N passed, M failed'. A test whose prerequisite (Ceph, Debian's
s3backer, xfsprogs, strace) is missing is skipped; with S3B_REQUIRE_ALL=1 in the environment it
fails. Each test runs in a process of its own with a limit of time, in a directory of its own.
"""
import argparse
import fnmatch
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from harness import fuse_uring, keepers, one_case  # noqa: E402  (after the path is set)
from harness.ceph import Ceph  # noqa: E402
from harness.mounts import mounts_below  # noqa: E402
from harness.registry import all_cases  # noqa: E402
from harness.s3rver import S3rver  # noqa: E402
from harness.schedule import Schedule, own_command  # noqa: E402
from harness.swift import Swift  # noqa: E402

KEPT = {"ceph": Ceph, "swift": Swift, "s3rver": S3rver}
ROOT = Path(__file__).resolve().parents[2]
WORDS = {one_case.PASSED: "ok", one_case.FAILED: "FAILED", one_case.SKIPPED: "skipped"}


class Stopped(BaseException):
    """SIGINT or SIGTERM: the run ends, after cleaning up."""


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", help="the s3backer to test")
    parser.add_argument("--server-binary", help="the S3 test server")
    parser.add_argument("--smoke", action="store_true", help="a small subset for slow builds")
    parser.add_argument("--only", action="append", metavar="PATTERN",
                        help="tests whose name contains it, or matches it as a shell pattern")
    parser.add_argument("--list", action="store_true", help="list the tests")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="tests at a time")
    parser.add_argument("--transport", choices=("uring", "threads", "dev"), help="how FUSE "
                        "requests come: switches io_uring on or off in the kernel, until the end; "
                        "threads: over io_uring, and mounts have fuseThreads=2")
    parser.add_argument("--all", action="store_true", help="also the tests that need Swift or "
                        "s3rver, and all that Ceph can be asked")
    for internal in ("--case", "--directory", "--servers", "--keep"):
        parser.add_argument(internal, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not (options.list or options.keep):
        for name in ("binary", "server_binary"):
            path = getattr(options, name)
            if not path or not os.access(path, os.X_OK):
                parser.error(f"--{name.replace('_', '-')}: no program {path}")
            setattr(options, name, os.path.abspath(path))
    options.root = ROOT
    return options


def chosen(options):
    cases = [c for c in all_cases() if c.smoke or not options.smoke]
    if not options.all:
        cases = [c for c in cases if c.theme != "servers"]
    if options.only:
        cases = [c for c in cases if any(p in c.name or fnmatch.fnmatch(c.name, p)
                                         for p in options.only)]
    return cases


class Report:
    def __init__(self):
        self.count = dict.fromkeys(WORDS, 0)

    def __call__(self, case, status, text, seconds):
        status = status if status in WORDS else one_case.FAILED
        self.count[status] += 1
        why = f" ({text.splitlines()[-1]})" if status == one_case.SKIPPED and text else ""
        print(f"{WORDS[status]:<7} {seconds:6.1f} s  {case.name}{why}")
        if status == one_case.FAILED:
            print("\n".join("    " + line for line in text.splitlines()))
        sys.stdout.flush()

    def sum(self):
        skipped = self.count[one_case.SKIPPED]
        return (f"{self.count[one_case.PASSED]} passed, {self.count[one_case.FAILED]} failed"
                + (f", {skipped} skipped" if skipped else ""))


def run_all(options):
    def stop(_signal, _frame):
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        raise Stopped
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    cases = chosen(options)
    if not cases:
        print("no test has such a name", file=sys.stderr)
    report = Report()
    began = time.monotonic()
    place = tempfile.mkdtemp(prefix="s3b-e2e-run-")
    before = fuse_uring.switch(options.transport)
    try:
        Schedule(cases, own_command(options), place, max(1, options.jobs),
                 os.environ.get("S3B_REQUIRE_ALL") == "1", report).run()
    except Stopped:
        print("stopped")
        return 130
    finally:
        fuse_uring.restore(before)
        if not mounts_below(place):
            shutil.rmtree(place, ignore_errors=True)
        print(f"{time.monotonic() - began:.0f} s")
        print(report.sum())
    return 1 if report.count[one_case.FAILED] or not cases else 0


def heed_signals():
    """What ignores signals (nohup, the background of a shell) passes that on to the daemons."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


def main():
    heed_signals()
    options = parse_arguments()
    if options.list:
        for one in chosen(options):
            print(one.name)
        return 0
    if options.keep:
        return keepers.keep(KEPT[options.keep], options.directory)
    if options.case:
        options.servers = json.loads(options.servers or "{}")
        return one_case.main(options, options.case, options.directory)
    return run_all(options)


if __name__ == "__main__":
    sys.exit(main())
