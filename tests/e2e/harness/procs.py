# SPDX-License-Identifier: Apache-2.0
"""Processes by their pidfd, and waiting for things: always with a limit, never by sleeping."""
import ctypes
import os
import select
import signal
import subprocess
import threading
import time

from harness.registry import Failure

# Set for every process that a test starts, to the test's directory: so that what is left over can
# be found by its environment, not by its name.
MARK = "S3B_E2E_DIRECTORY"
_PR_SET_CHILD_SUBREAPER = 36
# How often a condition that cannot wake poll() is looked at.
_LOOK_MS = 20


def become_subreaper():
    """Daemons that detach become children of this process, which can then await their exit."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def environment(directory):
    return {**os.environ, MARK: directory, "TMPDIR": directory, "HOME": directory, "LC_ALL": "C"}


def wait_until(condition, what, timeout=30, watch=()):
    """Returns the first true value of condition(). `watch`: (fd, events) that may change it."""
    end = time.monotonic() + timeout
    poll = select.poll()
    for fd, events in watch:
        poll.register(fd, events)
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= end:
            raise Failure(f"waited {timeout} s in vain: {what}")
        poll.poll(_LOOK_MS)


class Process:
    """A child process, started or inherited. Its exit status can be awaited with a limit."""

    def __init__(self, pid, popen=None):
        self.pid = pid
        self._popen = popen
        self.fd = os.pidfd_open(pid)
        self._status = None

    @classmethod
    def start(cls, arguments, directory, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        popen = subprocess.Popen([str(a) for a in arguments], env=environment(directory), **options)
        return cls(popen.pid, popen)

    def running(self):
        return self._status is None and not _readable(self.fd, 0)

    def wait(self, timeout=30, what=None):
        """The exit status; negative: the signal that ended it."""
        if self._status is None:
            if not _readable(self.fd, timeout):
                raise Failure(f"process {self.pid} still runs after {timeout} s"
                              + (f": {what}" if what else ""))
            if self._popen:
                self._status = self._popen.wait()
            else:
                self._status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self._status

    def send(self, number):
        if self.running():
            signal.pidfd_send_signal(self.fd, number)

    def end(self, timeout=10):
        """Ends it in any case: SIGTERM, after `timeout` SIGKILL."""
        self.send(signal.SIGTERM)
        if self._status is None and not _readable(self.fd, timeout):
            self.send(signal.SIGKILL)
        return self.wait()


def _readable(fd, timeout):
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(timeout * 1000))


def run(arguments, directory, timeout=60, check=True, **options):
    """Runs a command to its end: (status, stdout and stderr as one text). `check`: must be 0."""
    done = subprocess.run([str(a) for a in arguments], env=environment(directory),
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=timeout, **options)
    text = done.stdout.decode(errors="replace")
    if check and done.returncode != 0:
        raise Failure(f"{' '.join(map(str, arguments))}: exit {done.returncode}\n{text}")
    return done.returncode, text


class Background:
    """A call in a thread of its own, whose end and result can be awaited."""

    def __init__(self, function, *arguments):
        self._result = self._error = None
        self._thread = threading.Thread(target=self._run, args=(function, arguments), daemon=True)
        self._thread.start()

    def _run(self, function, arguments):
        try:
            self._result = function(*arguments)
        except BaseException as error:  # handed to the one who joins
            self._error = error

    def done(self):
        return not self._thread.is_alive()

    def join(self, timeout=30):
        """The result; raises what the call raised."""
        self._thread.join(timeout)
        if self._thread.is_alive():
            raise Failure(f"a call has not returned for {timeout} s")
        if self._error is not None:
            raise self._error
        return self._result
