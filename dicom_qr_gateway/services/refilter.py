"""Does a match match? What a PACS returned, tested again against what was asked (PS3.4 C.2.2.2).

Rule: pure functions on values. A PACS that ignores a key must not return everybody; one that
matches as the standard allows must not be called wrong, nor one that cannot say what matched.
"""

import unicodedata
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from dicom_qr_gateway.dicom.binary_values import NUMBERS
from dicom_qr_gateway.dicom.data_dictionary import UNKNOWN, is_private
from dicom_qr_gateway.dicom.data_set import DataSet
from dicom_qr_gateway.dicom.query_keys import Keys, key_vr
from dicom_qr_gateway.dicom.text import SINGLE_VALUE_VRS, TEXT_VRS
from dicom_qr_gateway.services.date_times import date_matcher, date_time_matcher, time_matcher
from dicom_qr_gateway.services.in_part import Verdict, verdict_in_part
from dicom_qr_gateway.services.key_values import ANY_VALUE, EMPTY, BadValue, checked
from dicom_qr_gateway.services.person_names import name_matcher
from dicom_qr_gateway.services.wild_cards import pattern

_PATIENT_ID: Final = 0x00100020

# Required keys (PS3.4 tables C.6-1, C.6-2, C.6-5 and C.6-6): where one has no value, the value
# counts as unknown, and what is unknown matches (C.2.2.1.2). Whose study it is must be known.
UNKNOWN_MATCHES: Final = frozenset(
    (
        0x00080020,  # Study Date
        0x00080030,  # Study Time
        0x00080050,  # Accession Number
        0x00080060,  # Modality
        0x00100010,  # Patient's Name
        0x00200010,  # Study ID
        0x00200011,  # Series Number
        0x00200013,  # Instance Number
    )
)

Matches = Callable[[DataSet], Verdict]
_Matcher = Callable[[str], bool]


def matches_all(keys: Keys, *, fuzzy_matching: bool = False, sent: Keys | None = None) -> Matches:
    """Return what tells whether a data set matches all of these keys, as far as it says.

    Args:
        keys: what was asked; the universal ones match everything.
        fuzzy_matching: the PACS matches names in its own way (PS3.4 C.2.2.2.1.1), so that names
            are not tested.
        sent: what the PACS was asked for these keys, if not the same. What it was not asked it
            did not take for unknown either: no value is no match then.
    """
    asked = keys if sent is None else sent
    checks = [
        _matches_key(tag, value, asked.get(tag, ""), fuzzy_matching)
        for tag, value in keys.items()
        if value
    ]
    return partial(_passes_all, checks)


def _passes_all(checks: list[Matches], data_set: DataSet) -> Verdict:
    least = Verdict.YES
    for check in checks:
        least = min(least, check(data_set))
        if least is Verdict.NO:
            break
    return least


def _matches_key(tag: int, value: str | Keys, sent: str | Keys, fuzzy_matching: bool) -> Matches:
    if isinstance(value, Mapping):
        inner = sent if isinstance(sent, Mapping) else {}
        check = matches_all(value, fuzzy_matching=fuzzy_matching, sent=inner)
        return partial(_has_item, tag, check)
    if value == EMPTY:
        return partial(_is_empty, tag)
    vr = key_vr(tag)
    if fuzzy_matching and vr == "PN":
        return _passes
    if is_private(tag):
        return partial(_has_private_value, tag, value)
    unknown_matches = bool(sent) and tag in UNKNOWN_MATCHES
    # Whose study it is must be known in full.
    in_part = vr in TEXT_VRS and tag != _PATIENT_ID
    otherwise = partial(verdict_in_part, value, vr, tag) if in_part else _fails
    return partial(_has_value, tag, _matcher(vr, value), unknown_matches, otherwise)


def _passes(data_set: DataSet) -> Verdict:
    return Verdict.YES


def _fails(data_set: DataSet) -> Verdict:
    return Verdict.NO


def _has_item(tag: int, check: Matches, data_set: DataSet) -> Verdict:
    """Tell whether one item matches all keys of a sequence (PS3.4 C.2.2.2.6)."""
    items = data_set.items(tag) if tag in data_set.places else ()
    return max((check(item) for item in items), default=Verdict.NO)


def _is_empty(tag: int, data_set: DataSet) -> Verdict:
    says = tag in data_set.places and (data_set.text(tag) or data_set.is_unreadable(tag))
    return Verdict.NO if says else Verdict.YES


def _has_value(
    tag: int, matches: _Matcher, unknown_matches: bool, otherwise: Matches, data_set: DataSet
) -> Verdict:
    """Tell whether one of the attribute's values matches.

    An attribute that is not there is a key that the PACS does not support.
    """
    if tag not in data_set.places:
        return Verdict.NO
    text = data_set.text(tag)
    if _one_matches(matches, tag, data_set.vr(tag), text) if text else unknown_matches:
        return Verdict.YES
    return otherwise(data_set)


def _has_private_value(tag: int, key: str, data_set: DataSet) -> Verdict:
    """Tell whether one of a private attribute's values matches, by the VR that the match gives it.

    Where that is unknown the value is compared as text; what is none matches nothing.
    """
    text = data_set.text(tag) if tag in data_set.places else ""
    if not text or key == ANY_VALUE:
        return Verdict.YES if text else Verdict.NO
    vr = data_set.vr(tag)
    try:
        matches = _matcher(vr, key if vr == UNKNOWN else checked(vr, key))
    except BadValue:
        return Verdict.NO
    return Verdict.YES if _one_matches(matches, tag, vr, text) else Verdict.NO


def is_part_of(above: Mapping[int, str], data_set: DataSet) -> bool:
    """Tell whether a match is of the entities that were named; not every PACS says of which."""
    return all(
        key not in data_set.places or data_set.text(key) in ("", uid) for key, uid in above.items()
    )


def matches_text(tag: int, key: str, text: str) -> bool:
    """Tell whether one of an attribute's values, joined by backslashes, matches a key."""
    return _one_matches(_matcher(key_vr(tag), key), tag, key_vr(tag), text)


def _one_matches(matches: _Matcher, tag: int, vr: str, text: str) -> bool:
    # A match with several Patient IDs is nobody's: VM is 1 (PS3.6).
    is_one = tag == _PATIENT_ID or vr in SINGLE_VALUE_VRS
    values = [text] if is_one else text.split("\\")
    return any(matches(value) for value in values)


def _matcher(vr: str, key: str) -> _Matcher:
    if vr == "PN":
        return name_matcher(key)
    if vr in ("UI", "AT"):
        return frozenset(key.upper().split("\\")).__contains__
    if vr in _RANGES:
        return _RANGES[vr](key)
    if vr in NUMBERS or vr in ("DS", "IS"):
        return partial(_is_number, float(key))
    as_compared = _AS_COMPARED.get(vr, _composed)
    patterns = [pattern(as_compared(each)) for each in key.split("\\")]
    return lambda value: any(each.fullmatch(as_compared(value)) for each in patterns)


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


_AS_COMPARED: Final[Mapping[str, Callable[[str], str]]] = {"CS": str.upper}


_RANGES: Final = {"DA": date_matcher, "DT": date_time_matcher, "TM": time_matcher}


def _is_number(wanted: float, value: str) -> bool:
    try:
        return float(value) == wanted
    except ValueError:
        return False
