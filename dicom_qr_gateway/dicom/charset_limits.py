"""What a character set can say, and whether bytes can be in the one that is stated for them.

Rule: pure functions of (0008,0005) and a value; what names no set says ASCII.
"""

from functools import lru_cache
from typing import Final

from dicom_qr_gateway.dicom.text import CODECS, ESCAPE, first_term, term_of

_UTF_8: Final = "utf-8"


def is_plausible(terms: str, value: bytes) -> bool:
    """Tell whether bytes beyond ASCII can be text of the character set that is stated for them.

    Args:
        terms: the value of (0008,0005).
        value: the bytes of a value; nearly none are UTF-8 by chance.
    """
    term = first_term(terms)
    if ESCAPE in value:
        return True
    if term == "ISOIR6" or term not in CODECS:
        return False
    codec = CODECS[term]
    return _is(codec, value) and (codec == _UTF_8 or not _is(_UTF_8, value))


def _is(codec: str, value: bytes) -> bool:
    try:
        value.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


@lru_cache(maxsize=256)
def sayable(terms: str, text: str) -> str:
    """Return a text without the characters that none of some character sets can say.

    Args:
        terms: values of (0008,0005), joined by backslashes; what names no set can say ASCII.
        text: any text.
    """
    named = [term_of(each) for each in terms.split("\\")]
    return "".join(
        character
        for character in text
        if character.isascii() or any(_says(term, character) for term in named)
    )


def _says(term: str, character: str) -> bool:
    if term == "ISOIR13":  # whose codec says more
        return "\uff61" <= character <= "\uff9f"
    if term == "ISOIR6" or term not in CODECS:
        return False
    try:
        character.encode(CODECS[term])
    except UnicodeEncodeError:
        return False
    return True
