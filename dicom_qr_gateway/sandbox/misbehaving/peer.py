"""The PACS' side of one connection: everything that it can say or do.

Rule: what is done here is right unless a fault asks for something wrong by an argument.
"""

import socket
import struct
from threading import Event
from typing import NoReturn

from dicom_qr_gateway.sandbox.misbehaving import wire
from dicom_qr_gateway.sandbox.misbehaving.incoming import (
    NO_DATA_SET,
    ConversationOver,
    Incoming,
    Request,
)
from dicom_qr_gateway.sandbox.misbehaving.proposal import (
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
    Proposal,
    Service,
)
from dicom_qr_gateway.sandbox.misbehaving.studies import patient_id_of, study_of

SUCCESS = 0x0000
PENDING = 0xFF00
SOP_CLASS_NOT_SUPPORTED = 0x0122
DATA_SET_PRESENT = 0x0001
LARGEST_PDU = 16384  # bytes, what this PACS announces and never exceeds by itself
INSTANCES = 3  # that its one study has

# Command Field (0000,0100), PS3.7 E.1-1.
C_FIND_RQ = 0x0020
C_MOVE_RQ = 0x0021
C_ECHO_RQ = 0x0030
C_CANCEL_RQ = 0x0FFF

_COMMAND_FIELDS = {Service.FIND: C_FIND_RQ, Service.MOVE: C_MOVE_RQ}


