# SPDX-License-Identifier: Apache-2.0
"""Where the objects go: our test server, a Ceph object gateway, or any endpoint by its URL."""
import json
import os
import subprocess
import sys

import bench_kit


class TestServer:
    """In memory; answers after `latency` ms, and sends `bandwidth` bytes a second (None: all)."""

    keep_clean = False  # it ends with the case

    def __init__(self, binary, folder, latency=0, bandwidth=None):
        options = [f"--latency={latency}"] + ([f"--bandwidth={bandwidth}"] if bandwidth else [])
        self._server = bench_kit.Server(binary, folder, *options)
        self.url = self._server.url
        self.bucket = bench_kit.BUCKET
        self.access_id, self.secret = bench_kit.CREDENTIALS

    def end(self):
        self._server.end()


class Gateway:
    """A Ceph object gateway of one node in memory: that of the end-to-end tests."""

    keep_clean = False

    def __init__(self, folder):
        place = os.path.join(folder, "ceph")
        os.makedirs(place)
        run = os.path.join(bench_kit.ROOT, "tests", "e2e", "run.py")
        self._keeper = subprocess.Popen([run, "--keep=ceph", "--directory=" + place],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        settings = json.loads(self._keeper.stdout.readline() or '{"failure": "no answer"}')
        if "failure" in settings:
            sys.exit("the Ceph gateway did not start: " + settings["failure"])
        self.url, self.bucket = settings["url"], settings["bucket"]
        self.access_id, self.secret = settings["access_id"], settings["secret"]

    def end(self):
        self._keeper.stdin.close()
        self._keeper.wait()


class Endpoint:
    """Somebody's service; the keys are in the environment, as for the AWS tools."""

    keep_clean = True

    def __init__(self, url, bucket):
        self.url, self.bucket = url.rstrip("/") + "/", bucket
        try:
            self.access_id = os.environ["AWS_ACCESS_KEY_ID"]
            self.secret = os.environ["AWS_SECRET_ACCESS_KEY"]
        except KeyError as missing:
            sys.exit(f"--url needs {missing.args[0]} in the environment")

    def end(self):
        """It stays; the objects are deleted after each sample."""
