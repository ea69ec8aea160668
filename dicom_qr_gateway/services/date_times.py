"""How dates and times are compared (PS3.4 C.2.2.2.1 and C.2.2.2.5).

Rule: a value that says less than a key covers all moments it may mean; one that is no date or time
is in no range. Archives compare text: a range that they are asked for has the ends that take in
every way to write its moments.
"""

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final

_DATE: Final = re.compile(r"\d{8}", re.ASCII)
_TIME: Final = re.compile(r"\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?", re.ASCII)
_DATE_TIME: Final = re.compile(
    r"(?!0000)[0-9]{4}((0[1-9]|1[0-2])((0[1-9]|[12][0-9]|3[01])(([01][0-9]|2[0-3])"
    r"([0-5][0-9](([0-5][0-9]|60)(\.[0-9]{1,6})?)?)?)?)?)?(?P<offset>[+-](0[0-9]|1[0-4])[0-5][0-9])?"
)
# The end of a time that says nothing: 0930, 093000 and 093000.0 are one moment.
_ONLY_ZEROS: Final = re.compile(r"(00)*(\.0+)?")
_EARLIEST, _LATEST = "000000.000000", "235959.999999"
_FIRST_MOMENT, _LAST_MOMENT = "00000101000000.000000", "99991231235959.999999"


def date_matcher(key: str) -> Callable[[str], bool]:
    """Return what tells whether a DA value matches a date or a range of them."""
    first, dash, last = key.partition("-")
    return partial(_date_matches, first, last if dash else first)


def _date_matches(first: str, last: str, value: str) -> bool:
    day = value.replace(".", "")  # as it was written before 1993 (PS3.5 6.2, note)
    return bool(_DATE.fullmatch(day)) and first <= day and (not last or day <= last)


def time_matcher(key: str) -> Callable[[str], bool]:
    """Return what tells whether a TM value matches a time or a range of them."""
    first, dash, last = key.partition("-")
    if not dash:
        return partial(_time_matches, _filled(first, _EARLIEST), _filled(first, _EARLIEST))
    return partial(_time_matches, _filled(first, _EARLIEST), _filled(last, _LATEST))


def _time_matches(first: str, last: str, value: str) -> bool:
    time = value.replace(":", "")
    return bool(_TIME.fullmatch(time)) and first <= _filled(time, _EARLIEST) <= last


def sent_times(key: str) -> str:
    """Return a time, or a range of times, as an archive is asked for it."""
    first, dash, last = key.partition("-")
    return f"{_shortest(first, 2)}-{_latest(last)}" if dash else key


def _shortest(time: str, kept: int) -> str:
    """Return a time without zeros that say nothing at its end: text that no other is before."""
    ends = range(kept, len(time), 2)
    return next((time[:end] for end in ends if _ONLY_ZEROS.fullmatch(time, end)), time)


def _latest(time: str) -> str:
    """Return the last moment of an hour or a minute; of a second it is the PACS' to say."""
    return _filled(time, _LATEST) if 0 < len(time) < len("HHMMSS") else time


def _filled(text: str, pattern: str) -> str:
    return text + pattern[len(text) :]


def date_time_ends(value: str) -> tuple[str, str] | None:
    """Return both ends of a DT value: the same for a single one, None where it is neither.

    A hyphen may also begin an offset from UTC; where both could be meant, it does (PS3.5 6.2).
    """
    if _DATE_TIME.fullmatch(value):
        return value, value
    for position in (index for index, character in enumerate(value) if character == "-"):
        first, last = value[:position], value[position + 1 :]
        if (first or last) and all(_DATE_TIME.fullmatch(end) for end in (first, last) if end):
            return first, last
    return None


def date_time_matcher(key: str) -> Callable[[str], bool]:
    """Return what tells whether a DT value matches a date and time or a range of them."""
    first, last = date_time_ends(key) or ("", "")
    return partial(_date_time_matches, first, last)


def sent_date_times(key: str) -> str:
    """Return a DT value, or a range, as an archive is asked for it; only times are changed."""
    first, last = date_time_ends(key) or (key, key)
    if first == last:
        return key
    begin, end = (text.removesuffix(_offset(text)) for text in (first, last))
    until = f"{end[:8]}{_latest(end[8:])}"
    return f"{_shortest(begin, 8)}{_offset(first)}-{until}{_offset(last)}"


def _date_time_matches(first: str, last: str, value: str) -> bool:
    """Compare in UTC where both say how far they are from it, else as they are written."""
    if not _DATE_TIME.fullmatch(value):
        return False
    return (not first or _is_not_after(first, _FIRST_MOMENT, value, _FIRST_MOMENT)) and (
        not last or _is_not_after(value, _FIRST_MOMENT, last, _LAST_MOMENT)
    )


def _is_not_after(earlier: str, its_fill: str, later: str, their_fill: str) -> bool:
    in_utc = bool(_offset(earlier) and _offset(later))
    return _moment(earlier, its_fill, in_utc) <= _moment(later, their_fill, in_utc)


def _offset(text: str) -> str:
    found = _DATE_TIME.fullmatch(text)
    return found["offset"] or "" if found else ""


def _moment(text: str, fill: str, in_utc: bool) -> str:
    """Return a DT value with all its digits, so that it can be compared as text."""
    offset = _offset(text)
    moment = _filled(text.removesuffix(offset), fill)
    return _utc(moment, offset) if in_utc else moment


def _utc(moment: str, offset: str) -> str:
    year, month = int(moment[:4]), int(moment[4:6])
    day = min(int(moment[6:8]), monthrange(year, month)[1])  # a month that was filled has 31
    hour, minute, second = (int(moment[at : at + 2]) for at in (8, 10, 12))
    local = datetime(
        year, month, day, hour, minute, min(second, 59), int(moment[15:].ljust(6, "0"))
    )
    away = timedelta(hours=int(offset[1:3]), minutes=int(offset[3:]))
    try:
        utc = local + away if offset[0] == "-" else local - away
    except OverflowError:  # in the year 1 or 9999
        return moment
    return f"{utc:%Y%m%d%H%M%S.%f}"
