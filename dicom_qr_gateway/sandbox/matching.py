"""Attribute matching of C-FIND, PS3.4 C.2.2.2.

Rule: text in, truth out; no data sets and no sockets in here.
"""

import re
from functools import lru_cache

_RANGE_VRS = frozenset({"DA", "TM"})
_WILD_CARD_VRS = frozenset({"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"})
_ONE_VALUE_VRS = frozenset({"LT", "ST", "UR", "UT"})


def matches(vr: str, key: str, value: str) -> bool:
    """Tell whether a value of the archive matches a key of the request.

    Args:
        vr: the attribute's value representation.
        key: the key's text without padding; ``""`` matches everything (C.2.2.2.3).
        value: the stored text, its values separated by backslashes; one of them is enough.
    """
    if key == "":
        return True
    values = [value] if vr in _ONE_VALUE_VRS else value.split("\\")
    if vr == "PN":
        # Component groups are the same name in other scripts: each may be asked for alone.
        values += [group for name in values for group in name.split("=")]
    return any(_value_matches(vr, key, each.strip(" ")) for each in values)


def _value_matches(vr: str, key: str, value: str) -> bool:
    if vr == "UI":
        return value in key.split("\\")
    if vr in _RANGE_VRS:
        return _date_or_time_matches(key, value)
    if vr in _WILD_CARD_VRS:
        return _pattern(vr, key).fullmatch(value) is not None
    return key == value


@lru_cache(maxsize=256)
def _pattern(vr: str, key: str) -> re.Pattern[str]:
    """Wild cards, C.2.2.2.4; only names are compared without regard to case (C.2.2.2.1)."""
    wild = {"*": ".*", "?": "."}
    expression = "".join(wild.get(character, re.escape(character)) for character in key)
    return re.compile(expression, re.DOTALL | (re.IGNORECASE if vr == "PN" else 0))


def _date_or_time_matches(key: str, value: str) -> bool:
    """Single value and range, C.2.2.2.1 and C.2.2.2.5; an absent value is in no range."""
    if not value:
        return False
    first, dash, last = key.partition("-")
    if not dash:
        return _moment(key, "0") == _moment(value, "0")
    return (not first or _moment(first, "0") <= _moment(value, "0")) and (
        not last or _moment(value, "0") <= _moment(last, "9")
    )


def _moment(text: str, fill: str) -> str:
    """Return a date or time to compare as text; ``fill`` stands for digits that are left out."""
    return re.sub(r"[.:\s]", "", text).ljust(12, fill)
