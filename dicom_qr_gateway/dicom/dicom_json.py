"""Data sets as text in the DICOM JSON Model (PS3.18 Annex F).

Rule: whatever bytes a PACS sent as a value, its text is valid JSON that loses nothing: a number
that is none stays the string it was, a binary value of the wrong length stays bytes.
"""

import json
import math
import re
from binascii import b2a_base64
from collections import defaultdict
from collections.abc import Callable, Iterable, Set
from typing import Final

from dicom_qr_gateway.dicom.binary_values import NUMBERS, numbers, tags
from dicom_qr_gateway.dicom.data_dictionary import UNKNOWN, vr_of
from dicom_qr_gateway.dicom.data_set import CLAIMS, SPECIFIC_CHARACTER_SET, DataSet
from dicom_qr_gateway.dicom.elements import UNDEFINED, Place
from dicom_qr_gateway.dicom.text import Strip, is_simple, padding_of

# Data set, tag, VR, how the attribute begins -> the attribute.
_Write = Callable[[DataSet, int, str, str], str]
_WriteValue = Callable[[str], str]
# VR, how an attribute begins, what writes it (None: the VR is one of text, and the loop of
# attributes writes it), what writes a single value, what stands around that, and how padding
# is taken off.
_Head = tuple[str, str, _Write | None, _WriteValue, str, str, Strip, str]

_quote: Final = json.encoder.encode_basestring  # non-ASCII text as it is
_GROUPS: Final = ("Alphabetic", "Ideographic", "Phonetic")

# Every answer is in UTF-8, so this is what (0008,0005) says wherever it stands.
_UTF8: Final = '"00080005":{"vr":"CS","Value":["ISO_IR 192"]}'

_INTEGER: Final = re.compile(r"[+-]?\d{1,12}", re.ASCII)  # PS3.5 6.2, IS
_DECIMAL: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)  # PS3.5 6.2, DS
_JSON_NUMBER: Final = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_LONGEST_NUMBER: Final = 64


def to_json(data_set: DataSet, hidden: Set[int] = frozenset()) -> str:
    """Return the text of a data set, its attributes in the order of their tags.

    (0008,0005) says ISO_IR 192 where the data set has it or the text is not ASCII. Group lengths
    (gggg,0000) are of the encoding and are left out. Empty values are null, an empty attribute
    has its VR only (PS3.18 F.2.5).

    Args:
        data_set: the data set.
        hidden: tags that are left out, at the top level only.

    Raises:
        ProtocolError: a sequence is broken, or nested deeper than any information model.
    """
    return as_object(attributes(data_set, hidden), SPECIFIC_CHARACTER_SET in data_set.places)


def as_object(written: list[str], says_charset: bool = False) -> str:
    """Return the object of attributes that are in the order of their tags.

    Args:
        written: what ``attributes`` and ``attribute`` returned.
        says_charset: (0008,0005) is one of them.
    """
    text = ",".join(written)
    if not (says_charset or text.isascii()):
        text = ",".join(sorted((*written, _UTF8)))
    return f"{{{text}}}"


def attribute(tag: int, vr: str, values: Iterable[str]) -> str:
    """Return an attribute of a VR of strings with these values."""
    return _with(f'"{tag:08X}":{{"vr":"{vr}"', [_quote(value) for value in values])


def attributes(data_set: DataSet, hidden: Set[int] = frozenset()) -> list[str]:
    """Return the text of each attribute, in the order of their tags; see to_json."""
    places, characters, all_simple = data_set.places, data_set.characters, data_set.is_simple
    heads, written = _HEADS, []
    # A query spends its time in this loop: it says inline what _values() says of one value.
    for tag in sorted(places):
        claimed, start, stop = places[tag]
        if tag in hidden or tag & 0xFFFF == 0:
            continue
        known = heads[claimed].get(tag) if stop != UNDEFINED else None
        vr, head, write, write_value, before, after, strip, padding = known or _head(data_set, tag)
        if start == stop:
            written.append(head + "}")
        elif write is not None:
            written.append(write(data_set, tag, vr, head))
        else:
            text = strip(characters[start:stop], padding)
            if not text.isascii() or not (all_simple or is_simple(text)):
                written.append(_values(data_set, tag, vr, head))
            elif text:
                written.append(f"{before}{write_value(text)}{after}")
            else:
                written.append(head + "}")
    return written


