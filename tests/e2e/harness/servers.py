# SPDX-License-Identifier: Apache-2.0
"""The S3 test server and its admin interface (`s3_test_server --help` is its reference)."""
import http.client
import json
import os
import signal
import ssl
import threading
import urllib.parse

from harness.procs import Process, run, wait_until
from harness.registry import Failure

BUCKET = "bucket"
ACCESS_ID = "e2e-access-id"
SECRET = "e2e-secret-key-that-nobody-may-see"
TOKEN_KEY = "s3backer-mounted"


def block_key(number, prefix=""):
    return f"{prefix}{number:08x}"


class Admin:
    """Requests to the admin interface, over one connection for each thread."""

    def __init__(self, port, ca_file=None):
        self._port = port
        self._ca_file = ca_file
        self._local = threading.local()

    def forget_connections(self):
        self._local = threading.local()

    def _connection(self):
        if getattr(self._local, "connection", None) is None:
            if self._ca_file:
                context = ssl.create_default_context(cafile=self._ca_file)
                self._local.connection = http.client.HTTPSConnection(
                    "127.0.0.1", self._port, timeout=60, context=context)
            else:
                self._local.connection = http.client.HTTPConnection(
                    "127.0.0.1", self._port, timeout=60)
        return self._local.connection

    def request(self, method, path, body=None, headers=None):
        """(status, headers, body)"""
        connection = self._connection()
        connection.request(method, path, body=body, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()

    def _json(self, method, path, body=None):
        status, _, text = self.request(method, path, body)
        if status != 200:
            raise Failure(f"{method} {path}: {status} {text.decode(errors='replace')}")
        return json.loads(text)

    def stats(self):
        return self._json("GET", "/_admin/stats")

    def received(self, key=None):
        """How many requests of each method have come, of one key or all."""
        query = "" if key is None else "?key=" + urllib.parse.quote(key, safe="")
        return self._json("GET", "/_admin/stats" + query)["received"]

    def reset(self):
        self._json("POST", "/_admin/reset")

    def fault(self, **rule):
        """Adds a rule: fault(method="PUT", count=0, status=500), fault(hold=True)."""
        parts = [k.replace("_", "-") if v is True else
                 f"{k.replace('_', '-')}={urllib.parse.quote(str(v), safe='')}"
                 for k, v in rule.items()]
        self._json("POST", "/_admin/faults", "&".join(parts))

    def clear_faults(self):
        self._json("DELETE", "/_admin/faults")

    def release(self, count=None):
        suffix = "" if count is None else f"?count={count}"
        return self._json("POST", "/_admin/release" + suffix)["released"]

    def let_all_go(self):
        """No more faults, and what is held goes on."""
        self.clear_faults()
        self.release()

    def wait(self, timeout=30, **condition):
        """wait(held=3), wait(method="PUT", count=2), wait(idle=True); returns the stats."""
        parts = [k if v is True else f"{k}={urllib.parse.quote(str(v), safe='')}"
                 for k, v in condition.items()]
        path = "/_admin/wait?" + "&".join([*parts, f"timeout={timeout * 1000}"])
        status, _, text = self.request("GET", path)
        if status == 408:
            raise Failure(f"waited {timeout} s in vain for {condition}; stats: {self.stats()}")
        if status != 200:
            raise Failure(f"{path}: {status} {text.decode(errors='replace')}")
        return json.loads(text)

    def keys(self, prefix=""):
        path = f"/_admin/objects/{BUCKET}?prefix=" + urllib.parse.quote(prefix, safe="")
        return [entry["key"] for entry in self._json("GET", path)]

    def object(self, key):
        """The bytes of an object, None if there is none."""
        status, _, body = self.request("GET", f"/_admin/object/{BUCKET}/{key}")
        if status not in (200, 404):
            raise Failure(f"GET of {key}: {status}")
        return body if status == 200 else None

    def object_headers(self, key):
        status, headers, _ = self.request("HEAD", f"/_admin/object/{BUCKET}/{key}")
        return headers if status == 200 else None

    def put(self, key, body, headers=None):
        status, _, text = self.request("PUT", f"/_admin/object/{BUCKET}/{key}", body, headers)
        if status != 200:
            raise Failure(f"PUT of {key}: {status} {text.decode(errors='replace')}")

    def remove(self, key):
        """As if somebody else had deleted it."""
        status, _, text = self.request("DELETE", f"/_admin/object/{BUCKET}/{key}")
        if status not in (200, 204):
            raise Failure(f"DELETE of {key}: {status} {text.decode(errors='replace')}")


class TestServer:
    """One s3_test_server, which holds its bucket in memory or, with a journal, beyond its death."""

    def __init__(self, binary, directory, tls=None, options=()):
        self.directory = directory
        self._binary = binary
        self._options = list(options)
        if tls:
            self._options += [f"--tls-cert={tls.certificate}", f"--tls-key={tls.key}"]
        os.makedirs(directory, exist_ok=True)
        self.process = None
        self.port = 0
        self.ca_file = tls.certificate if tls else None
        self.start()
        self.admin = Admin(self.port, self.ca_file)

    def start(self):
        """Starts it, on the port it had before if it had one; ends when it serves requests."""
        port_file = os.path.join(self.directory, "port")
        if os.path.exists(port_file):
            os.unlink(port_file)
        with open(os.path.join(self.directory, "log"), "ab") as log:
            self.process = Process.start(
                [self._binary, f"--port={self.port}", f"--port-file={port_file}",
                 f"--access-id={ACCESS_ID}", f"--secret={SECRET}", f"--bucket={BUCKET}",
                 *self._options], os.path.dirname(self.directory), stdout=log, stderr=log)

        def serving():
            if not self.process.running():
                raise Failure(f"the test server ended: {self.log()}")
            return os.path.exists(port_file)
        wait_until(serving, "the test server serves")
        with open(port_file, encoding="ascii") as file:
            self.port = int(file.read())

    def kill(self):
        self.process.send(signal.SIGKILL)
        self.process.wait()
        self.admin.forget_connections()

    def close(self):
        if self.process:
            self.process.end()

    def log(self):
        with open(os.path.join(self.directory, "log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    @property
    def url(self):
        return f"{'https' if self.ca_file else 'http'}://127.0.0.1:{self.port}/"


class Authority:
    """A certificate for 127.0.0.1 that signs itself."""

    def __init__(self, directory):
        os.makedirs(directory, exist_ok=True)
        self.certificate = os.path.join(directory, "tls.crt")
        self.key = os.path.join(directory, "tls.key")
        run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
             "-keyout", self.key, "-out", self.certificate, "-subj", "/CN=localhost",
             "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"], os.path.dirname(directory))