class Peer:
    """The PACS' side of one connection; the client's proposal and last request are at hand."""

    proposal: Proposal
    request: Request

    def __init__(self, sock: socket.socket, pace: float, stopping: Event) -> None:
        """Take over a connected socket.

        Args:
            sock: the connection.
            pace: seconds between two bytes, or two messages, of a slow PACS.
            stopping: set when the server stops.
        """
        self._socket = sock
        self._incoming = Incoming(sock)
        self._pace = pace
        self._stopping = stopping
        self._explicit_vr: dict[int, bool] = {}

    # --- What the PACS reads ---

    def read_proposal(self) -> None:
        """Read the A-ASSOCIATE-RQ, the first thing that a client sends."""
        self.proposal = self._incoming.read_proposal()

    def read_anything(self) -> None:
        """Wait until the client has sent something, whatever it is."""
        self._incoming.read_anything()

    def read_request(self, service: Service) -> None:
        """Read the next request for that service; answer others as a good PACS does."""
        while True:
            self.request = self._incoming.read_message(self._explicit_vr)
            if self.request.command_field == _COMMAND_FIELDS[service]:
                return
            self.answer_well()

    def read_release(self) -> NoReturn:
        """Be a good PACS until the client asks for the release; leave that unanswered.

        Raises:
            ReleaseRequested: always.
        """
        while True:
            self.request = self._incoming.read_message(self._explicit_vr)
            self.answer_well()

    def wait_for_the_end(self) -> NoReturn:
        """Say nothing more; whatever the client still sends is read and forgotten."""
        while True:
            self._incoming.read_anything()

    # --- What the PACS says as bytes ---

    def send(self, data: bytes) -> None:
        """Send bytes, in one segment where they fit into one."""
        self._socket.sendall(data)

    def send_slowly(self, data: bytes) -> None:
        """Send byte by byte, each after a pause."""
        for byte in data:
            self.pause()
            self.send(bytes((byte,)))

    def send_for_ever(self, data: bytes) -> NoReturn:
        """Send the same again and again; the end of the connection is its only end."""
        while True:
            self.send(data)

    def pause(self) -> None:
        """Let the time between two bytes, or two messages, of a slow PACS pass."""
        if self._stopping.wait(self._pace):
            raise ConversationOver

    # --- The association ---

    def acceptance(
        self,
        *contexts: bytes,
        prefer: str = IMPLICIT_VR_LITTLE_ENDIAN,
        max_pdu_length: int = LARGEST_PDU,
    ) -> bytes:
        """Return an A-ASSOCIATE-AC with these contexts, by default all that can be accepted."""
        syntaxes = self.proposal.acceptable(prefer)
        self._explicit_vr = {
            context_id: syntax == EXPLICIT_VR_LITTLE_ENDIAN
            for context_id, syntax in syntaxes.items()
        }
        accepted = [
            wire.answered_context(context_id, 0 if syntax else 4, syntax)
            for context_id, syntax in syntaxes.items()
        ]
        called, calling = self.proposal.called, self.proposal.calling
        return wire.associate_ac(called, calling, contexts or accepted, max_pdu_length)

    def accept(self, prefer: str = IMPLICIT_VR_LITTLE_ENDIAN) -> None:
        """Accept the association."""
        self.send(self.acceptance(prefer=prefer))

    def abort(self, source: int = 2, reason: int = 0) -> NoReturn:
        """Send an A-ABORT and wait until the client has closed."""
        self.send(wire.abort(source, reason))
        self.wait_for_the_end()

    def reset(self) -> NoReturn:
        """End the connection with a TCP reset."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> NoReturn:
        """End the connection without a word of DICOM."""
        raise ConversationOver

    # --- Responses ---

    @property
    def explicit_vr(self) -> bool:
        """Tell whether data sets of the last request's context are in Explicit VR."""
        return self._explicit_vr.get(self.request.context_id, False)

    def encode(self, elements: wire.Elements) -> bytes:
        """Return a data set in the transfer syntax of the last request's context."""
        return wire.data_set(elements, self.explicit_vr)

    def study(self, **changes: wire.Value) -> wire.Elements:
        """Return the one study there is, of whatever patient was asked for; None leaves out."""
        return {**study_of(self.request.identifier), **changes}

    @property
    def patient_id(self) -> str:
        """Return the Patient ID that was asked for."""
        return patient_id_of(self.request.identifier)

    def command(self, status: int, *, has_data_set: bool = False, **changes: wire.Value) -> bytes:
        """Return the command set of a response to the last request; None leaves out."""
        elements: dict[str, wire.Value] = {
            "AffectedSOPClassUID": self.request.sop_class_uid,
            "CommandField": self.request.command_field | 0x8000,
            "MessageIDBeingRespondedTo": self.request.message_id,
            "CommandDataSetType": DATA_SET_PRESENT if has_data_set else NO_DATA_SET,
            "Status": status,
        }
        return wire.command_set({**elements, **changes})

    def pdus(
        self,
        command: bytes,
        data: bytes | None = None,
        *,
        context_id: int | None = None,
        piece_bytes: int = LARGEST_PDU - 6,
    ) -> bytes:
        """Return a message as PDUs, by default on the last request's context."""
        where = self.request.context_id if context_id is None else context_id
        pdus = wire.fragments(where, True, command, piece_bytes)
        return pdus if data is None else pdus + wire.fragments(where, False, data, piece_bytes)

    def response(
        self, status: int, identifier: wire.Elements | bytes | None = None, **changes: wire.Value
    ) -> bytes:
        """Return a response to the last request as PDUs; ``changes`` are those of ``command``."""
        command = self.command(status, has_data_set=identifier is not None, **changes)
        if identifier is None or isinstance(identifier, bytes):
            return self.pdus(command, identifier)
        return self.pdus(command, self.encode(identifier))

    def respond(
        self, status: int, identifier: wire.Elements | bytes | None = None, **changes: wire.Value
    ) -> None:
        """Send a response to the last request."""
        self.send(self.response(status, identifier, **changes))

    def match(self, **changes: wire.Value) -> None:
        """Send a match, which is a pending C-FIND response."""
        self.respond(PENDING, self.study(**changes))

    def moved(self, completed: int, status: int = PENDING, **changes: wire.Value) -> None:
        """Send a C-MOVE response that says so many instances were sent and the rest remains."""
        self.send(self.movement(completed, status, **changes))

    def movement(self, completed: int, status: int = PENDING, **changes: wire.Value) -> bytes:
        """Return what ``moved`` sends. A final response has no count of the rest (PS3.7 9.1.4)."""
        counts: dict[str, wire.Value] = {
            "NumberOfRemainingSuboperations": INSTANCES - completed if status == PENDING else None,
            "NumberOfCompletedSuboperations": completed,
            "NumberOfFailedSuboperations": 0,
            "NumberOfWarningSuboperations": 0,
        }
        return self.response(status, None, **{**counts, **changes})

    def answer_well(self) -> None:
        """Answer the last request as a good PACS does."""
        command_field = self.request.command_field
        if command_field == C_FIND_RQ:
            self.match()
            self.respond(SUCCESS)
        elif command_field == C_MOVE_RQ:
            self.moved(1)
            self.moved(INSTANCES, SUCCESS)
        elif command_field == C_ECHO_RQ:
            self.respond(SUCCESS)
        elif command_field != C_CANCEL_RQ:
            self.respond(SOP_CLASS_NOT_SUPPORTED)
