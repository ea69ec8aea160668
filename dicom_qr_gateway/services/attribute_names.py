"""Attributes as a query string names them: keyword or tag, sequences before a dot (PS3.18 8.3.4.1).

Rule: a name is an attribute that can be asked for, or is refused with the sentence that says why;
what is none at all is told from what no C-FIND can be asked for.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from dicom_qr_gateway.dicom.data_dictionary import (
    UNKNOWN,
    attribute,
    creator_of,
    is_private,
    is_private_creator,
    repeats,
    tag_of,
    vr_of,
)
from dicom_qr_gateway.dicom.elements import ITEM_GROUP
from dicom_qr_gateway.dicom.query_keys import Path, key_vr
from dicom_qr_gateway.services.key_values import EMPTY
from dicom_qr_gateway.services.qido_attributes import Level, is_below, level_of

_MAX_DEPTH: Final = 8
_TAG: Final = re.compile(r"[0-9A-Fa-f]{8}")
_BULK_DATA_VRS: Final = frozenset(("OB", "OD", "OF", "OL", "OV", "OW"))
_ANY_TEXT: Final = "UC"  # of any length

# They say how a query is made, not what is asked (PS3.4 C.4.1.1.3.1).
_QUERY_RETRIEVE: Final = frozenset((0x00080052, 0x00080053))


class Refused(Exception):
    """One sentence: why a parameter is refused."""


class CannotBeAsked(Refused):
    """One sentence: why what is an attribute is no key of a C-FIND."""


def path_of(name: str) -> Path:
    """Return the tags of an attribute, after those of the sequences that it is in.

    Raises:
        CannotBeAsked: no C-FIND can be asked for it.
        Refused: there is no such attribute.
    """
    names = name.split(".")
    if len(names) > _MAX_DEPTH:
        raise Refused(f"Sequences are nested at most {_MAX_DEPTH} deep.")
    path = tuple(_tag_of(each) for each in names)
    if any(sequence is None or key_vr(sequence) != "SQ" for sequence in path[:-1]):
        raise Refused("Only attributes that are sequences have others in them.")
    return tuple(_checked(tag) for tag in path)


def names_of(paths: Iterable[Path]) -> list[str]:
    """Return how a query string names these attributes, in the order of their tags."""
    return [".".join(map(_name, path)) for path in sorted(paths)]


def _name(tag: int) -> str:
    return attribute(tag).keyword or f"{tag:08X}"


def names_private_creator(name: str) -> bool:
    """Tell whether a name is that of a private creator, in a sequence or not."""
    last = name.rpartition(".")[2]
    return bool(_TAG.fullmatch(last)) and is_private_creator(int(last, 16))


def vr_to_ask_by(path: Path, asked: Mapping[Path, str]) -> str:
    """Return the VR that the value of a key has; what no dictionary knows is text.

    Args:
        path: of the key.
        asked: the keys that have a value, those of private creators among them.

    Raises:
        CannotBeAsked: it is private, and its creator is no key that has a value.
    """
    *sequences, tag = path
    if not is_private(tag) or is_private_creator(tag):
        return key_vr(tag)
    creator = (*sequences, creator_of(tag))
    name = asked.get(creator, EMPTY)
    if name == EMPTY:
        written = ".".join(f"{each:08X}" for each in creator)
        raise CannotBeAsked(f"The attribute is private: give its private creator {written} too.")
    vr = key_vr(tag, {creator[-1]: name})
    return _ANY_TEXT if vr == UNKNOWN else vr


def check_no_bulk_data(tag: int, vr: str) -> None:
    """Raise CannotBeAsked where an attribute's values are bulk data, which no C-FIND returns."""
    if tag >> 16 == 0x7FE0 or vr in _BULK_DATA_VRS:
        raise CannotBeAsked("Bulk data cannot be asked for in a search.")


def level_below(path: Path, level: Level) -> Level | None:
    """Return the level that an attribute belongs to where that is below the level of a search."""
    own = level_of(path[0])
    return own if own is not None and is_below(own, level) else None


def _tag_of(name: str) -> int | None:
    """Return the tag of an attribute, None of one that repeats under the same keyword."""
    tag = int(name, 16) if _TAG.fullmatch(name) else tag_of(name)
    if (tag is None and not repeats(name)) or (tag is not None and not _can_exist(tag)):
        raise Refused(
            "No parameter of a search and no attribute of the standard: an attribute is a keyword "
            "like PatientName or eight hexadecimal digits like 00100010."
        )
    return tag


def _can_exist(tag: int) -> bool:
    """Tell whether there may be an attribute of this tag: PS3.5 7.5 and 7.8.1 rule some out."""
    group, element = tag >> 16, tag & 0xFFFF
    if is_private(tag):
        return (
            group > 0x0008 and group != 0xFFFF and not (element < 0x10 or 0xFF < element < 0x1000)
        )
    return group != ITEM_GROUP


def _checked(tag: int | None) -> int:
    """Return a tag that can be asked for."""
    if tag is None:
        raise CannotBeAsked("The attribute repeats: name one by eight hexadecimal digits.")
    if tag in _QUERY_RETRIEVE or tag & 0xFFFF == 0 or tag >> 16 < 0x0008:
        raise CannotBeAsked("The attribute is not one of what is searched.")
    if vr_of(tag) == UNKNOWN and not is_private(tag):
        raise CannotBeAsked("The standard has no such attribute.")
    return tag
