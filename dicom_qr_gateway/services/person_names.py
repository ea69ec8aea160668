"""How person names are compared (PS3.4 C.2.2.2.1, PS3.5 6.2.1).

Rule: case, the padding of components and delimiters after the last of them say nothing; accents
do. The three component groups are one name in three scripts: each may be asked for alone.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import partial
from typing import Final

from dicom_qr_gateway.services.wild_cards import of_any_length, pattern

# Scripts in which family and given name are written without anything between them.
_UNSPACED: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]{2,}")


def name_matcher(key: str) -> Callable[[str], bool]:
    """Return what tells whether a name matches; several groups of a key are compared each."""
    groups = [normal(group) for group in key.split("=")]
    if len(groups) == 1:
        return partial(_matches_a_group, pattern(groups[0]), bool(_UNSPACED.fullmatch(groups[0])))
    patterns = [pattern(group) if group else None for group in groups]
    return partial(_matches_each_group, patterns)


def sent_name(key: str) -> str:
    """Return what to ask a PACS for, so that it returns at least what matches.

    Archives compare the whole text, in which an ideographic name is the second group and more may
    follow each group; and some take ``?`` for one byte.
    """
    if "=" in key:
        text = "=".join(_begins(group) for group in key.rstrip("=*").split("="))
    elif key.isascii():
        text = _begins(key)
    else:
        text = f"*{'*'.join(key) if _UNSPACED.fullmatch(key) else key}*"
    return of_any_length(text)


def _begins(group: str) -> str:
    """Return what a group begins with that matches; delimiters at its end may not be there."""
    return f"{group.rstrip(' ^')}*"


def _matches_a_group(wanted: re.Pattern[str], is_unspaced: bool, name: str) -> bool:
    groups = [folded(group) for group in name.split("=")]
    if is_unspaced:
        groups += [re.sub("[ ^]", "", group) for group in groups]
    return any(_is(wanted, group) for group in (*groups, "=".join(map(normal, groups))))


def _matches_each_group(wanted: list[re.Pattern[str] | None], name: str) -> bool:
    groups = [folded(group) for group in name.split("=")]
    groups += [""] * (len(wanted) - len(groups))
    return all(
        each is None or _is(each, group) for each, group in zip(wanted, groups, strict=False)
    )


def _is(wanted: re.Pattern[str], group: str) -> bool:
    """Tell whether a component group is one that is wanted.

    With the delimiters at its end too: ``DOE^*`` asks for one, and a PACS that finds it is right.
    """
    return bool(wanted.fullmatch(group) or wanted.fullmatch(group.rstrip("^")))


def normal(group: str) -> str:
    """Return a component group without the delimiters at its end."""
    return folded(group).rstrip("^")


def folded(group: str) -> str:
    """Return a component group without case and padding."""
    text = unicodedata.normalize("NFC", group).casefold()
    return "^".join(component.strip(" ") for component in text.split("^"))
