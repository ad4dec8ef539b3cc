# SPDX-License-Identifier: Apache-2.0
"""An S3 server, on loopback and in memory, that misbehaves on the requests it is told to.

It runs in threads of the test. Without rules it serves what a mount needs: blocks, the mount token,
lists, bulk deletion. `harness.hostile_acts` has the ways to misbehave.
"""
import calendar
import contextlib
import email.utils
import hashlib
import re
import socket
import threading
import time
import urllib.parse
from xml.sax import saxutils

from harness.hostile_wire import PlainStream, TlsContext, Request
from harness.registry import Failure

BUCKET = "bucket"
ACCESS_ID = "hostile-access-id"
# Nothing that a daemon writes may contain these.
SECRET = "CanarySecretThatNobodyMaySee0123456789ab"
# AWS's limit for the age of a request, in seconds.
SKEW_LIMIT = 15 * 60
_SECRET_HEADERS = ("x-amz-security-token", "x-amz-server-side-encryption-customer-key")
_KEPT_HEADERS = ("content-type", "content-encoding", "x-amz-storage-class")


class Rule:
    """Applies `act` to `count` requests (0: to all) of a method, and key if one is given."""

    def __init__(self, act, method, key, count):
        self.act = act
        self.method = method
        self.key = key
        self.count = count
        self.used = 0

    def takes(self, request):
        if request.method != self.method or self.key not in (None, request.key):
            return False
        return self.count == 0 or self.used < self.count


class Exchange:
    """A request that is being answered, for an act."""

    def __init__(self, server, stream, request):
        self.server = server
        self.stream = stream
        self.request = request

    def ordinary(self):
        """Carries the request out: (status, headers, body) of what a good server answers."""
        return self.server.carry_out(self.request)

    def send(self, data):
        self.stream.send(data)

    def head(self, status, headers=(), length=None):
        """Sends a status line and headers, with the end of the headers."""
        self.send(self.server.head_bytes(status, headers, length))

    def answer(self, status, headers=(), body=b""):
        """A whole answer that is right as HTTP."""
        self.send(self.server.head_bytes(status, headers, len(body))
                  + (b"" if self.request.method == "HEAD" else body))

    def until_peer_leaves(self, piece, pause=0.0):
        """Sends piece() again and again; ends with OSError when the client has had enough."""
        while not self.server.stopping.wait(pause) if pause else not self.server.stopping.is_set():
            self.send(piece())


