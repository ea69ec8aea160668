"""Wild card matching (PS3.4 C.2.2.2.4).

Rule: a pattern of a client never takes more time than its length times the value's.
"""

import re
from functools import lru_cache


@lru_cache(maxsize=256)
def pattern(key: str) -> re.Pattern[str]:
    """Return what matches a key in full: ``*`` is any text, ``?`` any one character."""
    first, *rest = (_literal(part) for part in key.split("*"))
    if not rest:
        return re.compile(first, re.DOTALL)
    *middle, last = rest
    # Each part is found as early as it can be, and never looked for again.
    found = "".join(f"(?>.*?{part})" for part in middle)
    return re.compile(f"{first}{found}.*{last}", re.DOTALL)


def of_any_length(key: str) -> str:
    """Return the key with ``*`` for each run of wild cards: it matches the same, and more."""
    return re.sub(r"[*?]+", "*", key)


def _literal(part: str) -> str:
    return "".join("." if character == "?" else re.escape(character) for character in part)
