"""A PACS that a row plays itself, step by step, on a socket: no thread, no clock of its own."""

import contextlib
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from benchmarks.common import wire
from benchmarks.reliability.client import Target
from dicom_qr_gateway.dicom.associate import AssociateRQ
from dicom_qr_gateway.dicom.pdu import DataTF, Pdu, PduReader, ReleaseRP, ReleaseRQ, encode_pdu

PATIENCE = 10.0  # seconds


class UnexpectedPdu(Exception):
    """The gateway said something else than the script expects, or ended the conversation."""


@dataclass
class Heard:
    """The conversation on one association."""

    sock: socket.socket
    pdus: PduReader = field(default_factory=PduReader)
    requests: wire.RequestReader = field(default_factory=wire.RequestReader)

    def next_pdu(self) -> Pdu | None:
        """Return what the gateway says next, None when it has closed the connection."""
        while (pdu := self.pdus.pop()) is None:
            data = self.sock.recv(1 << 16)
            if not data:
                return None
            self.pdus.feed(data)
        return pdu

    def accept(self) -> None:
        """Accept the association."""
        proposal = self.next_pdu()
        if not isinstance(proposal, AssociateRQ):
            raise UnexpectedPdu(type(proposal).__name__)
        self.sock.sendall(wire.acceptance(proposal))

    def request(self) -> wire.Request:
        """Return the next request."""
        return self.request_in(self.next_pdu())

    def request_in(self, pdu: Pdu | None) -> wire.Request:
        """Return the request that begins with this PDU."""
        while isinstance(pdu, DataTF):
            request = self.requests.add(pdu)
            if request is not None:
                return request
            pdu = self.next_pdu()
        raise UnexpectedPdu(type(pdu).__name__)

    def find_studies(self) -> None:
        """Answer a C-FIND with three studies, then the release."""
        request = self.request()
        for match in wire.matches_of(wire.patient_id_of(request.identifier)):
            self.sock.sendall(wire.response(request, wire.PENDING, match))
        self.sock.sendall(wire.response(request, wire.SUCCESS))
        if isinstance(self.next_pdu(), ReleaseRQ):
            self.sock.sendall(encode_pdu(ReleaseRP()))


class ScriptedPacs:
    """Listens on a free port; a context manager."""

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(PATIENCE)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._listener.close()

    def request_to_the_gateway(self, path: str) -> bytes:
        """Return the HTTP request that makes the gateway ask this PACS."""
        body = Target("127.0.0.1", self._listener.getsockname()[1]).body
        if path == "/qr":
            body["c_move_ae_title"] = "WORKSTATION"
        data = json.dumps(body).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(data)}\r\n\r\n"
        )
        return head.encode() + data

    @contextlib.contextmanager
    def association(self) -> Iterator[Heard]:
        """Take the next connection."""
        sock, _ = self._listener.accept()
        with sock:
            sock.settimeout(PATIENCE)
            yield Heard(sock)
