"""The data elements of one encoded data set, in one flat pass (PS3.5 section 7).

Rule: bytes in, offsets out; no value is decoded or copied here, nothing recurses, and whatever
breaks the encoding raises ProtocolError with a fixed message that holds nothing of the data set.
"""

import struct
from collections.abc import Iterator

from dicom_qr_gateway.errors import ProtocolError

UNDEFINED_LENGTH = 0xFFFFFFFF
UNDEFINED = -1  # where a value of undefined length stops
ITEM_GROUP = 0xFFFE
ITEM = 0xFFFEE000
ITEM_DELIMITER = 0xFFFEE00D
SEQUENCE_DELIMITER = 0xFFFEE0DD

# Headers of 8 bytes: all in implicit VR (here the VR ""), in explicit VR those with a length of
# 16 bits. Every other VR, newer ones too, has two reserved bytes and 32 (PS3.5 7.1.2).
SHORT_FORM = frozenset(
    b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split()
) | {b""}
_unpack_implicit = struct.Struct("<HH0sI").unpack_from
_unpack_explicit = struct.Struct("<HH2sH").unpack_from
_unpack_length = struct.Struct("<I").unpack_from


# A peer chooses how wide its answers are; no information model comes close.
MAX_ELEMENTS = 10_000

Place = tuple[bytes, int, int]


def malformed() -> ProtocolError:
    """Return the one error for every broken encoding."""
    return ProtocolError("The PACS sent a data set whose encoding is broken.")


def elements(
    data: bytes, explicit_vr: bool, position: int = 0, end: int | None = None
) -> dict[int, Place]:
    """Return tag -> (VR, start, stop) of the elements of a data set, in the order they came in.

    The value is ``data[start:stop]``; stop is UNDEFINED where the length is: such a value
    consists of items (a sequence, UN, or encapsulated pixel data) and is skipped with all that
    is nested in it. Odd lengths and unsorted tags are passed on as they are. The VR is what an
    explicit encoding claims, b"" in an implicit one.

    Args:
        data: what the encoded data set is in.
        explicit_vr: True for Explicit VR Little Endian, False for Implicit VR Little Endian.
        position: where the data set begins.
        end: where it ends, by default with the data.

    Raises:
        ProtocolError: an element is truncated, longer than the data, comes twice (PS3.5 7.1), has a
            VR that is none, or is an item or a delimiter outside a sequence; or there are more than
            MAX_ELEMENTS.
    """
    unpack = _unpack_explicit if explicit_vr else _unpack_implicit
    end = len(data) if end is None else end
    found: dict[int, Place] = {}
    # A query spends its time in this loop: it says inline what _header() says for nested elements.
    for _ in range(MAX_ELEMENTS + 1):
        if position >= end:
            return found
        start = position + 8
        if start > end:
            raise malformed()
        group, element, vr, length = unpack(data, position)
        if group == ITEM_GROUP:
            raise malformed()
        if vr not in SHORT_FORM:
            length, start = _long_form(data, position, vr)
        if length == UNDEFINED_LENGTH:
            position, stop = _skip(data, start, explicit_vr and vr != b"UN"), UNDEFINED
        else:
            position = stop = start + length
        if position > end:
            raise malformed()
        tag = group << 16 | element
        if tag in found:
            raise ProtocolError("The PACS sent a data set that has an attribute twice.")
        found[tag] = vr, start, stop
    raise ProtocolError("The PACS sent a data set with too many elements.")


def items(data: bytes, start: int, stop: int, explicit_vr: bool) -> Iterator[tuple[int, int]]:
    """Yield (start, stop) of the content of each item of a sequence, delimiters not included.

    Args:
        data: what the sequence is in.
        start: where its value begins.
        stop: where it ends, UNDEFINED for that length, both as ``elements`` gave them.
        explicit_vr: how the items are encoded.

    Raises:
        ProtocolError: something else than items is in there, or an item is cut short.
    """
    end, position = (len(data), start) if stop == UNDEFINED else (stop, start)
    while position < end:
        tag, _, length, position = _header(data, position, explicit_vr)
        if tag == SEQUENCE_DELIMITER and stop == UNDEFINED:
            return
        if tag != ITEM:
            raise malformed()
        start, delimiter = position, 0
        if length == UNDEFINED_LENGTH:
            position, delimiter = _skip(data, position, explicit_vr, depth=2), 8
        else:
            position += length
        if position > end:
            raise malformed()
        yield start, position - delimiter


def _long_form(data: bytes, position: int, vr: bytes) -> tuple[int, int]:
    """Return length and start of a value whose VR, two capitals, is not of the short form."""
    if not (vr.isalpha() and vr.isupper()) or len(data) - position < 12:
        raise malformed()
    return _unpack_length(data, position + 8)[0], position + 12


def _header(data: bytes, position: int, explicit_vr: bool) -> tuple[int, bytes, int, int]:
    """Return tag, VR (b"" where none is sent), length, and where the value starts.

    Items and delimiters have no VR in either encoding (PS3.5 7.5).
    """
    if len(data) - position < 8:
        raise malformed()
    group, element, vr, length = _unpack_implicit(data, position)
    start = position + 8
    if explicit_vr and group != ITEM_GROUP:
        group, element, vr, length = _unpack_explicit(data, position)
        if vr not in SHORT_FORM:
            length, start = _long_form(data, position, vr)
    return group << 16 | element, vr, length, start


def _skip(data: bytes, position: int, explicit_vr: bool, depth: int = 1) -> int:
    """Return where a sequence or an item of undefined length ends, with its delimiter (PS3.5 7.5).

    ``depth`` counts the open sequences and items of undefined length, which alternate: it is odd
    within a sequence and even within an item. A peer chooses how deep it nests, so a number is
    all that may grow. UN of undefined length is in implicit VR, whatever surrounds it (PS3.5
    6.2.2); ``un_depth`` is that of the UN around the position, 0 for none.
    """
    outer, un_depth = depth, 0
    while depth >= outer:
        in_sequence = depth % 2 == 1
        tag, vr, length, position = _header(data, position, explicit_vr and not un_depth)
        if tag == (SEQUENCE_DELIMITER if in_sequence else ITEM_DELIMITER) and length == 0:
            depth -= 1
            un_depth = un_depth if un_depth <= depth else 0
        elif (tag != ITEM) if in_sequence else (tag >> 16 == ITEM_GROUP):
            raise malformed()
        elif length == UNDEFINED_LENGTH:
            depth += 1
            un_depth = depth if vr == b"UN" else un_depth
        elif length > len(data) - position:
            raise malformed()
        else:
            position += length
    return position
