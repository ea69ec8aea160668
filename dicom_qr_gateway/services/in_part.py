"""What can be known of a match whose character set lacks letters of what was asked for.

Rule: it is tested by the letters that the set has, since archives leave out the others or put a
question mark there. Where the set has none of them, text without letters can be what was asked
for; of any other text nothing can be said.
"""

from enum import IntEnum
from itertools import zip_longest
from typing import Final

from dicom_qr_gateway.dicom.data_set import DataSet
from dicom_qr_gateway.services.person_names import folded, normal
from dicom_qr_gateway.services.wild_cards import pattern

# What may stand in place of a letter that is not there, or be left around it.
_SAYS_NOTHING: Final = str.maketrans("", "", "?\ufffd ")
_ANY: Final = str.maketrans({"?": "*", " ": None})


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
    left = data_set.sayable(key)
    if left == key:
        return Verdict.NO
    if vr == "PN":
        return max(_name_verdict(key, left, name) for name in data_set.names(tag))
    return max(_text_verdict(left, text) for text in data_set.values(tag, vr))


def _name_verdict(key: str, left: str, name: str) -> Verdict:
    groups = [folded(group) for group in name.split("=")]
    wanted = [normal(group) for group in left.split("=")]
    if len(wanted) == 1:
        return max(_text_verdict(wanted[0], group) for group in groups)
    asked = [normal(group) for group in key.split("=")]
    return min(
        _group_verdict(*each)
        for each in zip_longest(asked, wanted, groups[: len(asked)])
        if each[0]
    )


def _group_verdict(asked: str, left: str, group: str | None) -> Verdict:
    """Return what one component group says; the answer may lack it, or never have had it."""
    if asked == left:
        return Verdict.YES if _matches(asked, group or "") else Verdict.NO
    return Verdict.NO if group is None else _text_verdict(left, group)


def _text_verdict(left: str, text: str) -> Verdict:
    if not (_has_letters(left) or _has_letters(text)):
        return Verdict.IN_PART
    if not _matches(left.translate(_ANY), text.translate(_SAYS_NOTHING)):
        return Verdict.NO
    return Verdict.IN_PART if _has_letters(left) else Verdict.NOT_TESTED


def _matches(key: str, text: str) -> bool:
    """Tell whether text matches, with the delimiters of components at its end or without."""
    return any(pattern(key).fullmatch(each) for each in (text, text.rstrip("^")))


def _has_letters(text: str) -> bool:
    return any(map(str.isalnum, text))
