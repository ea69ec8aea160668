"""The bytes of an association as a good PACS writes them: PDUs, command sets, data sets.

Rule: nothing of the gateway's own codec is in here, so that no error of it can hide in its tests.
A value given as bytes is written as it is, however wrong; a length may be claimed.
"""

import struct
from collections.abc import Iterable, Iterator, Mapping

from pydicom.datadict import dictionary_VR, tag_for_keyword

# PDU types (PS3.8 9.3.1).
ASSOCIATE_RQ = 0x01
ASSOCIATE_AC = 0x02
ASSOCIATE_RJ = 0x03
DATA_TF = 0x04
RELEASE_RQ = 0x05
RELEASE_RP = 0x06
ABORT = 0x07

APPLICATION_CONTEXT_NAME = b"1.2.840.10008.3.1.1.1"  # PS3.7 A.2.1
IMPLEMENTATION_CLASS_UID = b"2.25.252628293031323334353637383940414243"
UNDEFINED_LENGTH = 0xFFFFFFFF

Value = str | int | bytes | None
Elements = Mapping[str, Value]

_NUMBERS = {"US": "<H", "UL": "<I"}
_LONG_FORM = frozenset(("OB", "OW", "SQ", "UN", "UT"))


def pdu(kind: int, body: bytes, length: int | None = None) -> bytes:
    """Return a PDU; ``length`` is what its header claims, by default the truth."""
    return struct.pack(">BxI", kind, len(body) if length is None else length) + body


def pdv(context_id: int, control: int, data: bytes) -> bytes:
    """Return a presentation data value; bit 0 of control: command, bit 1: last (PS3.8 E.2)."""
    return struct.pack(">IBB", len(data) + 2, context_id, control) + data


def fragments(context_id: int, is_command: bool, data: bytes, size: int) -> bytes:
    """Return P-DATA-TF PDUs that carry the data, at most ``size`` bytes of it each."""
    starts = range(0, max(len(data), 1), size)
    return b"".join(
        pdu(
            DATA_TF,
            pdv(
                context_id,
                int(is_command) | int(start + size >= len(data)) << 1,
                data[start : start + size],
            ),
        )
        for start in starts
    )


def item(kind: int, value: bytes) -> bytes:
    """Return an item of an association PDU (PS3.8 9.3.2)."""
    return struct.pack(">BxH", kind, len(value)) + value


def items(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield kind and value of each item."""
    while data:
        kind, length = struct.unpack_from(">BxH", data)
        yield kind, data[4 : 4 + length]
        data = data[4 + length :]


def answered_context(context_id: int, result: int, transfer_syntax: str) -> bytes:
    """Return a presentation context item of an A-ASSOCIATE-AC (PS3.8 9.3.3.2)."""
    syntax = item(0x40, transfer_syntax.encode("ascii"))
    return item(0x21, struct.pack(">BxBx", context_id, result) + syntax)


def associate_ac(
    called: bytes, calling: bytes, contexts: Iterable[bytes], max_pdu_length: int
) -> bytes:
    """Return an A-ASSOCIATE-AC with these presentation context items (PS3.8 9.3.3)."""
    user = item(0x51, struct.pack(">I", max_pdu_length)) + item(0x52, IMPLEMENTATION_CLASS_UID)
    fixed = struct.pack(">H2x16s16s32x", 1, called.ljust(16), calling.ljust(16))
    name = item(0x10, APPLICATION_CONTEXT_NAME)
    return pdu(ASSOCIATE_AC, fixed + name + b"".join(contexts) + item(0x50, user))


def associate_rj(result: int, source: int, reason: int) -> bytes:
    """Return an A-ASSOCIATE-RJ (PS3.8 9.3.4)."""
    return pdu(ASSOCIATE_RJ, bytes((0, result, source, reason)))


def abort(source: int, reason: int) -> bytes:
    """Return an A-ABORT (PS3.8 9.3.8)."""
    return pdu(ABORT, bytes((0, 0, source, reason)))


def element(keyword: str, value: str | int | bytes, explicit_vr: bool) -> bytes:
    """Return a data element, its value padded to an even length unless it is bytes (PS3.5 7.1)."""
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise ValueError(f"{keyword} is no keyword of PS3.6")
    vr = dictionary_VR(tag)
    data = value if isinstance(value, bytes) else _encoded(vr, value)
    return element_header(tag, vr, len(data), explicit_vr) + data


def element_header(tag: int, vr: str, length: int, explicit_vr: bool) -> bytes:
    """Return tag, VR where it is explicit, and length."""
    start = struct.pack("<HH", tag >> 16, tag & 0xFFFF)
    if not explicit_vr:
        return start + struct.pack("<I", length)
    if vr in _LONG_FORM:
        return start + vr.encode("ascii") + struct.pack("<xxI", length)
    return start + vr.encode("ascii") + struct.pack("<H", length)


def _encoded(vr: str, value: str | int) -> bytes:
    if isinstance(value, int):
        return struct.pack(_NUMBERS[vr], value)
    data = value.encode("utf-8")
    return data + (b"\0" if vr == "UI" else b" ") * (len(data) % 2)


def data_set(elements: Elements, explicit_vr: bool) -> bytes:
    """Return the elements in the order of their tags; those with None are left out."""
    present = {keyword: value for keyword, value in elements.items() if value is not None}
    ordered = sorted(present.items(), key=lambda each: tag_for_keyword(each[0]) or 0)
    return b"".join(element(keyword, value, explicit_vr) for keyword, value in ordered)


def command_set(elements: Elements) -> bytes:
    """Return a command set with its group length (PS3.7 6.3.1)."""
    body = data_set(elements, explicit_vr=False)
    return element("CommandGroupLength", len(body), explicit_vr=False) + body


def read_command_set(data: bytes) -> dict[str, int | str]:
    """Return keyword -> value of what this package looks at in a request."""
    values: dict[str, int | str] = {}
    names = {tag_for_keyword(keyword): keyword for keyword in _READ}
    while data:
        group, number, length = struct.unpack_from("<HHI", data)
        value, data = data[8 : 8 + length], data[8 + length :]
        keyword = names.get(group << 16 | number)
        if keyword == "AffectedSOPClassUID":
            values[keyword] = value.decode("ascii").rstrip("\0 ")
        elif keyword is not None:
            (values[keyword],) = struct.unpack("<H", value)
    return values


_READ = ("AffectedSOPClassUID", "CommandField", "MessageID", "CommandDataSetType")
