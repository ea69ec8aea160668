"""What can be known of a match whose character set lacks letters of what was asked for.

Rule: it is tested by the letters that the set has, since archives leave out the others or put a
question mark there. Where the set has none of them, text without letters can be what was asked
for; of any other text nothing can be said.
"""

from enum import IntEnum
from itertools import zip_longest
from typing import Final

from dicom_qr_gateway.dicom.data_set import SPECIFIC_CHARACTER_SET, DataSet
from dicom_qr_gateway.services.person_names import folded, normal
from dicom_qr_gateway.services.wild_cards import pattern

# The longest text of a match (LT, PS3.5 6.2); what is longer is not looked through.
LONGEST: Final = 10_240
# What may stand in place of a letter that is not there, or be left around it.
_SAYS_NOTHING: Final = str.maketrans("", "", "?\ufffd ")
_IN_UNICODE_ONLY: Final = "\U0010ffff"


class Verdict(IntEnum):
    """Whether a match matches; of several keys the least counts, of several values the most."""

    NO = 0
    NOT_TESTED = 1
    IN_PART = 2
    YES = 3


def verdict_in_part(key: str, vr: str, tag: int, data_set: DataSet) -> Verdict:
    """Return what an attribute that does not match as it is says all the same.

    Args:
        key: what was asked for.
        vr: its VR, one that Specific Character Set applies to.
        tag: the attribute, which is there.
        data_set: the match.
    """
    verdict = _verdict(key, vr, tag, data_set)
    if verdict is Verdict.NO and not key.isascii() and data_set.is_doubtful(tag):
        return Verdict.NOT_TESTED
    return verdict


def _verdict(key: str, vr: str, tag: int, data_set: DataSet) -> Verdict:
    left = data_set.sayable(key)
    if left == key and not _may_ask_for_more(key, vr, data_set):
        return Verdict.NO
    if vr == "PN":
        return max(_name_verdict(key, left, name) for name in data_set.names(tag))
    return max(_text_verdict(left, text) for text in data_set.values(tag, vr))


def _may_ask_for_more(key: str, vr: str, data_set: DataSet) -> bool:
    """Tell whether a wild card may stand for a letter that the character set lacks.

    In the short strings that number and name things nobody looks for such letters.
    """
    states_charset = data_set.has_value(SPECIFIC_CHARACTER_SET)
    return "?" in key and vr != "SH" and states_charset and not data_set.sayable(_IN_UNICODE_ONLY)


def _name_verdict(key: str, left: str, name: str) -> Verdict:
    groups = [folded(group) for group in name.split("=")]
    wanted = [normal(group) for group in left.split("=")]
    if len(wanted) == 1:
        return max(_text_verdict(wanted[0], group) for group in groups)
    asked = [normal(group) for group in key.split("=")]
    verdicts = [
        _group_verdict(*each)
        for each in zip_longest(asked, wanted, groups[: len(asked)])
        if each[0]
    ]
    return min(verdicts, default=Verdict.NO)


def _group_verdict(asked: str, left: str, group: str | None) -> Verdict:
    """Return what one component group says; the answer may lack it, or never have had it."""
    if any(pattern(asked).fullmatch(each) for each in _with_and_without_end(group or "")):
        return Verdict.YES
    if asked == left and "?" not in asked:
        return Verdict.NO
    return Verdict.NOT_TESTED if group is None else _text_verdict(left, group)


def _text_verdict(left: str, text: str) -> Verdict:
    if not (_has_letters(left) or _has_letters(text)):
        return Verdict.IN_PART
    if len(text) > LONGEST:
        return Verdict.NOT_TESTED
    rest = text.translate(_SAYS_NOTHING)
    if not any(_is_left(left.replace(" ", ""), each) for each in _with_and_without_end(rest)):
        return Verdict.NO
    return Verdict.IN_PART if _has_letters(left) else Verdict.NOT_TESTED


def _with_and_without_end(group: str) -> tuple[str, str]:
    """Return a component group as it is, and without the delimiters at its end."""
    return group, group.rstrip("^")


def _is_left(key: str, text: str) -> bool:
    """Tell whether text matches a key, ``?`` being a character that may not be there."""
    ends = {0}
    for wanted in key:
        if wanted == "*":
            ends = {*range(min(ends), len(text) + 1)}
        elif wanted == "?":
            ends |= {end + 1 for end in ends if end < len(text)}
        else:
            ends = {end + 1 for end in ends if text[end : end + 1] == wanted}
        if not ends:
            return False
    return len(text) in ends


def _has_letters(text: str) -> bool:
    return any(map(str.isalnum, text))
