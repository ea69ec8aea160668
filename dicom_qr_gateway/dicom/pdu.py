"""Upper Layer PDUs: bytes <-> values (PS3.8 section 9.3), pure: no socket, no clock.

Rule 1: whatever bytes arrive, the outcome is a value or ProtocolError.
Rule 2: a PDU is judged by its six-byte header before a byte of its body is kept, so memory never
grows beyond MAX_INCOMING_PDU and one receive.
"""

import struct
from dataclasses import dataclass
from typing import Final

from dicom_qr_gateway.dicom.associate import AssociateAC, AssociateRQ
from dicom_qr_gateway.dicom.associate_items import unpack
from dicom_qr_gateway.errors import ProtocolError

# Peers that overstep the maximum length we announce a little are tolerated up to here (bytes).
MAX_INCOMING_PDU: Final = 1024 * 1024

_HEADER: Final = struct.Struct(">BxI")
_PDV_HEADER: Final = struct.Struct(">IBB")
_FOUR_BYTES: Final = struct.Struct(">xBBB")
_DATA_TF: Final = 0x04
_LAST_OF_DATA_SET: Final = 0x02  # message control header (PS3.8 E.2)
_ONE_FRAGMENT: Final = struct.Struct(">BxIIBB")  # both headers of a P-DATA-TF PDU with one item


@dataclass(frozen=True, slots=True)
class AssociateRJ:
    """A-ASSOCIATE-RJ (PS3.8 9.3.4)."""

    result: int
    source: int
    reason: int

    def encode(self) -> bytes:
        """Return the body of the PDU."""
        return _FOUR_BYTES.pack(self.result, self.source, self.reason)

    @classmethod
    def decode(cls, body: bytes) -> "AssociateRJ":
        """Read the body of the PDU."""
        return cls(*unpack(_FOUR_BYTES, body, 0))


@dataclass(slots=True)
class Fragment:
    """A Presentation Data Value: a piece of a command set or of an identifier (PS3.8 9.3.5.1)."""

    context_id: int
    is_command: bool
    is_last: bool
    data: bytes

    def encode(self) -> bytes:
        """Return the item with its length and message control header (PS3.8 Annex E.2)."""
        control = int(self.is_command) | int(self.is_last) << 1
        return _PDV_HEADER.pack(len(self.data) + 2, self.context_id, control) + self.data


@dataclass(slots=True)
class DataTF:
    """P-DATA-TF (PS3.8 9.3.5)."""

    fragments: tuple[Fragment, ...]

    def encode(self) -> bytes:
        """Return the body of the PDU."""
        return b"".join(fragment.encode() for fragment in self.fragments)

    @classmethod
    def decode(cls, body: bytes) -> "DataTF":
        """Read the body of the PDU."""
        fragments = []
        offset = 0
        while offset < len(body):
            start = offset + _PDV_HEADER.size
            if start > len(body):
                raise ProtocolError("The PACS sent a PDU that is cut short.")
            length, context_id, control = _PDV_HEADER.unpack_from(body, offset)
            end = offset + 4 + length
            if length < 2 or end > len(body):
                raise ProtocolError("The PACS sent a P-DATA-TF PDU with a wrong item length.")
            data = body[start:end]
            fragments.append(Fragment(context_id, control & 1 != 0, control & 2 != 0, data))
            offset = end
        return cls(tuple(fragments))


@dataclass(frozen=True, slots=True)
class ReleaseRQ:
    """A-RELEASE-RQ (PS3.8 9.3.6)."""

    def encode(self) -> bytes:
        """Return the body of the PDU."""
        return bytes(4)

    @classmethod
    def decode(cls, body: bytes) -> "ReleaseRQ":
        """Read the body of the PDU, which is reserved and not tested."""
        return cls()


@dataclass(frozen=True, slots=True)
class ReleaseRP:
    """A-RELEASE-RP (PS3.8 9.3.7)."""

    def encode(self) -> bytes:
        """Return the body of the PDU."""
        return bytes(4)

    @classmethod
    def decode(cls, body: bytes) -> "ReleaseRP":
        """Read the body of the PDU, which is reserved and not tested."""
        return cls()


@dataclass(frozen=True, slots=True)
class Abort:
    """A-ABORT (PS3.8 9.3.8)."""

    source: int
    reason: int

    def encode(self) -> bytes:
        """Return the body of the PDU."""
        return _FOUR_BYTES.pack(0, self.source, self.reason)

    @classmethod
    def decode(cls, body: bytes) -> "Abort":
        """Read the body of the PDU."""
        _, source, reason = unpack(_FOUR_BYTES, body, 0)
        return cls(source, reason)


