# SPDX-License-Identifier: Apache-2.0
"""Real S3 servers that one run of the tests shares, each kept by a process of its own.

That process prints one line of JSON when the server serves, and ends it when it is told to by
SIGTERM, or by the end of its parent (the end of its stdin).
"""
import http.client
import json
import os
import random
import signal
import socket
import sys

from harness.procs import Process, run, wait_until
from harness.registry import Failure
from harness.s3_client import S3Client
from harness.servers import Authority
from harness.tls_front import TlsFront

BUCKET = "e2e"


class Kept:
    """What runs on `port` and the `width` ports after it; `start_it` is the server's own part."""

    access_id = secret = None
    width = 1
    start_limit = 120

    def __init__(self, directory):
        self.directory = directory
        self.port = free_ports(self.width)
        self._processes = []

    def start(self):
        """Ends when the server answers and the bucket exists; the settings to reach it."""
        os.makedirs(self.path("log"))
        self.start_it()
        settings = {"url": f"http://127.0.0.1:{self.port}/", "port": self.port, "bucket": BUCKET,
                    "access_id": self.access_id, "secret": self.secret}
        wait_until(lambda: self._bucket_made(S3Client(settings)), "the server makes a bucket",
                   self.start_limit)
        return settings

    def start_it(self):
        raise NotImplementedError

    def stop(self):
        """Its data is of no use to anyone: no need for an orderly end."""
        for process in reversed(self._processes):
            if process.running():
                os.killpg(process.pid, signal.SIGKILL)  # with its workers
            process.wait()

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def run(self, *command, **options):
        return run(command, self.directory, timeout=120, **options)[1]

    def spawn(self, *command):
        name = os.path.basename(command[0])
        with open(self.path("log", name), "ab") as log:
            self._processes.append(Process.start(command, self.directory, stdout=log, stderr=log,
                                                 start_new_session=True))

    def expect_alive(self):
        if not all(process.running() for process in self._processes):
            raise Failure(f"a process of {type(self).__name__} has ended")

    def _bucket_made(self, client):
        self.expect_alive()
        try:
            return client.make_bucket()
        except (OSError, http.client.HTTPException):
            return False


def free_ports(width):
    """The first of a range of ports that nobody listens on."""
    for _ in range(50):
        first = random.randrange(20000, 32000)
        if all(_free(first + step) for step in range(width)):
            return first
    raise Failure("no free ports")


def _free(port):
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def keep(kind, directory):
    """The main function of a keeper of `kind`, a subclass of Kept."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    kept = kind(directory)
    try:
        settings = kept.start()
        authority = Authority(os.path.join(directory, "tls"))
        front = TlsFront(authority, kept.port)
        settings["tls"] = {**settings, "url": f"https://127.0.0.1:{front.port}/",
                           "port": front.port, "ca_file": authority.certificate}
        print(json.dumps(settings), flush=True)
        sys.stdin.read()
    except Failure as failure:
        print(json.dumps({"failure": str(failure)}), flush=True)
        return 1
    finally:
        kept.stop()
    return 0