def _head(data_set: DataSet, tag: int) -> _Head:
    """Return how an attribute is written; keep it where tag and claim decide it for ever."""
    vr = data_set.vr(tag)
    head = f'"{tag:08X}":{{"vr":"{vr}"'
    before, after = (',"Value":[{"Alphabetic":', "}]}") if vr == "PN" else (',"Value":[', "]}")
    write_value = _WRITE_VALUE.get(vr, _quote)
    entry = (vr, head, _WRITE.get(vr), write_value, head + before, after, *padding_of(vr))
    if tag == SPECIFIC_CHARACTER_SET:
        entry = (vr, _UTF8[:-1], _nothing, *entry[3:])
    if _is_certain(data_set.places[tag], tag, vr):
        _HEADS[data_set.places[tag][0]][tag] = entry
    return entry


def _is_certain(place: Place, tag: int, vr: str) -> bool:
    """Tell whether tag and claim give this VR for ever, and are of the standard.

    Peers choose both: what only they know must not pile up here.
    """
    claimed, _, stop = place
    in_dictionary = vr_of(tag)
    if stop == UNDEFINED or in_dictionary == UNKNOWN:
        return False
    if claimed in CLAIMS:
        return vr in in_dictionary.split(" or ")
    return claimed in (b"", b"UN") and vr == in_dictionary


def _values(data_set: DataSet, tag: int, vr: str, head: str) -> str:
    """Write an attribute of a VR of text, empty values as null (PS3.18 F.2.5)."""
    write_value = _name if vr == "PN" else _WRITE_VALUE.get(vr, _quote)
    values = data_set.values(tag, vr)
    if values == [""]:
        return head + "}"
    return _with(head, [write_value(value) if value else "null" for value in values])


def _with(head: str, values: list[str]) -> str:
    return f'{head},"Value":[{",".join(values)}]}}'


def _nothing(data_set: DataSet, tag: int, vr: str, head: str) -> str:
    return head + "}"


def _name(value: str) -> str:
    """Write a person name by its component groups, empty ones left out (PS3.18 F.2.2)."""
    groups = [group.rstrip(" ") for group in value.split("=", 2)]
    named = [
        f'"{key}":{_quote(group)}' for key, group in zip(_GROUPS, groups, strict=False) if group
    ]
    return f"{{{','.join(named)}}}"


def _integer(text: str) -> str:
    if text.isdecimal() and len(text) <= 9 and text[0] != "0":
        return text
    return str(int(text)) if _INTEGER.fullmatch(text) else _quote(text)


def _decimal(text: str) -> str:
    """Write a DS with the digits it has; what JSON calls a number is a little stricter."""
    if len(text) > _LONGEST_NUMBER or not _DECIMAL.fullmatch(text):
        return _quote(text)
    if not math.isfinite(float(text)):
        return _quote(text)
    text = text.removeprefix("+")
    return text if _JSON_NUMBER.fullmatch(text) else repr(float(text))


def _numbers(data_set: DataSet, tag: int, vr: str, head: str) -> str:
    found = numbers(vr, data_set.value(tag))
    if found is None:
        return _bytes_of_no_vr(data_set, tag)
    return _with(head, [_finite(number) for number in found])


def _finite(number: float) -> str:
    """Write a number; JSON has none for what is not finite, so that is a string.

    PS3.18 F.2.3 gives it no spelling: this is that of JavaScript, which other servers write too.
    """
    if math.isfinite(number):
        return repr(number)
    return '"NaN"' if math.isnan(number) else '"Infinity"' if number > 0 else '"-Infinity"'


def _tags(data_set: DataSet, tag: int, vr: str, head: str) -> str:
    found = tags(data_set.value(tag))
    if found is None:
        return _bytes_of_no_vr(data_set, tag)
    return _with(head, [f'"{each}"' for each in found])


def _bytes_of_no_vr(data_set: DataSet, tag: int) -> str:
    return _bytes(data_set, tag, UNKNOWN, f'"{tag:08X}":{{"vr":"UN"')


def _bytes(data_set: DataSet, tag: int, vr: str, head: str) -> str:
    text = b2a_base64(data_set.value(tag), newline=False).decode("ascii")
    return f'{head},"InlineBinary":"{text}"}}'


def _sequence(data_set: DataSet, tag: int, vr: str, head: str) -> str:
    found = [f"{{{','.join(attributes(item))}}}" for item in data_set.items(tag)]
    return _with(head, found) if found else head + "}"


_WRITE_VALUE: Final[dict[str, _WriteValue]] = {"DS": _decimal, "IS": _integer}
_WRITE: Final[dict[str, _Write]] = {
    **dict.fromkeys(NUMBERS, _numbers),
    **dict.fromkeys(("OB", "OD", "OF", "OL", "OV", "OW", "UN"), _bytes),
    "AT": _tags,
    "SQ": _sequence,
}
# By the VR that an explicit encoding claims, two letters at most, then by tag.
_HEADS: Final[defaultdict[bytes, dict[int, _Head]]] = defaultdict(dict)
