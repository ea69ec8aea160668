"""Faults that come before an association: each has a port of its own."""

import socket
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from dicom_qr_gateway.sandbox.misbehaving.fault import Script, Truth
from dicom_qr_gateway.sandbox.misbehaving.peer import Peer

MOST_CONNECTIONS_TO_FILL_A_QUEUE = 16
SECONDS_TO_CONNECT = 0.2


@dataclass(frozen=True, slots=True)
class PortFault:
    """A fault that a client meets by connecting to a port.

    ``script`` serves each connection; where it is None nobody accepts one. ``occupy`` gets the
    bound socket before anybody connects, and keeps open in the stack what must stay open.
    """

    name: str
    sentence: str
    truth: Truth
    script: Script | None
    occupy: Callable[[socket.socket, ExitStack], None]


def listen(sock: socket.socket, _running: ExitStack) -> None:
    """Listen as every server does."""
    sock.listen(128)


def only_bind(_sock: socket.socket, _running: ExitStack) -> None:
    """Keep the port from everybody else, and do not listen."""


def fill_the_queue(sock: socket.socket, running: ExitStack) -> None:
    """Listen with the shortest queue there is and fill it, so that no connection is completed."""
    sock.listen(0)
    for _ in range(MOST_CONNECTIONS_TO_FILL_A_QUEUE):
        filler = running.enter_context(socket.socket(sock.family))
        filler.settimeout(SECONDS_TO_CONNECT)
        try:
            filler.connect(sock.getsockname())
        except TimeoutError:
            return


def says_nothing(peer: Peer) -> None:
    """Read whatever comes and never answer."""
    peer.wait_for_the_end()


def answers_with(data: bytes) -> Script:
    """Return the script of a server of another protocol that waits for its client to speak."""

    def script(peer: Peer) -> None:
        peer.read_anything()
        peer.send(data)
        peer.wait_for_the_end()

    return script


def greets_with(data: bytes) -> Script:
    """Return the script of a server of another protocol that speaks first."""

    def script(peer: Peer) -> None:
        peer.send(data)
        peer.wait_for_the_end()

    return script


# A TLS server's fatal alert "protocol version" (RFC 5246 7.2): what it says to what is no TLS.
TLS_ALERT = b"\x15\x03\x01\x00\x02\x02\x46"
BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

PORT_FAULTS = (
    PortFault(
        "silent",
        "Accepts TCP connections, reads, and never answers.",
        Truth.ASSOCIATION_TIMEOUT,
        says_nothing,
        listen,
    ),
    PortFault(
        "never-accepted",
        "Listens, but nobody accepts the connections.",
        Truth.ASSOCIATION_TIMEOUT,
        None,
        listen,
    ),
    PortFault(
        "full-queue",
        "Listens, and its queue is full: no TCP connection is completed (Linux).",
        Truth.CONNECT_TIMEOUT,
        None,
        fill_the_queue,
    ),
    PortFault("refused", "Nothing listens here.", Truth.CONNECTION_REFUSED, None, only_bind),
    PortFault(
        "closes", "Closes each connection at once.", Truth.CONNECTION_LOST, Peer.close, listen
    ),
    PortFault(
        "resets", "Resets each connection at once.", Truth.CONNECTION_LOST, Peer.reset, listen
    ),
    PortFault(
        "http",
        "An HTTP server: 400 Bad Request.",
        Truth.PROTOCOL_ERROR,
        answers_with(BAD_REQUEST),
        listen,
    ),
    PortFault(
        "tls", "A TLS server: a fatal alert.", Truth.PROTOCOL_ERROR, answers_with(TLS_ALERT), listen
    ),
    PortFault(
        "ssh",
        "An SSH server, which speaks first.",
        Truth.PROTOCOL_ERROR,
        greets_with(b"SSH-2.0-OpenSSH_9.2\r\n"),
        listen,
    ),
    PortFault(
        "smtp",
        "A mail server, which speaks first.",
        Truth.PROTOCOL_ERROR,
        greets_with(b"220 mail.example ESMTP\r\n"),
        listen,
    ),
)
