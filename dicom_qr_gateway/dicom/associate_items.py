"""Items of the association PDUs: a type, a length, a value (PS3.8 9.3.2 and Annex D); pure."""

import struct
from collections.abc import Iterator
from typing import Any, Final

from dicom_qr_gateway.errors import ProtocolError

APPLICATION_CONTEXT: Final = 0x10
PROPOSED_CONTEXT: Final = 0x20
ANSWERED_CONTEXT: Final = 0x21
ABSTRACT_SYNTAX: Final = 0x30
TRANSFER_SYNTAX: Final = 0x40
USER_INFORMATION: Final = 0x50
MAXIMUM_LENGTH: Final = 0x51
IMPLEMENTATION_CLASS_UID: Final = 0x52
IMPLEMENTATION_VERSION_NAME: Final = 0x55
SOP_CLASS_EXTENDED_NEGOTIATION: Final = 0x56

_ITEM_HEADER: Final = struct.Struct(">BxH")


def encode_item(item_type: int, value: bytes) -> bytes:
    """Return an item with its header."""
    return _ITEM_HEADER.pack(item_type, len(value)) + value


def items(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield type and value of each item.

    Raises:
        ProtocolError: an item reaches beyond the data.
    """
    offset = 0
    while offset < len(data):
        item_type, length = unpack(_ITEM_HEADER, data, offset)
        offset += _ITEM_HEADER.size
        if offset + length > len(data):
            raise ProtocolError("The PACS sent an association item that is cut short.")
        yield item_type, data[offset : offset + length]
        offset += length


def unpack(layout: struct.Struct, data: bytes, offset: int) -> tuple[Any, ...]:
    """Return the fields that stand at the offset.

    Raises:
        ProtocolError: the data end before them.
    """
    if offset + layout.size > len(data):
        raise ProtocolError("The PACS sent a PDU that is cut short.")
    return layout.unpack_from(data, offset)


def encode_text(text: str) -> bytes:
    """Return a UID or a name as the bytes of ISO 646."""
    return text.encode("ascii")


def decode_text(value: bytes) -> str:
    """Return the text of a UID or a name without padding; other bytes become U+FFFD."""
    return value.decode("ascii", "replace").strip(" \0")