Pdu = AssociateRQ | AssociateAC | AssociateRJ | DataTF | ReleaseRQ | ReleaseRP | Abort

PDU_TYPES: Final[dict[int, type[Pdu]]] = {
    0x01: AssociateRQ,
    0x02: AssociateAC,
    0x03: AssociateRJ,
    _DATA_TF: DataTF,
    0x05: ReleaseRQ,
    0x06: ReleaseRP,
    0x07: Abort,
}
_TYPE_NUMBERS: Final = {pdu_class: number for number, pdu_class in PDU_TYPES.items()}

# What a peer that is no DICOM node says first, by its first byte: the rest of a sentence.
_OTHER_PROTOCOLS: Final = {
    ord("H"): "it looks like an HTTP server",
    ord("<"): "it looks like an HTTP server",
    ord("S"): "it looks like an SSH server",
    0x15: "it looks like a TLS server",
    0x16: "it looks like a TLS server",
}


def encode_fragment(context_id: int, is_command: bool, is_last: bool, data: bytes) -> bytes:
    """Return a P-DATA-TF PDU with this fragment alone."""
    control = int(is_command) | int(is_last) << 1
    length = len(data) + 2
    return _ONE_FRAGMENT.pack(_DATA_TF, length + 4, length, context_id, control) + data


def encode_pdu(pdu: Pdu) -> bytes:
    """Return the PDU with its header (PS3.8 9.3.1)."""
    body = pdu.encode()
    return _HEADER.pack(_TYPE_NUMBERS[type(pdu)], len(body)) + body


class PduReader:
    """Cuts a byte stream into PDUs."""

    def __init__(self) -> None:
        """Begin with nothing received."""
        self._buffer = bytearray()
        self.length = 0  # bytes of the body that was returned last, for the log
        self._speaks_dicom = False

    @property
    def is_incomplete(self) -> bool:
        """Tell whether a part of a PDU has arrived and the rest is awaited."""
        return bool(self._buffer)

    @property
    def begins_message(self) -> bool:
        """Tell whether what has arrived and is not read begins a P-DATA-TF PDU."""
        return self._buffer[:1] == bytes((_DATA_TF,))

    def feed(self, data: bytes) -> None:
        """Take what the peer sent."""
        self._buffer += data

    def pop(self) -> Pdu | None:
        """Return the next complete PDU, None if there is none yet.

        Raises:
            ProtocolError: no DICOM PDU begins here, it is too long, or its body is broken.
        """
        buffer = self._buffer
        if not buffer:
            return None
        pdu_class = PDU_TYPES.get(buffer[0])
        if pdu_class is None:
            raise _not_a_pdu() if self._speaks_dicom else _not_dicom(buffer[0])
        if len(buffer) < _HEADER.size:
            return None
        _, length = _HEADER.unpack_from(buffer)
        if length > MAX_INCOMING_PDU:
            raise ProtocolError("The PACS sent a PDU that is longer than any PDU may be.")
        end = _HEADER.size + length
        if len(buffer) < end:
            return None
        body = bytes(buffer[_HEADER.size : end])
        self.length = length
        self._speaks_dicom = True
        del buffer[:end]
        return pdu_class.decode(body)

    def pop_data_set(self, command_pdu: bytes, context_id: int) -> bytes | None:
        """Return the data set of the next message where it is one PDU behind exactly this one.

        None only says that it is otherwise, or not complete yet: ``pop`` reads whatever comes.
        """
        buffer = self._buffer
        start = len(command_pdu) + _ONE_FRAGMENT.size
        if len(buffer) < start or not buffer.startswith(command_pdu):
            return None
        headers = _ONE_FRAGMENT.unpack_from(buffer, len(command_pdu))
        _, length, item_length, *_ = headers
        end = start + item_length - 2
        if (
            headers != (_DATA_TF, item_length + 4, item_length, context_id, _LAST_OF_DATA_SET)
            or not 2 <= item_length <= MAX_INCOMING_PDU - 4
            or len(buffer) < end
        ):
            return None
        data = bytes(buffer[start:end])
        self.length = length
        del buffer[:end]
        return data


def _not_dicom(first_byte: int) -> ProtocolError:
    guess = _OTHER_PROTOCOLS.get(first_byte, "the first byte is no PDU type")
    return ProtocolError(f"What answers on this port does not speak DICOM: {guess}.")


def _not_a_pdu() -> ProtocolError:
    return ProtocolError("The PACS sent something that is no PDU, after others that were.")