class HostileServer:
    """`tls`: an Authority. `clock_offset`: seconds that its clock is ahead of the true one."""

    def __init__(self, tls=None):
        self.ca_file = tls.certificate if tls else None
        self.stopping = threading.Event()
        self.clock_offset = 0
        self.checks_date = False
        self.secrets = {}    # those that requests have carried: {text: what it is}
        self._tls = TlsContext(tls) if tls else None
        self._changed = threading.Condition()
        self._objects = {}   # key: (body, headers)
        self._rules = []
        self._requests = []
        self._cut_handshakes = 0
        self._connections = 0
        self._streams = set()
        self._threads = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        self._spawn(self._accept)

    @property
    def url(self):
        return f"{'https' if self.ca_file else 'http'}://127.0.0.1:{self.port}/"

    def close(self):
        self.stopping.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.drop_connections()
        for thread in self._threads:
            thread.join(10)

    # What the test asks for.

    def misbehave(self, act, method, key=None, count=1):
        with self._changed:
            self._rules.append(rule := Rule(act, method, key, count))
        return rule

    def cut_handshakes(self, count):
        """Cuts the next new connections in the middle of the server's part of the handshake."""
        with self._changed:
            self._cut_handshakes = count
        self.drop_connections()

    def behave(self):
        with self._changed:
            self._rules.clear()
            self._cut_handshakes = 0

    def drop_connections(self):
        with self._changed:
            streams = list(self._streams)
        for stream in streams:
            stream.reset()

    def put(self, key, body, headers=None):
        with self._changed:
            self._objects[key] = (body, dict(headers or {}))

    def object(self, key):
        with self._changed:
            return self._objects.get(key, (None, None))[0]

    def stored(self, key):
        """(body, headers) of an object."""
        with self._changed:
            return self._objects[key]

    def remove(self, key):
        with self._changed:
            del self._objects[key]

    def keys(self):
        with self._changed:
            return sorted(self._objects)

    def received(self, method, key=None):
        """How many of these requests have come."""
        with self._changed:
            return self._count(method, key)

    def requests(self):
        """All that have come, in order."""
        with self._changed:
            return list(self._requests)

    def connections(self):
        with self._changed:
            return self._connections

    def wait_received(self, method, count, key=None, timeout=30):
        with self._changed:
            if not self._changed.wait_for(lambda: self._count(method, key) >= count, timeout):
                raise Failure(f"waited {timeout} s in vain for {count} times {method} {key}")

    def _count(self, method, key):
        return sum(r.method == method and key in (None, r.key) for r in self._requests)

    # Connections.

    def _spawn(self, function, *arguments):
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self):
        while not self.stopping.is_set():
            try:
                connection = self._listener.accept()[0]
            except OSError:
                return
            with self._changed:
                self._connections += 1
            self._spawn(self._serve, connection)

    def _serve(self, connection):
        stream = self._tls.stream(connection) if self._tls else PlainStream(connection)
        with self._changed:
            self._streams.add(stream)
            cut = self._cut_handshakes > 0
            self._cut_handshakes -= cut
        try:
            if stream.handshake(cut):
                while self._one_request(stream):
                    pass
        except OSError:
            pass  # the client has left, or the act was to cut
        finally:
            with self._changed:
                self._streams.discard(stream)
            stream.close()

    def _one_request(self, stream):
        """Serves a request; whether another may follow on this connection."""
        request = Request.read(stream, BUCKET)
        if request is None or self.stopping.is_set():
            return False
        with self._changed:
            self._requests.append(request)
            self._note_secrets(request)
            rule = next((r for r in self._rules if r.takes(request)), None)
            if rule:
                rule.used += 1
            self._changed.notify_all()
        exchange = Exchange(self, stream, request)
        if rule:
            return bool(rule.act(exchange))
        exchange.answer(*exchange.ordinary())
        return True

    def _note_secrets(self, request):
        signed = request.headers.get("authorization", "")
        for signature in re.findall(r"Signature=([0-9a-f]{64})|AWS [^:]*:(\S+)", signed):
            self.secrets["".join(signature)] = "signature"
        for name in _SECRET_HEADERS:
            if name in request.headers:
                self.secrets[request.headers[name]] = f"value of {name}"

    # The S3 part.

    def now(self):
        return time.time() + self.clock_offset

    def head_bytes(self, status, headers=(), length=None):
        lines = [f"HTTP/1.1 {status} x", f"Date: {email.utils.formatdate(self.now(), usegmt=True)}"]
        lines += [f"{name}: {value}" for name, value in dict(headers).items()]
        if length is not None:
            lines.append(f"Content-Length: {length}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def carry_out(self, request):
        if self.checks_date and not self._in_time(request):
            return error_answer(403, "RequestTimeTooSkewed")
        with self._changed:
            return getattr(self, "_" + request.method.lower())(request)

    def _in_time(self, request):
        with contextlib.suppress(ValueError):
            sent = time.strptime(request.headers.get("x-amz-date", ""), "%Y%m%dT%H%M%SZ")
            return abs(self.now() - calendar.timegm(sent)) <= SKEW_LIMIT
        return False

    def _get(self, request):
        if request.key not in self._objects:
            return error_answer(404, "NoSuchKey")
        body, headers = self._objects[request.key]
        return 200, {"ETag": etag_of(body), **headers}, body

    def _head(self, request):
        status, headers, body = self._get(request)
        return status, headers, body if status == 200 else b""

    def _put(self, request):
        if request.headers.get("if-none-match") == "*" and request.key in self._objects:
            return error_answer(412, "PreconditionFailed")
        kept = {name: value for name, value in request.headers.items()
                if name in _KEPT_HEADERS or name.startswith("x-amz-meta-")}
        self._objects[request.key] = (request.body, kept)
        return 200, {"ETag": etag_of(request.body)}, b""

    def _delete(self, request):
        self._objects.pop(request.key, None)
        return 204, {}, b""

    def _list(self, request):
        query = request.query
        after = query.get("marker", query.get("start-after", ""))
        after = query.get("continuation-token", after)
        left = [key for key in sorted(self._objects)
                if key.startswith(query.get("prefix", "")) and key > after]
        page = left[:int(query.get("max-keys", 1000))]
        return 200, {"Content-Type": "application/xml"}, list_page(page, len(page) < len(left))

    def _post(self, request):
        keys = re.findall("<Key>(.*?)</Key>", request.body.decode())
        for key in map(saxutils.unescape, keys):
            self._objects.pop(key, None)
        gone = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys)
        return 200, {}, f"<DeleteResult>{gone}</DeleteResult>".encode()


def etag_of(body):
    return f'"{hashlib.md5(body).hexdigest()}"'


def error_document(code):
    return (f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code>'
            f"<Message>{code}</Message></Error>").encode()


def error_answer(status, code):
    return status, {"Content-Type": "application/xml"}, error_document(code)


def list_page(keys, truncated):
    """A page of a list, right for version 1 and 2 of the request."""
    items = "".join(f"<Contents><Key>{saxutils.escape(key)}</Key><Size>1</Size></Contents>"
                    for key in keys)
    last = urllib.parse.quote(keys[-1], safe="/") if keys and truncated else ""
    token = f"<NextContinuationToken>{last}</NextContinuationToken>" if last else ""
    return ('<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns='
            '"http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<Name>{BUCKET}</Name><IsTruncated>{str(truncated).lower()}</IsTruncated>{token}"
            f"{items}</ListBucketResult>").encode()
