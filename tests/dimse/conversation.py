"""The PACS' side of one connection: what it reads, says and records.

Rule: command sets and identifiers are written and read by pydicom, never by the codec under test.
"""

import itertools
import select
import socket
import struct
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, ClassVar

from pydicom.dataset import Dataset
from pynetdicom.dsutils import decode, encode

from dicom_qr_gateway.dicom.associate import (
    AnsweredContext,
    AssociateAC,
    AssociateRQ,
    UserInformation,
)
from dicom_qr_gateway.dicom.pdu import (
    Abort,
    AssociateRJ,
    DataTF,
    Pdu,
    PduReader,
    ReleaseRP,
    ReleaseRQ,
    encode_pdu,
)
from dicom_qr_gateway.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN

from .responses import command_set, pdus

EXPLICIT = EXPLICIT_VR_LITTLE_ENDIAN
IMPLICIT = IMPLICIT_VR_LITTLE_ENDIAN
SUCCESS = 0x0000
PENDING = 0xFF00


class GatewayEnded(Exception):
    """The gateway ended the conversation while the script expected a request."""


@dataclass(frozen=True)
class SentRequest:
    """A DIMSE request as the PACS read it."""

    context_id: int
    abstract_syntax: str
    command: Dataset
    identifier: Dataset


@dataclass
class Conversation:
    """The PACS' side of one connection."""

    PAUSE: ClassVar = 0.01  # seconds

    sock: socket.socket
    pdus: list[Pdu] = field(default_factory=list)
    reads: list[bytes] = field(default_factory=list)
    requests: list[SentRequest] = field(default_factory=list)
    proposal: AssociateRQ = field(init=False)
    transfer_syntax: str = IMPLICIT_VR_LITTLE_ENDIAN
    reader: PduReader = field(default_factory=PduReader)

    @property
    def last(self) -> type[Pdu]:
        """Return the kind of the PDU that came last."""
        return type(self.pdus[-1])

    @property
    def aborted(self) -> bool:
        """Tell whether the gateway ended the association by an A-ABORT."""
        return bool(self.pdus) and self.last is Abort

    # --- What the PACS reads ---

    def read(self) -> Pdu | None:
        """Return the next PDU, None at the end of the connection."""
        while (pdu := self.reader.pop()) is None:
            try:
                data = self.sock.recv(1 << 20)
            except ConnectionError:
                return None
            if not data:
                return None
            self.reads.append(data)
            self.reader.feed(data)
        self.pdus.append(pdu)
        return pdu

    def read_proposal(self) -> AssociateRQ:
        """Return the A-ASSOCIATE-RQ."""
        proposal = self.read()
        if not isinstance(proposal, AssociateRQ):
            raise GatewayEnded
        self.proposal = proposal
        return proposal

    def read_request(self) -> SentRequest:
        """Return the next DIMSE message; a C-CANCEL-RQ is one too."""
        command = decode(BytesIO(self._read_fragments(True)), True, True)
        context_id = self._context_id
        identifier = Dataset()
        if command.CommandDataSetType != 0x0101:
            is_implicit = self.transfer_syntax == IMPLICIT_VR_LITTLE_ENDIAN
            identifier = decode(BytesIO(self._read_fragments(False)), is_implicit, True)
        names = {context.context_id: context.abstract_syntax for context in self.proposal.contexts}
        request = SentRequest(context_id, names[context_id], command, identifier)
        self.requests.append(request)
        return request

    def _read_fragments(self, is_command: bool) -> bytes:
        pieces = b""
        while True:
            pdu = self.read()
            if not isinstance(pdu, DataTF):
                raise GatewayEnded
            (piece,) = pdu.fragments
            assert piece.is_command == is_command
            self._context_id = piece.context_id
            pieces += piece.data
            if piece.is_last:
                return pieces

    def wait_until_closed(self) -> None:
        """Read whatever still comes."""
        while self.read() is not None:
            pass

    def release_is_next(self) -> bool:
        """Wait for the next PDU; tell whether it is an A-RELEASE-RQ."""
        return not self.reader.is_incomplete and self.sock.recv(1, socket.MSG_PEEK) == b"\x05"

    # --- What the PACS says ---

    def send(self, data: bytes) -> None:
        """Send raw bytes in one segment."""
        self.sock.sendall(data)

    def send_pdu(self, pdu: Pdu) -> None:
        """Send a PDU."""
        self.send(encode_pdu(pdu))

    def trickle(self, data: bytes) -> None:
        """Send byte by byte, for ever if need be, until the gateway ends it."""
        for byte in itertools.chain(data, itertools.repeat(0)):
            self.send(bytes([byte]))
            self.pause()

    def pause(self) -> None:
        """Let PAUSE seconds pass: what makes a PACS slow."""
        select.select([], [], [], self.PAUSE)

    def acceptance(
        self,
        *abstract_syntaxes: str,
        transfer_syntax: str = IMPLICIT_VR_LITTLE_ENDIAN,
        max_pdu_length: int = 16384,
    ) -> AssociateAC:
        """Read the proposal; return an A-ASSOCIATE-AC for these of it, all where none is named."""
        proposal = self.read_proposal()
        self.transfer_syntax = transfer_syntax
        contexts = tuple(
            AnsweredContext(context.context_id, 0, transfer_syntax)
            if not abstract_syntaxes or context.abstract_syntax in abstract_syntaxes
            else AnsweredContext(context.context_id, 3, "")
            for context in proposal.contexts
        )
        user = UserInformation(max_pdu_length, "1.2.3.4", "SCRIPTED")
        return AssociateAC(proposal.called_ae_title, proposal.calling_ae_title, contexts, user)

    def accept(self, *abstract_syntaxes: str, **how: Any) -> None:
        """Read the proposal and accept these of it, see ``acceptance``."""
        self.send_pdu(self.acceptance(*abstract_syntaxes, **how))

    def reject(self, result: int, source: int, reason: int) -> None:
        """Read the proposal and reject it."""
        self.read_proposal()
        self.send_pdu(AssociateRJ(result, source, reason))
        self.wait_until_closed()

    def response(
        self,
        status: int,
        identifier: Dataset | bytes | None = None,
        *,
        context_id: int | None = None,
        fragment_bytes: int = 1 << 20,
        **command: int,
    ) -> bytes:
        """Return an encoded response to the last request.

        ``command`` replaces or adds elements of its command set; None leaves one out.
        """
        request = self.requests[-1]
        elements: dict[str, int | str | None] = {
            "AffectedSOPClassUID": request.abstract_syntax,
            "CommandField": request.command.CommandField | 0x8000,
            "MessageIDBeingRespondedTo": request.command.MessageID,
            "CommandDataSetType": 0x0101 if identifier is None else 0x0001,
            "Status": status,
            **command,
        }
        data = command_set(elements)
        if isinstance(identifier, Dataset):
            identifier = self.encoded(identifier)
        where = request.context_id if context_id is None else context_id
        encoded = pdus(where, True, data, fragment_bytes)
        return encoded + (
            b"" if identifier is None else pdus(where, False, identifier, fragment_bytes)
        )

    def encoded(self, identifier: Dataset) -> bytes:
        """Return an identifier in the transfer syntax that was accepted."""
        data = encode(identifier, self.transfer_syntax == IMPLICIT_VR_LITTLE_ENDIAN, True)
        assert data is not None
        return bytes(data)

    def respond(
        self, status: int, identifier: Dataset | bytes | None = None, **command: int
    ) -> None:
        """Send a response to the last request."""
        self.send(self.response(status, identifier, **command))

    def answer_find(self, *matches: Dataset, status: int = SUCCESS) -> SentRequest:
        """Read a C-FIND request and answer it with these matches and that final status."""
        request = self.read_request()
        for match in matches:
            self.respond(PENDING, match)
        self.respond(status)
        return request

    def serve_release(self) -> None:
        """Answer the A-RELEASE-RQ, which must come now."""
        assert isinstance(self.read(), ReleaseRQ)
        self.send_pdu(ReleaseRP())
        self.wait_until_closed()

    # --- How the PACS goes away ---

    def abort(self, source: int = 2, reason: int = 0) -> None:
        """Send an A-ABORT."""
        self.send_pdu(Abort(source, reason))
        self.wait_until_closed()

    def reset(self) -> None:
        """Close with a TCP reset."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def close(self) -> None:
        """Close in order, without a word of DICOM."""
        self.sock.close()
