# SPDX-License-Identifier: Apache-2.0
"""Runs tests in processes of their own, some at a time, each with a limit of time."""
import json
import os
import select
import signal
import subprocess
import sys
import time

from harness import leftovers
from harness.one_case import FAILED, PASSED, SKIPPED
from harness.procs import Process
from harness.registry import what_is_missing
from harness.world import make_directory

# Seconds that a test whose time is up gets for its own clean-up, before each harder means.
_GRACE = 10


class Running:
    """A test under way."""

    def __init__(self, case, command, place):
        self.case = case
        self.directory = make_directory(place)
        self.began = time.monotonic()
        self.deadline = self.began + case.time_limit
        self.presses = 0
        self._output = open(os.path.join(place, os.path.basename(self.directory) + ".out"), "w+b")
        # Not marked as the test's: the last resort kills it separately, after its children.
        popen = subprocess.Popen([*command, "--case", case.name, "--directory", self.directory],
                                 stdin=subprocess.DEVNULL, stdout=self._output,
                                 stderr=self._output, start_new_session=True)
        self.process = Process(popen.pid, popen)

    def press(self):
        """Called when the deadline is over: asks it to end, then makes it end."""
        self.presses += 1
        if self.presses == 1:
            self.process.send(signal.SIGTERM)
        elif self.presses == 2:
            # Its daemons before itself: a process that waits for a FUSE reply cannot be killed,
            # and now it may tell where it was.
            leftovers.end_processes(self.directory)
        else:
            self.process.send(signal.SIGKILL)
        self.deadline = time.monotonic() + _GRACE

    def result(self):
        """(status, report, seconds), after the end of its process; cleans up after it."""
        status = self.process.wait()
        self._output.seek(0)
        report = self._output.read().decode(errors="replace").strip()
        self._output.close()
        os.close(self.process.fd)
        left = leftovers.clean(self.directory)
        if self.presses:
            status, report = FAILED, f"not done after {self.case.time_limit} s\n{report}"
        elif left and status == PASSED:
            status, report = FAILED, "left behind: " + ", ".join(left)
        elif status not in (PASSED, SKIPPED, FAILED):
            report = f"the test itself ended with status {status}\n{report}"
        return status, report, time.monotonic() - self.began


class Keeper:
    """The process that runs a server for all tests. `settings` once it serves, `failure` if not."""

    def __init__(self, name, command, place):
        self.name = name
        self.settings = self.failure = None
        self._directory = make_directory(place)
        popen = subprocess.Popen([*command, "--keep", name, "--directory", self._directory],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 start_new_session=True)
        self._process = Process(popen.pid, popen)
        self._stdout, self._stdin = popen.stdout, popen.stdin

    @property
    def fd(self):
        return self._stdout.fileno()

    def decided(self):
        return self.settings is not None or self.failure is not None

    def read(self):
        """Called when fd is readable."""
        line = self._stdout.readline()
        answer = json.loads(line) if line else {"failure": "its keeper ended"}
        self.failure = answer.get("failure")
        self.settings = None if self.failure else answer

    def close(self):
        self._stdin.close()
        self._process.end()
        self._stdout.close()
        leftovers.clean(self._directory)


class Schedule:
    """`command`: this program with the options that every test gets; `report` prints a result."""

    def __init__(self, cases, command, place, jobs, require_all, report):
        self._pending = list(cases)
        self._running = []
        self._command = command
        self._place = place
        self._jobs = jobs
        self._require_all = require_all
        self._report = report
        self._keepers = {}  # by name

    def run(self):
        """Runs all; whatever interrupts it, what was started is ended and cleaned up."""
        try:
            self._drop_impossible()
            for name in sorted({need for case in self._pending for need in case.servers()}):
                self._keepers[name] = Keeper(name, self._command, self._place)
            while self._pending or self._running:
                self._start_some()
                self._wait()
        finally:
            self._stop()

    def _drop_impossible(self):
        for case in list(self._pending):
            missing = what_is_missing(case)
            if missing:
                self._pending.remove(case)
                self._lacking(case, missing)

    def _lacking(self, case, missing):
        self._report(case, FAILED if self._require_all else SKIPPED, missing, 0)

    def _start_some(self):
        while len(self._running) < self._jobs:
            case = next((c for c in self._pending if self._startable(c)), None)
            if case is None:
                return
            self._pending.remove(case)
            kept = [self._keepers[name] for name in case.servers()]
            failed = next((k for k in kept if k.failure), None)
            if failed:
                self._lacking(case, f"no {failed.name}: {failed.failure}")
                continue
            command = [*self._command, "--servers", json.dumps({k.name: k.settings for k in kept})]
            self._running.append(Running(case, command, self._place))

    def _startable(self, case):
        return all(self._keepers[name].decided() for name in case.servers())

    def _wait(self):
        """Until a test has ended, one has to be pressed, or a server has been decided on."""
        poll = select.poll()
        for one in self._running:
            poll.register(one.process.fd, select.POLLIN)
        undecided = [keeper for keeper in self._keepers.values() if not keeper.decided()]
        for keeper in undecided:
            poll.register(keeper.fd, select.POLLIN)
        now = time.monotonic()
        timeout = min((one.deadline - now for one in self._running), default=60)
        ready = {fd for fd, _ in poll.poll(max(0, timeout) * 1000)}
        for keeper in undecided:
            if keeper.fd in ready:
                keeper.read()
        for one in list(self._running):
            if one.process.fd in ready:
                self._running.remove(one)
                self._report(one.case, *one.result())
            elif time.monotonic() >= one.deadline:
                one.press()

    def _stop(self):
        for one in self._running:
            one.press()
        for one in self._running:
            while one.process.running():
                poll = select.poll()
                poll.register(one.process.fd, select.POLLIN)
                if not poll.poll(max(0, one.deadline - time.monotonic()) * 1000):
                    one.press()
            one.result()
        self._running.clear()
        for keeper in self._keepers.values():
            keeper.close()


def own_command(options):
    """This program, with what its children need of its options."""
    return [sys.executable, os.path.abspath(sys.argv[0]), "--binary", options.binary,
            "--server-binary", options.server_binary,
            *(["--smoke"] if options.smoke else []),
            *(["--transport", options.transport] if options.transport else [])]
