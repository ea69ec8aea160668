"""Identifiers of queries and retrieves: keyword -> text on our side, encoded bytes on the wire.

Rule: only the keywords of ``KEYS`` exist here. A response identifier is read in one flat pass;
what it holds beside those keywords is skipped unread. Encodings are Implicit and Explicit VR
Little Endian (PS3.5 A.1 and A.2).
"""

import re
from collections.abc import Mapping
from functools import cache, partial
from struct import Struct

from dicom_qr_gateway.dicom.elements import ITEM_GROUP, SHORT_FORM, elements, malformed
from dicom_qr_gateway.dicom.request_charset import Encode, encoder
from dicom_qr_gateway.dicom.text import (
    TEXT_VRS,
    CharacterSet,
    Strip,
    decode_assuming,
    padding_of,
)

# Keyword -> tag and VR (PS3.6). All of these VRs have the short form in explicit VR.
KEYS: dict[str, tuple[int, str]] = {
    "SpecificCharacterSet": (0x00080005, "CS"),
    "SOPInstanceUID": (0x00080018, "UI"),
    "StudyDate": (0x00080020, "DA"),
    "StudyTime": (0x00080030, "TM"),
    "AccessionNumber": (0x00080050, "SH"),
    "QueryRetrieveLevel": (0x00080052, "CS"),
    "RetrieveAETitle": (0x00080054, "AE"),
    "FailedSOPInstanceUIDList": (0x00080058, "UI"),
    "Modality": (0x00080060, "CS"),
    "ModalitiesInStudy": (0x00080061, "CS"),
    "InstitutionName": (0x00080080, "LO"),
    "ReferringPhysicianName": (0x00080090, "PN"),
    "StudyDescription": (0x00081030, "LO"),
    "PerformingPhysicianName": (0x00081050, "PN"),
    "PatientName": (0x00100010, "PN"),
    "PatientID": (0x00100020, "LO"),
    "PatientBirthDate": (0x00100030, "DA"),
    "StudyInstanceUID": (0x0020000D, "UI"),
    "SeriesInstanceUID": (0x0020000E, "UI"),
}
MAX_LENGTH = 0xFFFE
# Of a match: what an element of a request, in which it is sent back, can hold.
MATCHED_UID = re.compile(rf"[0-9.]{{1,{MAX_LENGTH}}}")
# The longest list of UIDs a retrieve can have: its counters have 16 bits (PS3.7 9.1.4.1.7), a UID
# has 64 characters. Decoding takes several times the memory of a value, so none may be longer.
MAX_UID_LIST_LENGTH = 0xFFFF * 65

_READERS: dict[int, tuple[str, str, int, Strip, str]] = {
    tag: (keyword, vr, MAX_UID_LIST_LENGTH if vr == "UI" else MAX_LENGTH, *padding_of(vr))
    for keyword, (tag, vr) in KEYS.items()
}
_pack_tag = Struct("<HH").pack
# By the bytes of the tag, and of the VR where it is encoded.
_PLAIN_READERS: dict[bytes, tuple[str, Strip, str]] = {
    _pack_tag(tag >> 16, tag & 0xFFFF) + stated_vr: (keyword, *padding_of(vr))
    for keyword, (tag, vr) in KEYS.items()
    for stated_vr in SHORT_FORM
}
_ITEM_GROUP = _pack_tag(ITEM_GROUP, 0)[:2]
_unpack_implicit = Struct("<4sI").unpack_from
_unpack_explicit = Struct("<6sH").unpack_from
_pack_implicit = Struct("<HHI").pack
_pack_explicit = Struct("<HH2sH").pack


def encode_identifier(keys: Mapping[str, str], explicit_vr: bool, charset: str = "") -> bytes:
    """Return the encoded identifier of a request, sorted by tag (PS3.5 7.1).

    Where a value is not ASCII, the first of ISO_IR 100 and ISO_IR 192 that can say all values is
    used and stated in (0008,0005) (PS3.4 C.2.2.2), whatever ``keys`` says there.

    Args:
        keys: keyword -> text; "" is the universal match, several UIDs are joined by backslashes.
        explicit_vr: True for Explicit VR Little Endian, False for Implicit VR Little Endian.
        charset: one of REQUEST_CHARSETS, used and stated whatever the values are; "" for none.

    Raises:
        KeyError: a keyword is none of ``KEYS``.
        ValueError: a value is longer than 65534 bytes, or has characters its VR cannot carry.
    """
    term = charset or _character_set_for("".join(keys.values()))
    stated = {**keys, "SpecificCharacterSet": term} if term else keys
    encode = encoder(term) if term else _encode_ascii
    return b"".join(
        [
            _encode_element(keyword, stated[keyword], encode, explicit_vr)
            if stated[keyword]
            else _encode_universal(keyword, explicit_vr)
            for keyword in sorted(stated, key=KEYS.__getitem__)
        ]
    )


@cache
def _encode_universal(keyword: str, explicit_vr: bool) -> bytes:
    return _encode_element(keyword, "", _encode_ascii, explicit_vr)


def _character_set_for(text: str) -> str:
    """Return the defined term of a request, "" for ASCII."""
    if text.isascii():
        return ""
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return "ISO_IR 192"
    return "ISO_IR 100"


def _encode_ascii(text: str) -> bytes:
    return text.encode("ascii")


