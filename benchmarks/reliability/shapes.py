"""Bytes that hostile or broken clients send, each with what may come back.

Rule: ``{body}`` and ``{length}`` stand for a valid request of `/q`; whatever else is in a shape is
sent as it is.
"""

import json
import re
from dataclasses import dataclass

from benchmarks.reliability.client import Received, Target

_POST = b"POST /q HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\n"
_GET = b"GET /health HTTP/1.1\r\nHost: gateway\r\n"
_CLOSE = b"GET /health HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\r\n"


@dataclass(frozen=True)
class Shape:
    """What is sent: valid requests, with the answers they must get, or what must be refused.

    ``also`` is a status beyond 4xx that is right too: RFC 9112 refuses by 501 and 505, and has a
    recipient ignore the chunk extensions that it does not know (section 7.1.1), so 200.
    """

    what: str
    data: bytes
    answers: tuple[int, ...] = ()
    also: int | None = None

    def bytes_for(self, target: Target) -> bytes:
        body = json.dumps(target.body).encode()
        pieces = {
            b"{body}": body,
            b"{length}": b"%d" % len(body),
            b"{hex}": b"%x" % len(body),
            b"{half}": body[:10],
            b"{rest}": body[10:],
            b"{rest-hex}": b"%x" % (len(body) - 10),
        }
        data = self.data
        for name, piece in pieces.items():
            data = data.replace(name, piece)
        return data

    def is_fine(self, received: Received) -> bool:
        """Judge what came back: the answers, or a refusal and the end of the connection."""
        answered = statuses(received.data)
        if self.answers:
            return answered == self.answers
        refused = all(400 <= each < 500 or each == self.also for each in answered)
        return refused and received.is_closed


def statuses(received: bytes) -> tuple[int, ...]:
    """Return the status of every response that came on a connection."""
    return tuple(int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3}) ", received))


SHAPES: tuple[Shape, ...] = (
    Shape("two pipelined requests", _GET + b"\r\n" + _CLOSE, (200, 200)),
    Shape(
        "a /q and a /health pipelined",
        _POST + b"Content-Length: {length}\r\n\r\n{body}" + _CLOSE,
        (200, 200),
    ),
    Shape(
        "a chunked body in two chunks",
        _POST + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"a\r\n{half}\r\n{rest-hex}\r\n{rest}\r\n0\r\n\r\n",
        (200,),
    ),
    Shape(
        "a chunk length that is no number",
        _POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{body}\r\n0\r\n\r\n",
    ),
    Shape(
        "a chunk length of 2^64",
        _POST + b"Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n{body}\r\n0\r\n\r\n",
    ),
    Shape(
        "a chunk extension of 1 MB",
        _POST
        + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n{hex};"
        + b"x" * 2**20
        + b"\r\n{body}\r\n0\r\n\r\n",
        also=200,
    ),
    Shape("10 GB of Content-Length", _POST + b"Content-Length: 10737418240\r\n\r\n{body}"),
    Shape("a negative Content-Length", _POST + b"Content-Length: -1\r\n\r\n{body}"),
    Shape("a Content-Length that is no number", _POST + b"Content-Length: 1e3\r\n\r\n{body}"),
    Shape("a Content-Length with a sign", _POST + b"Content-Length: +{length}\r\n\r\n{body}"),
    Shape(
        "two different Content-Lengths",
        _POST + b"Content-Length: {length}\r\nContent-Length: 5\r\n\r\n{body}",
    ),
    Shape(
        "Content-Length and Transfer-Encoding (CL+TE)",
        _POST + b"Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{body}",
    ),
    Shape(
        "Transfer-Encoding twice",
        _POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    ),
    Shape(
        "an unknown Transfer-Encoding",
        _POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        also=501,
    ),
    Shape(
        "a space before a header's colon",
        _POST + b"Content-Length : {length}\r\n\r\n{body}",
    ),
    Shape("a folded header", _GET + b"X-Long: a\r\n b\r\n\r\n"),
    Shape("10,000 headers", _GET + b"X: y\r\n" * 10_000 + b"\r\n"),
    Shape("a header of 1 MB", _GET + b"X: " + b"y" * 2**20 + b"\r\n\r\n"),
    Shape("headers without end", _GET + b"X: y\r\n" * 200_000),
    Shape("a request line of 1 MB", b"GET /" + b"x" * 2**20 + b" HTTP/1.1\r\n\r\n"),
    Shape("a NUL in a header", _GET + b"X: a\0b\r\n\r\n"),
    Shape("a bare carriage return in a header", _GET + b"X: a\rY: b\r\n\r\n"),
    Shape("HTTP/9.9", b"GET /health HTTP/9.9\r\nHost: gateway\r\n\r\n", also=505),
    Shape("a method that is none", b"G\xc3\x84T /health HTTP/1.1\r\nHost: gateway\r\n\r\n"),
    Shape(
        "TLS' first bytes within the connection", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
    ),
    Shape("a DICOM association request", b"\x01\x00\x00\x00\x00\xcd" + bytes(205)),
)
