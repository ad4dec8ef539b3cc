# SPDX-License-Identifier: Apache-2.0
"""Runs cases: all subjects in each round, in turn, as many rounds as there is time for."""
import datetime
import json
import os
import platform
import subprocess
import sys
import time

from .figures import Results
from .places import Endpoint, Gateway, TestServer
from .scenarios import SCENARIOS
from .subjects import NotMeasured
from .tools import Run


class Progress:
    """A bar on a terminal, a line a case elsewhere."""

    def __init__(self, total, limit):
        self.total, self.done, self.limit = total, 0, limit
        self.begun = time.monotonic()
        self.bar = sys.stderr.isatty()
        self.last = ""

    def show(self, text):
        used = time.monotonic() - self.begun
        share = max(self.done / self.total, used / self.limit)
        filled = round(20 * min(1, share))
        if self.bar:
            line = (f"[{'#' * filled}{'.' * (20 - filled)}] {self.done}/{self.total} {text}, "
                    f"{max(0, self.limit - used):.0f} s at the most")
            print("\r\033[K" + line[:110], end="", file=sys.stderr, flush=True)
        elif text.split(",")[0] != self.last:
            self.last = text.split(",")[0]
            print(f"{self.done + 1}/{self.total} {self.last}", file=sys.stderr, flush=True)

    def end(self):
        if self.bar:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


class Runner:
    """`limit`: seconds for all cases. `out`: where the lines of JSON go, as they come."""

    def __init__(self, subjects, options, folder, limit, out):
        self.subjects, self.options, self.folder = subjects, options, folder
        self.limit, self.out = limit, out
        self.results = Results()

    def write(self, record):
        line = json.dumps(record)
        self.results.add(line)
        print(line, file=self.out, flush=True)

    def run(self, cases):
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            model = next((line.split(":", 1)[1].strip() for line in file
                          if line.startswith("model name")), platform.machine())
        self.write({"kind": "run", "date": datetime.datetime.now().isoformat(timespec="seconds"),
                    "machine": f"{os.cpu_count()} x {model}, Linux {platform.release()}",
                    "load": os.getloadavg()[0],
                    "versions": {one.name: one.version() for one in self.subjects}})
        progress = Progress(len(cases), self.limit)
        end = progress.begun + self.limit
        for number, case in enumerate(cases):
            left = max(1.0, end - time.monotonic())
            self._case(case, progress, left / (len(cases) - number))
            progress.done += 1
        progress.end()
        return self.results

    def _place(self, case):
        if self.options.url:
            return Endpoint(self.options.url, self.options.bucket)
        if self.options.ceph:
            return Gateway(self.folder)
        return TestServer(self.options.server, self.folder, case.params.get("latency", 0),
                          self.options.bandwidth)

    def _case(self, case, progress, seconds):
        """Rounds until the time is up, at least one."""
        place = self._place(case)
        begun = time.monotonic()
        missing = set()
        try:
            for number in range(self.options.rounds):
                used = time.monotonic() - begun
                if number > 0 and used + used / number > seconds:
                    break
                first = number % len(self.subjects)
                for subject in self.subjects[first:] + self.subjects[:first]:
                    progress.show(f"{case.key}, round {number + 1}, {subject.name}")
                    if subject.name not in missing:
                        self._sample(case, subject, place, number, missing)
        finally:
            place.end()

    def _sample(self, case, subject, place, number, missing):
        run = Run(case, subject, place, self.folder, number)
        try:
            if not suits(subject, case):
                raise NotMeasured
            figures = measured(run)
        except NotMeasured as reason:
            missing.add(subject.name)
            if str(reason):
                self.write({"kind": "not measured", "case": case.key, "subject": subject.name,
                            "why": str(reason)})
            return
        finally:
            run.clean_up()
        if subject.name.startswith("limit-"):  # what it does not use is no figure
            figures = {name: value for name, value in figures.items() if value > 0}
        self.write({"kind": "sample", "case": case.key, "scenario": case.scenario,
                    "params": case.params, "subject": subject.name, "round": number,
                    "figures": figures, "load": os.getloadavg()[0]})


def measured(run):
    """What fails with another program is said, and the others go on."""
    try:
        return SCENARIOS[run.case.scenario](run)
    except (OSError, RuntimeError, subprocess.CalledProcessError) as failure:
        if run.subject.is_ours:
            raise
        raise NotMeasured(str(failure)) from failure


def suits(subject, case):
    """The limits and the mounts of whole objects have no cache, and no blocks."""
    if subject.name == "limit-http":
        return case.scenario == "sequential" and "mode" not in case.params
    if subject.name in ("limit-fuse", "limit-tmpfs"):
        return case.scenario == "warm"
    if subject.name in ("s3fs", "rclone"):
        return case.scenario == "sequential" and set(case.params) == {"block", "latency", "mib"}
    return True
