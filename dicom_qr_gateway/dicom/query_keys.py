"""Query keys of any attribute and any depth: tag -> value on our side, encoded bytes on the wire.

Rule: what is asked is encoded as it is asked or not at all; a value is never cut or replaced.
"""

import struct
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, Union

from dicom_qr_gateway.dicom.binary_values import NUMBERS
from dicom_qr_gateway.dicom.data_dictionary import (
    UNKNOWN,
    creator_of,
    is_private,
    is_private_creator,
    private_vr,
    vr_of,
)
from dicom_qr_gateway.dicom.data_set import SPECIFIC_CHARACTER_SET
from dicom_qr_gateway.dicom.elements import ITEM, SHORT_FORM
from dicom_qr_gateway.dicom.request_charset import Encode, encoder
from dicom_qr_gateway.dicom.text import TEXT_VRS

# Tag -> value, "" for the universal match (PS3.4 C.2.2.2.3). The value of a sequence is the keys of
# its one item, none for the universal match (C.2.2.2.6).
Keys = Mapping[int, Union[str, "Keys"]]
Path = tuple[int, ...]  # the tag of an attribute, after those of the sequences that it is in

MAX_LENGTH: Final = 0xFFFE
_implicit: Final = struct.Struct("<HHI").pack
_short: Final = struct.Struct("<HH2sH").pack
_long: Final = struct.Struct("<HH2sxxI").pack


def encode_keys(keys: Keys, explicit_vr: bool, charset: str = "") -> bytes:
    """Return the encoded identifier of a request, sorted by tag (PS3.5 7.1).

    Args:
        keys: what is asked; where ``charset`` is not "", its (0008,0005) is that.
        explicit_vr: True for Explicit VR Little Endian, False for Implicit VR Little Endian.
        charset: one of REQUEST_CHARSETS, or "" for ASCII.

    Raises:
        ValueError: a value is longer than an element can be, no number where one is needed, or has
            characters that neither its VR nor the character set can say.
    """
    stated = {**keys, SPECIFIC_CHARACTER_SET: charset} if charset else keys
    return _encode(stated, explicit_vr, encoder(charset) if charset else _ascii)


def nested(values: Mapping[Path, str]) -> Keys:
    """Return the tree of keys that has these values; a sequence's own value is no key in it."""
    inner: dict[int, dict[Path, str]] = {}
    keys: dict[int, str | Keys] = {}
    for path, value in values.items():
        if len(path) > 1:
            inner.setdefault(path[0], {})[path[1:]] = value
        else:
            keys[path[0]] = {} if key_vr(path[0]) == "SQ" else value
    return {**keys, **{tag: nested(below) for tag, below in inner.items()}}


def flat(keys: Keys) -> dict[Path, str]:
    """Return the values that ``nested`` makes this tree of keys of."""
    values: dict[Path, str] = {}
    for tag, value in keys.items():
        if isinstance(value, str):
            values[(tag,)] = value
        else:
            below = flat(value) or {(): ""}
            values.update(((tag, *path), inner) for path, inner in below.items())
    return values


def merged(keys: Keys, others: Keys) -> Keys:
    """Return both trees of keys in one; where both have a key, the value of ``others`` counts."""
    result = dict(keys)
    for tag, value in others.items():
        own = result.get(tag)
        if isinstance(own, Mapping) and isinstance(value, Mapping):
            value = merged(own, value)
        result[tag] = value
    return result


def texts_of(keys: Keys) -> Iterator[str]:
    """Yield every value that (0008,0005) applies to (PS3.5 6.1.2.2)."""
    for tag, value in keys.items():
        if not isinstance(value, str):
            yield from texts_of(value)
        elif key_vr(tag, keys) in TEXT_VRS:
            yield value


def _encode(keys: Keys, explicit_vr: bool, encode: Encode) -> bytes:
    elements = []
    for tag in sorted(keys):
        vr, value = key_vr(tag, keys), keys[tag]
        encoded = (
            _encode_value(vr, value, encode)
            if isinstance(value, str)
            else _encode_item(value, explicit_vr, encode)
        )
        elements.append(_element(tag, vr.encode("ascii"), encoded, explicit_vr))
    return b"".join(elements)


def key_vr(tag: int, beside: Keys = MappingProxyType({})) -> str:
    """Return the VR to ask for an attribute by; where the dictionary leaves a choice, its last.

    Args:
        tag: of the attribute.
        beside: the keys that it stands among: those of private creators say what a private
            attribute is (PS3.5 7.8.1).
    """
    return (_private_key_vr(tag, beside) if is_private(tag) else vr_of(tag))[-2:]


def _private_key_vr(tag: int, beside: Keys) -> str:
    if is_private_creator(tag):
        return "LO"
    creator = beside.get(creator_of(tag), "")
    return private_vr(creator, tag) if isinstance(creator, str) else UNKNOWN


def _encode_value(vr: str, value: str, encode: Encode) -> bytes:
    if value and vr in NUMBERS:
        return _encode_number(vr, value)
    if value and vr == "AT":
        return struct.pack("<HH", int(value[:4], 16), int(value[4:], 16))
    encoded = encode(value) if vr in TEXT_VRS else _ascii(value)
    return encoded + (b"\0" if vr in ("UI", UNKNOWN) else b" ") * (len(encoded) % 2)


def can_encode_number(vr: str, value: str) -> bool:
    """Tell whether a number, as text, is in the range of a VR of ``NUMBERS``."""
    try:
        _encode_number(vr, value)
    except ValueError:
        return False
    return True


def _encode_number(vr: str, value: str) -> bytes:
    code, _ = NUMBERS[vr]
    try:
        return struct.pack(f"<{code}", float(value) if code in "fd" else int(value))
    except (struct.error, OverflowError) as error:
        raise ValueError(f"no number of VR {vr}") from error


def _encode_item(keys: Keys, explicit_vr: bool, encode: Encode) -> bytes:
    if not keys:
        return b""
    item = _encode(keys, explicit_vr, encode)
    return _implicit(ITEM >> 16, ITEM & 0xFFFF, len(item)) + item


def _element(tag: int, vr: bytes, value: bytes, explicit_vr: bool) -> bytes:
    group, element = tag >> 16, tag & 0xFFFF
    if not explicit_vr:
        return _implicit(group, element, len(value)) + value
    if vr not in SHORT_FORM:
        return _long(group, element, vr, len(value)) + value
    if len(value) > MAX_LENGTH:
        raise ValueError("a value is longer than an element of its VR can be")
    return _short(group, element, vr, len(value)) + value


def _ascii(text: str) -> bytes:
    return text.encode("ascii")
