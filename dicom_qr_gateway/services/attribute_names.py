"""Attributes as a query string names them: keyword or tag, sequences before a dot (PS3.18 8.3.4.1).

Rule: a name is an attribute that can be searched for, or is refused with the sentence that says
why.
"""

import re
from typing import Final

from dicom_qr_gateway.dicom.data_dictionary import UNKNOWN, is_private, tag_of, vr_of
from dicom_qr_gateway.dicom.query_keys import Path, key_vr
from dicom_qr_gateway.services.qido_attributes import Level, is_below, level_of

_MAX_DEPTH: Final = 8
_TAG: Final = re.compile(r"[0-9A-Fa-f]{8}")
_BULK_DATA_VRS: Final = frozenset(("OB", "OD", "OF", "OL", "OV", "OW"))

# They say how a query is made, not what is asked (PS3.4 C.4.1.1.3.1).
_QUERY_RETRIEVE: Final = frozenset((0x00080052, 0x00080053))


class Refused(Exception):
    """One sentence: why a parameter is refused."""


def path_of(name: str) -> Path:
    """Return the tags of an attribute, after those of the sequences that it is in.

    Raises:
        Refused: there is no such attribute, or none that can be searched for.
    """
    names = name.split(".")
    if len(names) > _MAX_DEPTH:
        raise Refused(f"Sequences are nested at most {_MAX_DEPTH} deep.")
    path = tuple(_tag_of(each) for each in names)
    if any(key_vr(sequence) != "SQ" for sequence in path[:-1]):
        raise Refused("Only attributes that are sequences have others in them.")
    return path


def check_no_bulk_data(path: Path) -> None:
    """Raise Refused where an attribute's values are bulk data, which no C-FIND returns."""
    if path[-1] >> 16 == 0x7FE0 or key_vr(path[-1]) in _BULK_DATA_VRS:
        raise Refused("Bulk data cannot be asked for in a search.")


def level_below(path: Path, level: Level) -> Level | None:
    """Return the level that an attribute belongs to where that is below the level of a search."""
    own = level_of(path[0])
    return own if own is not None and is_below(own, level) else None


def _tag_of(name: str) -> int:
    found = int(name, 16) if _TAG.fullmatch(name) else tag_of(name)
    if found is None or vr_of(found) == UNKNOWN:
        if found is not None and is_private(found):
            raise Refused("Private attributes cannot be searched for.")
        raise Refused(
            "No parameter of a search and no attribute of the standard: an attribute is a keyword "
            "like PatientName or eight hexadecimal digits like 00100010."
        )
    if found in _QUERY_RETRIEVE or found & 0xFFFF == 0 or found >> 16 < 0x0008:
        raise Refused("The attribute is not one of what is searched.")
    return found
