"""Command sets of DIMSE messages: bytes <-> values (PS3.7 6.3 and Annex E), pure.

Rule: whatever bytes arrive, the outcome is a Response or ProtocolError. A command set is always
Implicit VR Little Endian.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Final

from dicom_qr_gateway.dicom.types import SubOperations
from dicom_qr_gateway.errors import ProtocolError

NO_DATA_SET: Final = 0x0101
DATA_SET_PRESENT: Final = 0x0001
PRIORITY_MEDIUM: Final = 0x0000
PENDING: Final = frozenset((0xFF00, 0xFF01))  # PS3.7 C.1
_REMEMBERED_COMMAND_SET: Final = 512  # bytes

_ELEMENT: Final = struct.Struct("<HHI")
_US: Final = struct.Struct("<H")
_UL: Final = struct.Struct("<I")

# Element numbers of group 0000 (PS3.7 E.1).
_GROUP_LENGTH: Final = 0x0000
_AFFECTED_SOP_CLASS_UID: Final = 0x0002
_COMMAND_FIELD: Final = 0x0100
_MESSAGE_ID: Final = 0x0110
_MESSAGE_ID_RESPONDED_TO: Final = 0x0120
_MOVE_DESTINATION: Final = 0x0600
_PRIORITY: Final = 0x0700
_DATA_SET_TYPE: Final = 0x0800
_STATUS: Final = 0x0900
_REMAINING: Final = 0x1020
_COMPLETED: Final = 0x1021
_FAILED: Final = 0x1022
_WARNING: Final = 0x1023


class CommandField(IntEnum):
    """Command Field (0000,0100) of the requests this gateway sends (PS3.7 E.1-1)."""

    C_FIND_RQ = 0x0020
    C_MOVE_RQ = 0x0021
    C_ECHO_RQ = 0x0030
    C_CANCEL_RQ = 0x0FFF

    @property
    def response(self) -> int:
        """Return the Command Field of the response."""
        return self | 0x8000


@dataclass(frozen=True, slots=True)
class Request:
    """A request of one of the composite services (PS3.7 9.3)."""

    command_field: CommandField
    message_id: int
    sop_class_uid: str
    has_identifier: bool = True
    move_destination: str | None = None

    @lru_cache(maxsize=256)  # noqa: B019
    def encode(self) -> bytes:
        """Return the command set; most requests are the first or second of their association."""
        data_set_type = DATA_SET_PRESENT if self.has_identifier else NO_DATA_SET
        elements = [
            (_AFFECTED_SOP_CLASS_UID, _even(self.sop_class_uid.encode("ascii"), b"\0")),
            (_COMMAND_FIELD, _US.pack(self.command_field)),
            (_MESSAGE_ID, _US.pack(self.message_id)),
        ]
        if self.move_destination is not None:
            title = _even(self.move_destination.encode("ascii"), b" ")
            elements.append((_MOVE_DESTINATION, title))
        if self.has_identifier:
            elements.append((_PRIORITY, _US.pack(PRIORITY_MEDIUM)))
        elements.append((_DATA_SET_TYPE, _US.pack(data_set_type)))
        return _command_set(elements)


def encode_cancel(message_id: int) -> bytes:
    """Return the command set of a C-CANCEL-RQ for that message (PS3.7 9.3.2.3)."""
    return _command_set(
        [
            (_COMMAND_FIELD, _US.pack(CommandField.C_CANCEL_RQ)),
            (_MESSAGE_ID_RESPONDED_TO, _US.pack(message_id)),
            (_DATA_SET_TYPE, _US.pack(NO_DATA_SET)),
        ]
    )


@dataclass(frozen=True, slots=True)
class Response:
    """The command set of a response: what of it this gateway looks at (PS3.7 9.3)."""

    command_field: int
    message_id: int
    status: int
    has_identifier: bool
    sub_operations: SubOperations

    @property
    def is_pending(self) -> bool:
        """Tell whether more responses to the same request follow."""
        return self.status in PENDING

    @classmethod
    def decode(cls, data: bytes) -> "Response":
        """Read a command set.

        Raises:
            ProtocolError: it is cut short, a mandatory element is missing, or one comes twice.
        """
        values: dict[int, bytes] = {}
        for number, value in _elements(data):
            if number in values:
                raise ProtocolError("The PACS sent a command set that has an element twice.")
            values[number] = value
        return cls(
            _required(values, _COMMAND_FIELD),
            _required(values, _MESSAGE_ID_RESPONDED_TO),
            _required(values, _STATUS),
            _required(values, _DATA_SET_TYPE) != NO_DATA_SET,
            SubOperations(
                remaining=_optional(values, _REMAINING),
                completed=_optional(values, _COMPLETED),
                failed=_optional(values, _FAILED),
                warning=_optional(values, _WARNING),
            ),
        )


def decode_response(command_set: bytes) -> Response:
    """Return the response of a command set, of which most come more than once.

    Raises:
        ProtocolError: see Response.decode.
    """
    if len(command_set) > _REMEMBERED_COMMAND_SET:
        return Response.decode(command_set)
    return _remembered(command_set)


_remembered = lru_cache(maxsize=256)(Response.decode)


def _command_set(elements: list[tuple[int, bytes]]) -> bytes:
    body = b"".join(_ELEMENT.pack(0, number, len(value)) + value for number, value in elements)
    return _ELEMENT.pack(0, _GROUP_LENGTH, 4) + _UL.pack(len(body)) + body


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    offset = 0
    while offset < len(data):
        if offset + _ELEMENT.size > len(data):
            raise ProtocolError("The PACS sent a command set that is cut short.")
        group, number, length = _ELEMENT.unpack_from(data, offset)
        offset += _ELEMENT.size
        if group != 0 or offset + length > len(data):
            raise ProtocolError("The PACS sent a command set that is broken.")
        yield number, data[offset : offset + length]
        offset += length


def _optional(values: dict[int, bytes], number: int) -> int | None:
    value = values.get(number)
    if not value:
        return None
    if len(value) != _US.size:
        raise ProtocolError("The PACS sent a command set with a number of the wrong length.")
    return int(_US.unpack(value)[0])


def _required(values: dict[int, bytes], number: int) -> int:
    value = _optional(values, number)
    if value is None:
        raise ProtocolError("The PACS sent a command set without a mandatory element.")
    return value


def _even(value: bytes, padding: bytes) -> bytes:
    return value + padding if len(value) % 2 else value
