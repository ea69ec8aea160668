"""What a client sends: PDUs, and the DIMSE requests that they carry.

Rule: clients are taken to be well-behaved; one that is not ends its conversation.
"""

import socket
import struct
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

from pydicom.dataset import Dataset
from pynetdicom.dsutils import decode

from dicom_qr_gateway.sandbox.misbehaving import wire
from dicom_qr_gateway.sandbox.misbehaving.proposal import Proposal

NO_DATA_SET = 0x0101  # PS3.7 E.1-1


class ConversationOver(Exception):
    """Nothing more is to be said on this connection."""


class ReleaseRequested(Exception):
    """The client sent an A-RELEASE-RQ, which is not answered yet."""


@dataclass(frozen=True, slots=True)
class Request:
    """A DIMSE request."""

    context_id: int
    sop_class_uid: str
    command_field: int
    message_id: int
    identifier: Dataset


class Incoming:
    """The receiving half of a connection."""

    def __init__(self, sock: socket.socket) -> None:
        """Begin with nothing received."""
        self._socket = sock
        self._pieces: deque[tuple[int, int, bytes]] = deque()

    def read_proposal(self) -> Proposal:
        """Read the A-ASSOCIATE-RQ, the first thing that a client sends."""
        kind, body = self._read_pdu()
        if kind != wire.ASSOCIATE_RQ:
            raise ConversationOver
        return Proposal.decode(body)

    def read_message(self, explicit_vr: dict[int, bool]) -> Request:
        """Read a request.

        Args:
            explicit_vr: context ID -> whether its data sets are in Explicit VR.

        Raises:
            ReleaseRequested: the client wants to end the association.
            ConversationOver: it has ended it.
        """
        context_id, data = self._read_part()
        command = wire.read_command_set(data)
        identifier = Dataset()
        if command["CommandDataSetType"] != NO_DATA_SET:
            is_implicit = not explicit_vr.get(context_id, False)
            identifier = decode(BytesIO(self._read_part()[1]), is_implicit, True)
        return Request(
            context_id,
            str(command.get("AffectedSOPClassUID", "")),
            int(command["CommandField"]),
            int(command.get("MessageID", 0)),
            identifier,
        )

    def _read_part(self) -> tuple[int, bytes]:
        """Return presentation context ID and bytes of a command set or a data set."""
        data = b""
        while True:
            while not self._pieces:
                self._pieces.extend(self._read_pieces())
            context_id, control, piece = self._pieces.popleft()
            data += piece
            if control & 2:
                return context_id, data

    def _read_pieces(self) -> Iterator[tuple[int, int, bytes]]:
        kind, body = self._read_pdu()
        if kind == wire.RELEASE_RQ:
            raise ReleaseRequested
        if kind != wire.DATA_TF:
            raise ConversationOver
        while body:
            length, context_id, control = struct.unpack_from(">IBB", body)
            yield context_id, control, body[6 : 4 + length]
            body = body[4 + length :]

    def _read_pdu(self) -> tuple[int, bytes]:
        kind, length = struct.unpack(">BxI", self._read_bytes(6))
        return kind, self._read_bytes(length)

    def _read_bytes(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            data += self.read_anything(count - len(data))
        return data

    def read_anything(self, most: int = 65536) -> bytes:
        """Wait until the client has sent something, whatever it is."""
        received = self._socket.recv(most)
        if not received:
            raise ConversationOver
        return received
