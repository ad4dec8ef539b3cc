# SPDX-License-Identifier: Apache-2.0
"""Ways to misbehave: functions of an Exchange. One that returns true keeps the connection open."""
from harness.hostile_server import error_document, etag_of, list_page

# Sent at once by what never ends; the client has to stop it.
_PIECE = 64 * 1024
# Seconds between two bytes of a slow answer: many fit into the shortest time limit.
_DRIP = 0.05
XML = {"Content-Type": "application/xml"}


def endless_body(exchange):
    """A body without a length, and without an end."""
    exchange.head(200, {"ETag": etag_of(b"")})
    exchange.until_peer_leaves(lambda: b"x" * _PIECE)


def endless_chunks(exchange):
    exchange.head(200, {"Transfer-Encoding": "chunked"})
    exchange.until_peer_leaves(lambda: b"%x\r\n" % _PIECE + b"x" * _PIECE + b"\r\n")


def endless_chunk_size(exchange):
    """The size of a chunk, in digits without an end."""
    exchange.head(200, {"Transfer-Encoding": "chunked"})
    exchange.until_peer_leaves(lambda: b"0" * _PIECE)


def endless_error_body(exchange):
    exchange.head(500, XML)
    exchange.until_peer_leaves(lambda: b"<Error><Code>" + b"x" * _PIECE)


def oversize(exchange):
    """Much more than a block, all of it sent."""
    body = b"x" * (1 << 20)
    exchange.answer(200, {"ETag": etag_of(body)}, body)


def announced_terabyte(exchange):
    exchange.head(200, length=1 << 40)
    exchange.until_peer_leaves(lambda: b"x" * _PIECE)


def drip_body(exchange):
    """The right answer, a byte now and then."""
    status, headers, body = exchange.ordinary()
    exchange.head(status, headers, max(1000, len(body)))
    exchange.until_peer_leaves(lambda: b"x", _DRIP)


def drip_head(exchange):
    exchange.send(b"HTTP/1.1 200 x\r\nX-Slow: ")
    exchange.until_peer_leaves(lambda: b"x", _DRIP)


def silence(exchange):
    """Nothing at all, the connection stays open until the client ends it."""
    exchange.stream.receive()


def header_flood(exchange):
    exchange.send(b"HTTP/1.1 200 x\r\n")
    exchange.until_peer_leaves(lambda: b"X-Flood: " + b"x" * 50 + b"\r\n")


def endless_header_line(exchange):
    exchange.send(b"HTTP/1.1 200 x\r\nX-Flood: ")
    exchange.until_peer_leaves(lambda: b"x" * _PIECE)


def interim_flood(exchange):
    """Interim answers, and never a final one."""
    exchange.until_peer_leaves(lambda: b"HTTP/1.1 100 Continue\r\n\r\n" * 100)


def garbage(exchange):
    exchange.send(b"\x00\xff\x16\x03 no HTTP at all \x1b[2J\r\n\r\n")


def one_byte_less(exchange):
    """Consistent: the length says so, too."""
    status, headers, body = exchange.ordinary()
    exchange.answer(status, headers, body[:-1])
    return True


def one_byte_more(exchange):
    status, headers, body = exchange.ordinary()
    exchange.answer(status, headers, body + b"x")
    return True


def empty(exchange):
    exchange.answer(200)
    return True


def cut_body(exchange):
    """The whole length announced, half of it sent; under TLS the last record is not whole."""
    status, headers, body = exchange.ordinary()
    exchange.head(status, headers, len(body))
    exchange.send(body[:len(body) // 2])
    exchange.stream.cut(body[len(body) // 2:][:8192])


def cut_body_without_length(exchange):
    """Half of the body, whose end is that of the connection."""
    status, headers, body = exchange.ordinary()
    exchange.head(status, {**headers, "Connection": "close"})
    exchange.send(body[:len(body) // 2])
    exchange.stream.cut(body[len(body) // 2:][:8192])


def cut_head(exchange):
    exchange.ordinary()
    exchange.stream.cut(b"HTTP/1.1 200 x\r\nContent-Length: 0\r\nX-Some: header\r\n\r\n")


def abort(exchange):
    """An RST instead of an answer."""
    exchange.stream.abort()


def redirect(status, location):
    def act(exchange):
        headers = {"Location": location} if location else {}
        exchange.answer(status, {**headers, **XML}, error_document("PermanentRedirect"))
        return True
    return act


def document(status, body, headers=()):
    """An answer with this text, whatever was asked; nothing is carried out."""
    def act(exchange):
        exchange.answer(status, {**XML, **dict(headers)}, body)
        return True
    return act


def with_etag(etag):
    """The right answer with another ETag, or without one (None)."""
    def act(exchange):
        status, headers, body = exchange.ordinary()
        headers = {**headers, "ETag": etag} if etag else \
            {name: value for name, value in headers.items() if name != "ETag"}
        exchange.answer(status, headers, body)
        return True
    return act


def damaged(exchange):
    """One bit of the body is another one; the ETag is still that of the true body."""
    status, headers, body = exchange.ordinary()
    middle = len(body) // 2
    body = body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1:]
    exchange.answer(status, headers, body)
    return True


def same_page(keys):
    """This page for every list, always with more to come."""
    return document(200, list_page(keys, True))


def page_without_end(exchange):
    """A list in one document that never ends."""
    exchange.head(200, XML)
    exchange.send(list_page([], True).replace(b"</ListBucketResult>", b""))
    exchange.until_peer_leaves(lambda: b"<Contents><Key>00000001</Key></Contents>" * 100)


def billion_laughs(root="Error"):
    """3 GiB, in the parser that expands it."""
    entities = ['<!ENTITY a0 "lollollol">'] + [
        f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)]
    return (f'<?xml version="1.0"?>\n<!DOCTYPE {root} [{"".join(entities)}]>\n'
            f"<{root}><Code>&a9;</Code><Key>&a9;</Key><IsTruncated>&a9;</IsTruncated>"
            f"<Contents><Key>&a9;</Key></Contents></{root}>").encode()


def external_entity(address, root="Error"):
    return (f'<?xml version="1.0"?>\n<!DOCTYPE {root} [<!ENTITY e SYSTEM "{address}">]>\n'
            f"<{root}><Code>&e;</Code><Key>&e;</Key><IsTruncated>false</IsTruncated>"
            f"<Contents><Key>&e;</Key></Contents></{root}>").encode()


def deep_nesting(root="Error"):
    return f'<?xml version="1.0"?>\n<{root}>'.encode() + b"<a>" * 200_000
