# SPDX-License-Identifier: Apache-2.0
"""One run of s3backer: started in the foreground, awaited until it is mounted, ended."""
import os
import re
import select
import signal

from harness.mounts import MountTable, unmount
from harness.procs import Process, wait_until
from harness.registry import Failure, expect_equal

# Draining and clearing the token may take a while on busy processors.
_END_LIMIT = 60


class Daemon:
    """A mounted volume. `file` and `stats` are the paths of its two files."""

    def __init__(self, process, mount, log_path, directory):
        self.process = process
        self.mount = str(mount)
        self.file = os.path.join(self.mount, "file")
        self.stats = os.path.join(self.mount, "stats")
        self._log_path = log_path
        self._directory = directory
        self.end_limit = _END_LIMIT

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        """All that it has written to stderr."""
        with open(self._log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def wait_mounted(self, timeout=60):
        table = MountTable()
        try:
            def mounted():
                if table.row(self.mount):
                    return True
                if not self.process.running():
                    raise Failure(f"s3backer ended with {self.process.wait()} instead of mounting")
                return False
            wait_until(mounted, f"{self.mount} is mounted", timeout,
                       [table.watch, (self.process.fd, select.POLLIN)])
        finally:
            table.close()
        os.stat(self.mount)  # answered once the daemon serves requests

    def wait_log(self, text):
        """Ends when it has written `text` to its log."""
        wait_until(lambda: text in self.log(), f"the log says '{text}'")

    def wait_log_matching(self, expression):
        """Ends when a line of its log matches the regular expression."""
        wait_until(lambda: re.search(expression, self.log()),
                   f"the log has a line like '{expression}'")

    def wait_unmounted(self):
        table = MountTable()
        try:
            wait_until(lambda: table.row(self.mount) is None, f"{self.mount} is unmounted",
                       watch=[table.watch])
        finally:
            table.close()

    def unmount(self):
        """As an operator does; s3backer must then end by itself and report success."""
        unmount(self.mount, self._directory)
        self.wait_success("after umount")

    def wait_success(self, when):
        expect_equal(self.process.wait(self.end_limit, when), 0, f"exit status of s3backer {when}")

    def terminate(self, number=signal.SIGTERM):
        """Ends it by a signal; it must drain and report success."""
        self.process.send(number)
        self.wait_success(f"after signal {number}")

    def kill(self):
        """kill -9, and clears away the dead mount."""
        self.process.send(signal.SIGKILL)
        self.process.wait()
        self.clear_dead_mount()

    def clear_dead_mount(self):
        table = MountTable()
        try:
            if table.row(self.mount):
                unmount(self.mount, self._directory)
        finally:
            table.close()

    def close(self):
        """For clean-up: harmless when it has ended. Raises unless it ends well by itself."""
        try:
            if self.process.running():
                self.unmount()
        finally:
            self.process.send(signal.SIGKILL)
            self.process.wait()
            self.clear_dead_mount()

    def requests_served(self):
        """The counters of the line that a run with --debug leaves at its end, by name."""
        lines = [line for line in self.log().splitlines() if "requests served" in line]
        if len(lines) != 1:
            raise Failure(f"{len(lines)} lines with 'requests served' in its log")
        return {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", lines[0])}


def start(binary, arguments, directory, log_path):
    with open(log_path, "wb") as log:
        return Process.start([binary, *arguments], directory, stdout=log, stderr=log)
