# SPDX-License-Identifier: Apache-2.0
"""Programs that have a terminal of their own, which a test types on and looks at."""
import contextlib
import os
import pty
import select
import termios

from harness.procs import Process, environment, wait_until


class Terminal:
    """The program that runs on it is `process`, which mounts at `mount`; stderr goes to `log`."""

    def __init__(self, arguments, mount, directory, log):
        self.mount = mount
        self.log = log
        self._seen = b""
        arguments = [str(a) for a in arguments]
        with open(log, "wb") as stderr:
            pid, self._fd = pty.fork()
            if pid == 0:
                # Nothing but this may be done between fork and exec.
                os.dup2(stderr.fileno(), 2)
                os.execve(arguments[0], arguments, environment(directory))
        self.process = Process(pid)

    def close(self):
        self.process.end()
        os.close(self._fd)

    def text(self):
        """All that has been shown."""
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        with contextlib.suppress(OSError):  # nobody has it open any more
            while poll.poll(0):
                piece = os.read(self._fd, 4096)
                if not piece:
                    break
                self._seen += piece
        return self._seen.decode(errors="replace")

    def wait_text(self, words):
        wait_until(lambda: words in self.text(), f"the terminal shows '{words}'",
                   watch=[(self._fd, select.POLLIN)])

    def echoes(self):
        """Whether it shows what is typed."""
        return bool(termios.tcgetattr(self._fd)[3] & termios.ECHO)

    def type(self, text):
        os.write(self._fd, text.encode())

    def interrupt(self):
        """Types Ctrl-C until the program has ended; one that is about to read misses the first."""
        def ended():
            self.type("\x03")
            return not self.process.running()
        wait_until(ended, "the program ends after Ctrl-C", watch=[(self.process.fd, select.POLLIN)])
