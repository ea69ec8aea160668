"""What a key may ask for, by its VR: single values, lists, wild cards and ranges (PS3.4 C.2.2.2).

Rule: a value is accepted as the standard writes it, or refused with the sentence that says what is
accepted. What means the same is one value, since archives compare text: spaces around it are not
significant, composed characters and upper-case codes stand for others, numbers begin with no zero.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from typing import Final

from dicom_qr_gateway.dicom.binary_values import NUMBERS
from dicom_qr_gateway.dicom.query_keys import can_encode_number
from dicom_qr_gateway.services.date_times import date_matcher, date_time_ends, time_matcher

# The value that asks for attributes without a value (PS3.4 C.2.2.2.7).
EMPTY: Final = '""'
# The value that every attribute matches that has one.
ANY_VALUE: Final = "*"

# PS3.5 table 6.2-1: characters a value may have; component groups of a name count alone.
_LENGTHS: Final = {"AE": 16, "CS": 16, "LO": 64, "LT": 10240, "PN": 64, "SH": 16, "ST": 1024}
_WILD_CARD_VRS: Final = frozenset(("AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"))
_ASCII_VRS: Final = frozenset(("AE", "CS", "UR"))

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_NOT_UTF8: Final = re.compile("[\ud800-\udfff\ufffd]")
_UID: Final = re.compile(r"[0-9]+(\.[0-9]+)*")
_DATE: Final = re.compile(r"[0-9]{8}")
_TIME: Final = re.compile(r"([01][0-9]|2[0-3])([0-5][0-9]([0-5][0-9]|60)?)?")
_FRACTION: Final = re.compile(r"([01][0-9]|2[0-3])[0-5][0-9]([0-5][0-9]|60)\.[0-9]{1,6}")
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,12}")
_WHOLE_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,20}")
_DECIMAL: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_IN_FRONT: Final = re.compile(r"^\+?(-?)0*(?=[0-9])")
_AGE: Final = re.compile(r"[0-9]{3}[DWMY]")
_TAG: Final = re.compile(r"[0-9A-Fa-f]{8}")


class BadValue(Exception):
    """One sentence: what the VR accepts."""


class NothingInRange(BadValue):
    """One sentence: a range of dates or times ends before it begins, so that nothing is in it."""


def checked(vr: str, text: str) -> str:
    """Return a value as it is compared, several of a list joined by backslashes.

    Raises:
        NothingInRange: it is a range of dates or times, the ends of which are the wrong way round.
        BadValue: it is none that this VR can be asked for.
    """
    value = _composed(text.strip(" "))
    if not value:
        raise BadValue("A value is not only spaces.")
    if _NOT_UTF8.search(value):
        raise BadValue("A value is text in UTF-8.")
    if _CONTROL.search(value):
        raise BadValue("A value has no control characters.")
    if vr in _WILD_CARD_VRS:
        return _checked_text(vr, value)
    check = _CHECKS.get(vr)
    if check is None:
        raise BadValue(f"An attribute of VR {vr} cannot be searched by a value.")
    return check(value)


def _composed(text: str) -> str:
    """Return text with each letter and its accents in one character, as keyboards write it.

    Not all that NFC replaces: the ideographs that Korean sets have twice are letters of their own.
    """
    composed = unicodedata.normalize("NFC", text)
    return composed if len(composed) < len(text) else text


def is_universal(vr: str, value: str) -> bool:
    """Tell whether a value asks for everything (PS3.4 C.2.2.2.3 and C.2.2.2.4)."""
    return not value.strip("*") and (not value or vr in _WILD_CARD_VRS)


def _checked_text(vr: str, value: str) -> str:
    if vr in _ASCII_VRS and not value.isascii():
        raise BadValue(f"A value of VR {vr} has ASCII characters only.")
    if vr == "CS":
        value = "\\".join(each.strip(" ").upper() for each in re.split(r"[,\\]", value))
    parts = re.split(r"\\", value) if vr == "CS" else value.split("=") if vr == "PN" else [value]
    if vr != "CS" and "\\" in value:
        raise BadValue("A value has no backslash: only UIDs and codes can be asked for as a list.")
    if vr == "PN" and len(parts) > 3:
        raise BadValue("A person name has at most three component groups.")
    longest = _LENGTHS.get(vr)
    if longest and any(len(re.sub(r"[*?]", "", part)) > longest for part in parts):
        raise BadValue(f"A value of VR {vr} has at most {longest} characters.")
    if vr == "CS" and not all(parts):
        raise BadValue("A list of codes has no empty ones.")
    return value


def _checked_uids(value: str) -> str:
    uids = [uid.strip(" ") for uid in re.split(r"[,\\]", value)]
    if not all(len(uid) <= 64 and _UID.fullmatch(uid) for uid in uids):
        raise BadValue(
            "A UID has digits and dots, at most 64; several are separated by commas or backslashes."
        )
    return "\\".join(uids)


def _checked_range(
    value: str,
    is_one: Callable[[str], bool],
    matcher: Callable[[str], Callable[[str], bool]],
    sentence: str,
) -> str:
    first, dash, last = (part.strip(" ") for part in value.partition("-"))
    ends = [end for end in (first, last) if end]
    if not ends or not all(map(is_one, ends)):
        raise BadValue(sentence)
    compared = f"{first}{dash}{last}"
    if first and last and not matcher(compared)(first):
        raise NothingInRange("A range ends where it begins, or after that.")
    return compared


def _checked_dates(value: str) -> str:
    return _checked_range(
        value,
        _is_date,
        date_matcher,
        "A date is YYYYMMDD, a range YYYYMMDD-YYYYMMDD, YYYYMMDD- or -YYYYMMDD.",
    )


def _is_date(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    try:
        date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return False
    return True


def _checked_times(value: str) -> str:
    return _checked_range(
        value,
        _is_time,
        time_matcher,
        "A time is HH, HHMM, HHMMSS or HHMMSS.FFFFFF, a range two with a hyphen.",
    )


def _is_time(text: str) -> bool:
    return bool(_TIME.fullmatch(text) or _FRACTION.fullmatch(text))


def _checked_date_times(value: str) -> str:
    if date_time_ends(value) is None:
        raise BadValue(
            "A date and time is YYYYMMDDHHMMSS.FFFFFF&ZZXX, from the right as much left out as is "
            "not known, a range two with a hyphen."
        )
    return value


def _matching(pattern: re.Pattern[str], sentence: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if not pattern.fullmatch(value):
            raise BadValue(sentence)
        return value

    return check


def _number_as_text(pattern: re.Pattern[str], sentence: str) -> Callable[[str], str]:
    """Return a check of IS or DS; zeros at the end of a DS stay, since many devices write them."""
    check = _matching(pattern, sentence)
    return lambda value: _IN_FRONT.sub(r"\1", check(value))


def _number_of(vr: str) -> Callable[[str], str]:
    code, _ = NUMBERS[vr]
    pattern = _DECIMAL if code in "fd" else _WHOLE_NUMBER

    def check(value: str) -> str:
        if not pattern.fullmatch(value) or not can_encode_number(vr, value):
            raise BadValue(f"A value of VR {vr} is a number in its range.")
        return value

    return check


_CHECKS: Final[dict[str, Callable[[str], str]]] = {
    "AS": _matching(_AGE, "An age is three digits and one of D, W, M and Y."),
    "AT": _matching(_TAG, "A tag is eight hexadecimal digits."),
    "DA": _checked_dates,
    "DS": _number_as_text(_DECIMAL, "A decimal string is a decimal number."),
    "DT": _checked_date_times,
    "IS": _number_as_text(_INTEGER, "An integer string is a whole number of at most 12 digits."),
    "TM": _checked_times,
    "UI": _checked_uids,
    **{vr: _number_of(vr) for vr in NUMBERS},
}
