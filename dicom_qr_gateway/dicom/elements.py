"""The data elements of one encoded data set, in one flat pass (PS3.5 section 7).

Rule: bytes in, offsets out; no value is decoded or copied here, nothing recurses, and whatever
breaks the encoding raises ProtocolError with a fixed message that holds nothing of the data set.
"""

import struct
from collections.abc import Iterator

from dicom_qr_gateway.errors import ProtocolError

UNDEFINED_LENGTH = 0xFFFFFFFF
ITEM_GROUP = 0xFFFE
ITEM = 0xFFFEE000
ITEM_DELIMITER = 0xFFFEE00D
SEQUENCE_DELIMITER = 0xFFFEE0DD

# Headers of 8 bytes: all in implicit VR (here the VR ""), in explicit VR those with a length of
# 16 bits. Every other VR, newer ones too, has two reserved bytes and 32 (PS3.5 7.1.2).
_SHORT_FORM = frozenset(
    b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split()
) | {b""}
_unpack_implicit = struct.Struct("<HH0sI").unpack_from
_unpack_explicit = struct.Struct("<HH2sH").unpack_from
_unpack_length = struct.Struct("<I").unpack_from


def malformed() -> ProtocolError:
    """Return the one error for every broken encoding."""
    return ProtocolError("The PACS sent a data set whose encoding is broken.")


def elements(data: bytes, explicit_vr: bool) -> Iterator[tuple[int, int, int]]:
    """Yield (tag, start, stop) of each top-level element, in the order in which it was sent.

    The value is ``data[start:stop]``; stop is -1 where the length is undefined: such a value
    consists of items (a sequence, UN, or encapsulated pixel data) and is skipped with all that
    is nested in it. Odd lengths and unsorted or repeated tags are passed on as they are.

    Args:
        data: the encoded data set, all of it.
        explicit_vr: True for Explicit VR Little Endian, False for Implicit VR Little Endian.

    Raises:
        ProtocolError: an element is truncated, longer than the data, has a VR that is none, or
            is an item or a delimiter outside a sequence.
    """
    unpack = _unpack_explicit if explicit_vr else _unpack_implicit
    end = len(data)
    position = 0
    # A query spends its time in this loop: it says inline what _header() says for nested elements.
    while position < end:
        start = position + 8
        if start > end:
            raise malformed()
        group, element, vr, length = unpack(data, position)
        if group == ITEM_GROUP:
            raise malformed()
        if vr not in _SHORT_FORM:
            length, start = _long_form(data, position, vr)
        if length == UNDEFINED_LENGTH:
            position = _skip_items(data, start, explicit_vr and vr != b"UN")
            yield group << 16 | element, start, -1
        else:
            position = start + length
            if position > end:
                raise malformed()
            yield group << 16 | element, start, position


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
        if vr not in _SHORT_FORM:
            length, start = _long_form(data, position, vr)
    return group << 16 | element, vr, length, start


def _skip_items(data: bytes, position: int, explicit_vr: bool) -> int:
    """Return where a value of undefined length ends, its delimiter included (PS3.5 7.5).

    ``depth`` counts the open sequences and items of undefined length, which alternate: it is odd
    within a sequence and even within an item. A peer chooses how deep it nests, so a number is
    all that may grow. UN of undefined length is in implicit VR, whatever surrounds it (PS3.5
    6.2.2); ``un_depth`` is that of the UN around the position, 0 for none.
    """
    depth, un_depth = 1, 0
    while depth:
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