def _encode_element(keyword: str, text: str, encode: Encode, explicit_vr: bool) -> bytes:
    tag, vr = KEYS[keyword]
    value = encode(text) if vr in TEXT_VRS else _encode_ascii(text)
    if len(value) % 2:
        value += b"\0" if vr == "UI" else b" "
    if len(value) > MAX_LENGTH:
        raise ValueError(f"{keyword} is longer than an element of its VR can be")
    group, element = tag >> 16, tag & 0xFFFF
    if explicit_vr:
        return _pack_explicit(group, element, vr.encode("ascii"), len(value)) + value
    return _pack_implicit(group, element, len(value)) + value


def decode_identifier(data: bytes, explicit_vr: bool, assumed: str = "") -> dict[str, str]:
    """Return keyword -> text of those keywords of ``KEYS`` that a response identifier has.

    Text comes without padding around any value, several values are joined by backslashes, and
    what the character set cannot say becomes U+FFFD. The VR is that of ``KEYS``, whatever an
    explicit encoding claims. The text is ``str()`` of pydicom's, except that

    - padding goes from each of several values, and leading spaces go in AE, CS, LO, SH and UI;
    - escape sequences work as in PS3.5 6.1.2.5: the upper half of the code table keeps its set
      when the lower half changes, and value 1 of (0008,0005) is back after ``\\``, in names after
      ``^`` and ``=`` too; undeclared ones are followed; those of ISO 2022 IR 58 are no text;
    - behind an escape sequence only the undecodable bytes become U+FFFD;
    - names of Python codecs in (0008,0005) mean nothing, "UTF-8" excepted.

    Args:
        data: the encoded identifier, all of it.
        explicit_vr: True for Explicit VR Little Endian, False for Implicit VR Little Endian.
        assumed: see decode_assuming; "" believes (0008,0005).

    Raises:
        ProtocolError: the encoding is broken, one of the keywords comes twice (PS3.5 7.1), or its
            value has an undefined length or more than 65534 bytes (a list of UIDs: 65535 UIDs).
    """
    # One character a byte: slices of it are the values, and already the text of nearly all.
    characters = data.decode("latin-1")
    return _plain_texts(data, characters, explicit_vr) or _texts(
        data, characters, explicit_vr, assumed
    )


def _plain_texts(data: bytes, characters: str, explicit_vr: bool) -> dict[str, str] | None:
    """Return the texts of an identifier in which nothing needs a second look, else None.

    That is nearly every identifier, and a query spends its time here: so what ``elements`` says of
    all encodings is said once more, of headers of 8 bytes with values in ASCII. Whatever is
    otherwise, or broken, is left to ``_texts``.
    """
    end = len(data)
    if end > MAX_LENGTH or "\x1b" in characters:
        return None
    any_list = "\\" in characters
    unpack = _unpack_explicit if explicit_vr else _unpack_implicit
    reader_of = _PLAIN_READERS.get
    texts: dict[str, str] = {}
    others: set[bytes] = set()
    start = 8
    while start <= end:
        header, length = unpack(data, start - 8)
        stop = start + length
        reader = reader_of(header)
        if reader is not None:
            keyword, strip, padding = reader
            text = characters[start:stop]
            if keyword in texts or not text.isascii():
                return None
            if any_list and "\\" in text:
                texts[keyword] = _strip_each(text, strip, padding)
            else:
                texts[keyword] = strip(text, padding)
        elif header[4:] not in SHORT_FORM or header[:2] == _ITEM_GROUP or header[:4] in others:
            return None
        else:
            others.add(header[:4])
        start = stop + 8
    return texts if start == end + 8 else None


def _texts(data: bytes, characters: str, explicit_vr: bool, assumed: str) -> dict[str, str]:
    any_escape = "\x1b" in characters
    texts: dict[str, str] = {}
    encoded: set[int] = set()
    for tag, (_, start, stop) in elements(data, explicit_vr).items():
        reader = _READERS.get(tag)
        if reader is None:
            continue
        keyword, vr, longest, strip, padding = reader
        if not 0 <= stop - start <= longest:
            raise malformed()
        text = characters[start:stop]
        if (any_escape or not text.isascii()) and vr in TEXT_VRS:
            # (0008,0005) may still follow: the tags of an identifier are not always sorted.
            texts[keyword] = text
            encoded.add(tag)
        elif "\\" in text:
            texts[keyword] = _strip_each(text, strip, padding)
        else:
            texts[keyword] = strip(text, padding)
    if encoded:
        _decode_texts(texts, encoded, assumed)
    return texts


def _strip_each(text: str, strip: Strip, padding: str) -> str:
    return "\\".join(strip(value, padding) for value in text.split("\\"))


def _decode_texts(texts: dict[str, str], encoded: set[int], assumed: str) -> None:
    """Replace each text of ``encoded`` tags, one character a byte so far, by what it says."""
    stated = texts.get("SpecificCharacterSet", "")
    decode = (
        partial(decode_assuming, assumed, stated) if assumed else CharacterSet.named(stated).decode
    )
    for tag in encoded:
        keyword, vr, _, strip, padding = _READERS[tag]
        text = decode(texts[keyword].encode("latin-1"), person_name=vr == "PN")
        texts[keyword] = _strip_each(text, strip, padding)
