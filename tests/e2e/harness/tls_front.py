# SPDX-License-Identifier: Apache-2.0
"""TLS in front of a server that speaks none, on loopback, in threads of this process."""
import contextlib
import socket
import ssl
import threading

_PIECE = 65536


class TlsFront:
    """Listens on `port`. It passes on bytes: the server sees the headers as the client sent them.

    It lives until its process ends.
    """

    def __init__(self, authority, target):
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(authority.certificate, authority.key)
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        _spawn(self._accept)

    def _accept(self):
        while True:
            _spawn(self._serve, self._listener.accept()[0])

    def _serve(self, client):
        with contextlib.suppress(OSError), client, \
                socket.create_connection(("127.0.0.1", self._target)) as server, \
                self._context.wrap_socket(client, server_side=True) as secure:
            server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            back = _spawn(_pass_on, server, secure)
            _pass_on(secure, server)
            back.join()


def _pass_on(source, target):
    """Until the source ends; then the target gets the end, too."""
    with contextlib.suppress(OSError):
        while data := source.recv(_PIECE):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)


def _spawn(function, *arguments):
    thread = threading.Thread(target=function, args=arguments, daemon=True)
    thread.start()
    return thread
