# SPDX-License-Identifier: Apache-2.0
"""What a test works with. Everything made through it is undone in reverse order at its end."""
import contextlib
import http.client
import os
import tempfile

from harness import daemon as daemons
from harness import stores
from harness.leftovers import processes_of
from harness.mounts import FileSystem, Loop
from harness.procs import Process, run
from harness.registry import Failure, expect_equal
from harness.servers import Authority, TestServer
from harness.terminal import Terminal

# Seconds that a daemon gets for its end when the test has failed already.
_HURRIED_END = 5
# Of each daemon's log, in the report of a failure.
_LOG_LINES = 30


class World:
    """`settings`: binary, server_binary, smoke, root (of the repository), servers (by name)."""

    def __init__(self, settings, directory):
        self.settings = settings
        self.directory = directory
        self._undo = contextlib.ExitStack()
        self._daemons = []
        self._servers = []
        self._count = 0

    def close(self, hurry):
        """Undoes all; raises the first thing that went wrong with that, after doing the rest.

        `hurry`: the test has failed, daemons that do not end soon are killed.
        """
        for server in self._servers:
            with contextlib.suppress(Failure, OSError, http.client.HTTPException):
                server.admin.let_all_go()
        for daemon in self._daemons:
            daemon.end_limit = _HURRIED_END if hurry else daemon.end_limit
        self._undo.close()

    def on_close(self, function, *arguments):
        self._undo.callback(function, *arguments)

    def path(self, name):
        return os.path.join(self.directory, name)

    def new_path(self, name):
        """A path that no other call returns."""
        self._count += 1
        return self.path(f"{name}-{self._count}")

    def logs(self):
        """What the programs of this test had to say, for the report of a failure."""
        return "".join(f"--- log of s3backer {d.pid}:\n{_last_lines(d.log())}"
                       for d in self._daemons)

    def server(self, tls=False, options=()):
        authority = Authority(self.new_path("tls")) if tls else None
        server = TestServer(self.settings.server_binary, self.new_path("server"), authority,
                            options)
        self._servers.append(server)
        self.on_close(server.close)
        return server

    def http_store(self, server, prefix=""):
        return stores.http_store(server, prefix)

    def directory_store(self):
        return stores.directory_store(self.new_path("store"))

    def arguments(self, store, mount, options):
        return [*store.options, *options, store.bucket, mount]

    def mount(self, store, *options, binary=None, mount=None):
        """Starts s3backer in the foreground; returns when the volume is mounted."""
        daemon = self.begin_mount(store, *options, binary=binary, mount=mount)
        daemon.wait_mounted()
        return daemon

    def begin_mount(self, store, *options, binary=None, mount=None):
        """The same, without waiting."""
        mount = mount or self.new_path("mnt")
        os.makedirs(mount, exist_ok=True)
        log = self.new_path("log")
        if binary is None and self.settings.transport == "threads":
            options = ("--fuseThreads=2", *options)
        process = daemons.start(binary or self.settings.binary,
                                self.arguments(store, mount, ("-f", *options)),
                                self.directory, log)
        return self.adopt(process, mount, log)

    def adopt(self, process, mount, log):
        """The Daemon that this process is."""
        daemon = daemons.Daemon(process, mount, log, self.directory)
        self._daemons.append(daemon)
        self.on_close(daemon.close)
        return daemon

    def mount_in_background(self, store, *options):
        """Starts s3backer as a daemon that detaches; it becomes a child of this process."""
        mount = self.new_path("mnt")
        os.makedirs(mount)
        status, text = self.run_to_end(*self.arguments(store, mount, options))
        expect_equal(status, 0, f"exit status of the start, saying {text}")
        return self.adopt_detached(mount)

    def adopt_detached(self, mount):
        """The Daemon that runs in the background; there must be one."""
        pids = [pid for pid in processes_of(self.directory)
                if os.path.samefile(f"/proc/{pid}/exe", self.settings.binary)]
        expect_equal(len(pids), 1, "daemons after the start")
        return self.adopt(Process(pids[0]), mount, os.devnull)

    def terminal(self, store, *options):
        """Starts a mount on a terminal of its own."""
        mount = self.new_path("mnt")
        os.makedirs(mount)
        terminal = Terminal([self.settings.binary, *self.arguments(store, mount, options)], mount,
                            self.directory, self.new_path("log"))
        self.on_close(terminal.close)
        return terminal

    def run_to_end(self, *arguments, binary=None, timeout=30, stdin=""):
        """s3backer with these arguments, which must end by itself: (status, its stderr).

        It must leave stdout alone. `stdin`: the text that it can read there, before the end.
        """
        given = self._scratch()
        given.write(stdin.encode())
        given.seek(0)
        with open(self.new_path("stdout"), "w+b") as stdout:
            process = Process.start([binary or self.settings.binary, *arguments], self.directory,
                                    stdin=given, stdout=stdout,
                                    stderr=(stderr := self._scratch()))
            self.on_close(process.end)
            status = process.wait(timeout)
            expect_equal(stdout.seek(0, os.SEEK_END), 0, "bytes on stdout")
        stderr.seek(0)
        return status, stderr.read().decode(errors="replace")

    def start(self, *arguments, log=None):
        """s3backer with these arguments, and nothing else about it."""
        process = daemons.start(self.settings.binary, arguments, self.directory,
                                log or self.new_path("log"))
        self.on_close(process.end)
        return process

    def _scratch(self):
        file = open(self.new_path("stderr"), "w+b")
        self.on_close(file.close)
        return file

    def refused(self, store, *options, foreground=True, binary=None, mount=None):
        """A mount that must fail with status 1 and a reason and leave no mount; the reason."""
        mount = mount or self.new_path("mnt")
        os.makedirs(mount, exist_ok=True)
        options = ("-f", *options) if foreground else options
        status, text = self.run_to_end(*self.arguments(store, mount, options), binary=binary)
        if status != 1:
            raise Failure(f"exit status {status}, expected 1; it said:\n{text}")
        if not text.strip():
            raise Failure("it failed without a word")
        if os.path.ismount(mount):
            raise Failure("it failed but left a mount")
        return text

    def loop(self, path):
        loop = Loop(self.directory, path)
        self.on_close(loop.detach)
        return loop

    def mount_fs(self, device):
        fs = FileSystem(self.directory, device, self.new_path("fs"))
        self.on_close(fs.unmount)
        return fs

    def fuse_connection(self, daemon):
        """The directory with the kernel's numbers of this mount (waiting, ...)."""
        control = self.path("fusectl")
        if not os.path.ismount(control):
            os.makedirs(control, exist_ok=True)
            run(["mount", "-t", "fusectl", "none", control], self.directory)
            self.on_close(run, ["umount", control], self.directory)
        return os.path.join(control, str(os.minor(os.stat(daemon.mount).st_dev)))


def _last_lines(text):
    return "".join(text.splitlines(keepends=True)[-_LOG_LINES:])


def make_directory(place):
    return tempfile.mkdtemp(prefix="s3b-e2e-", dir=place)
