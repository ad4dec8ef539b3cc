# SPDX-License-Identifier: Apache-2.0
"""Connections of the hostile server: they can be cut where no library would let one cut them."""
import contextlib
import socket
import ssl
import struct
import urllib.parse

_PIECE = 65536
# Of the headers of a request; ours have a few hundred bytes.
_HEAD_LIMIT = 64 * 1024


class PlainStream:
    """A TCP connection. What has been received but not asked for waits in `_ahead`."""

    def __init__(self, connection):
        self._socket = connection
        self._ahead = b""
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def handshake(self, cut):
        """Whether requests may follow."""
        return not cut

    def send(self, data):
        self._socket.sendall(data)

    def cut(self, data):
        """Sends about half of `data`, under TLS half of the record, and ends the connection."""
        self._socket.sendall(data[:len(data) // 2])
        self.close()

    def reset(self):
        """Ends the connection from another thread."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.reset()
        self._socket.close()

    def abort(self):
        """Ends the connection by an RST."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def read_until(self, end, limit):
        """The bytes up to and with `end`; empty at the end of the connection."""
        while end not in self._ahead:
            piece = self.receive()
            if not piece or len(self._ahead) > limit:
                return b""
            self._ahead += piece
        head, _, self._ahead = self._ahead.partition(end)
        return head + end

    def read(self, length):
        parts, missing = [self._ahead[:length]], length - len(self._ahead)
        self._ahead = self._ahead[length:]
        while missing > 0:
            piece = self.receive()
            if not piece:
                raise ConnectionError("the body is not whole")
            parts.append(piece[:missing])
            self._ahead = piece[missing:]
            missing -= len(piece)
        return b"".join(parts)

    def receive(self):
        return self._socket.recv(_PIECE)


class TlsContext:
    def __init__(self, authority):
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(authority.certificate, authority.key)

    def stream(self, connection):
        return TlsStream(connection, self._context)


class TlsStream(PlainStream):
    """TLS over memory, so that its records can be seen before they are sent."""

    def __init__(self, connection, context):
        super().__init__(connection)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)

    def handshake(self, cut):
        while True:
            try:
                self._tls.do_handshake()
                self._flush()
                return True
            except ssl.SSLWantReadError:
                if cut and self._outgoing.pending:
                    super().cut(self._outgoing.read())
                    return False
                self._flush()
                if not self._fill():
                    return False

    def send(self, data):
        view = memoryview(data)
        while view:
            sent = self._tls.write(view[:_PIECE])
            view = view[sent:]
            self._flush()

    def cut(self, data):
        self._tls.write(data)
        super().cut(self._outgoing.read())

    def receive(self):
        while True:
            try:
                return self._tls.read(_PIECE)
            except ssl.SSLWantReadError:
                self._flush()
                if not self._fill():
                    return b""
            except ssl.SSLError:
                return b""

    def _fill(self):
        data = self._socket.recv(_PIECE)
        if data:
            self._incoming.write(data)
        return bool(data)

    def _flush(self):
        if self._outgoing.pending:
            self._socket.sendall(self._outgoing.read())


class Request:
    """`method` is LIST for a GET of the bucket. `key`: None for requests about the bucket."""

    def __init__(self, method, key, query, headers, body):
        self.method = method
        self.key = key
        self.query = query
        self.headers = headers  # names in lower case
        self.body = body

    @classmethod
    def read(cls, stream, bucket):
        """The next request; None at the end of the connection."""
        head = stream.read_until(b"\r\n\r\n", _HEAD_LIMIT).decode("latin-1")
        if not head:
            return None
        first, *lines = head.rstrip("\r\n").split("\r\n")
        headers = {name.lower(): value.strip()
                   for name, value in (line.split(":", 1) for line in lines)}
        if headers.get("expect", "").lower() == "100-continue":
            stream.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = stream.read(int(headers.get("content-length", 0)))
        method, target, _ = first.split(" ")
        path, _, query = target.partition("?")
        path = urllib.parse.unquote(path)[1:]
        in_host = headers.get("host", "").startswith(bucket + ".")
        place, _, key = (bucket, "/", path) if in_host else path.partition("/")
        if place != bucket:
            raise ConnectionError(f"a request for {target}")
        method = "LIST" if method == "GET" and not key else method
        return cls(method, key or None,
                   dict(urllib.parse.parse_qsl(query, keep_blank_values=True)), headers, body)
