"""What a PACS is asked, for what a search asks.

Rule: a PACS is asked for at least what matches; where that is more, the refilter takes it off
again. A key goes out only as the standard, and the PACS, can read it.
"""

from collections.abc import Callable, Mapping
from typing import Final

from dicom_qr_gateway.dicom.data_dictionary import UNKNOWN, is_private, is_private_creator
from dicom_qr_gateway.dicom.query_keys import Keys, key_vr, merged
from dicom_qr_gateway.dicom.text import TEXT_VRS
from dicom_qr_gateway.dicom.types import Quirks
from dicom_qr_gateway.services.date_times import sent_date_times, sent_times
from dicom_qr_gateway.services.key_values import ANY_VALUE, EMPTY
from dicom_qr_gateway.services.person_names import sent_name
from dicom_qr_gateway.services.wild_cards import of_any_length

_WILD_CARDS: Final = frozenset("*?")
_RANGES: Final[Mapping[str, Callable[[str], str]]] = {
    "DA": str,
    "DT": sent_date_times,
    "TM": sent_times,
}
# Sent otherwise, text and ranges still tell who ignores a key.
_STILL_TELLS: Final = TEXT_VRS | {"DT", "TM"}


def sent_keys(asked: Keys, included: Keys, quirks: Quirks, is_fuzzy: bool = False) -> Keys:
    """Return the keys of a C-FIND: what is asked, then whatever is to be in the answer too.

    Args:
        asked: the keys that have a value.
        included: the keys that are universal.
        quirks: how this PACS must be asked.
        is_fuzzy: it matches names in its own way, which must not be got in the way of.
    """
    return merged(included, _sent(asked, quirks, is_fuzzy))


def split(asked: Keys, quirks: Quirks, is_fuzzy: bool = False) -> tuple[Keys, Keys]:
    """Return the keys that the PACS answers for, and those that it is asked more than.

    A match that fails the first is the PACS' mistake, one that fails the second is nobody's. Text
    in ASCII and ranges are in both: in the first as they are sent. So is a private attribute that
    is sent without its value: in the first it must have one, which can be tested. Of a sequence the
    first has those of its keys that belong there.
    """
    sent = _sent(asked, quirks, is_fuzzy)
    ours = {tag: value for tag, value in asked.items() if sent[tag] != value}
    theirs = {
        tag: value for tag, value in sent.items() if tag not in ours or _still_tells(tag, value)
    }
    inner = {
        tag: split(value, quirks, is_fuzzy)[0]
        for tag, value in ours.items()
        if isinstance(value, Mapping)
    }
    tested = {tag: ANY_VALUE for tag, value in ours.items() if _is_tested_as_text(tag, value)}
    return {**theirs, **inner, **tested}, ours


def _is_tested_as_text(tag: int, value: str | Keys) -> bool:
    return is_private(tag) and not is_private_creator(tag) and value != EMPTY


def _still_tells(tag: int, value: str | Keys) -> bool:
    is_ascii = isinstance(value, str) and bool(value) and value.isascii()
    return is_ascii and key_vr(tag) in _STILL_TELLS


def sent_value(vr: str, value: str, quirks: Quirks, is_fuzzy: bool) -> str:
    """Return the value of a key of this VR as a PACS is asked for it.

    Lists are standard for UIDs only (PS3.4 C.2.2.2.2), asking for what has no value is supported
    by nearly no PACS (C.2.2.2.7), some take a wild card for a character, some ``?`` for a byte, and
    nobody can encode what has no known VR.
    """
    if value == EMPTY or vr == UNKNOWN or (vr == "CS" and "\\" in value):
        return ""
    if vr in _RANGES:
        return _RANGES[vr](value)
    if not quirks.wildcards:
        return "" if vr != "UI" and _WILD_CARDS & {*value} else value
    if vr == "PN":
        return value if is_fuzzy else sent_name(value)
    return of_any_length(value) if vr in TEXT_VRS else value


def _sent(asked: Keys, quirks: Quirks, is_fuzzy: bool) -> Keys:
    return {
        tag: _sent(value, quirks, is_fuzzy)
        if isinstance(value, Mapping)
        else sent_value(key_vr(tag, asked), value, quirks, is_fuzzy)
        for tag, value in asked.items()
    }
