"""The Specific Character Set of requests, where the configuration of a PACS states one.

Rule: text is encoded in what is stated or not at all; no character is ever replaced. The terms are
those of PS3.3 tables C.12-2, C.12-4 and C.12-5 that say by themselves how all of a text is encoded.
"""

import re
from collections.abc import Callable
from functools import partial
from typing import Final

Encode = Callable[[str], bytes]

# Defined term -> codec, and the escape sequence before each run that is not ASCII (PS3.5 6.1.2.5).
# The codec of IR 87 brings its own; ISO_IR 13 is missing, since its codec says more than the set.
_WITH_KANA: Final = "ISO 2022 IR 13\\ISO 2022 IR 87"
REQUEST_CHARSETS: Final = {
    "ISO_IR 100": ("latin-1", b""),
    "ISO_IR 101": ("iso8859-2", b""),
    "ISO_IR 109": ("iso8859-3", b""),
    "ISO_IR 110": ("iso8859-4", b""),
    "ISO_IR 126": ("iso8859-7", b""),
    "ISO_IR 127": ("iso8859-6", b""),
    "ISO_IR 138": ("iso8859-8", b""),
    "ISO_IR 144": ("iso8859-5", b""),
    "ISO_IR 148": ("iso8859-9", b""),
    "ISO_IR 166": ("tis-620", b""),
    "ISO_IR 192": ("utf-8", b""),
    "ISO_IR 203": ("iso8859-15", b""),
    "GB18030": ("gb18030", b""),
    "GBK": ("gbk", b""),
    "\\ISO 2022 IR 58": ("gb2312", b"\x1b$)A"),
    "\\ISO 2022 IR 87": ("iso2022_jp", b""),
    "\\ISO 2022 IR 149": ("euc_kr", b"\x1b$)C"),
    _WITH_KANA: ("iso2022_jp", b""),
}
# A run ends where the sets of value 1 come back.
_RUN: Final = re.compile(r"[^\\^=]*[^\x00-\x7f][^\\^=]*")
# What ISO IR 13 says, in one byte each, and what it does not.
_KANA_OR_NOT: Final = re.compile(r"([\x00-\x7f\uff61-\uff9f]+)|[^\x00-\x7f\uff61-\uff9f]+")


def encoder(charset: str) -> Encode:
    """Return what encodes text in that value of (0008,0005); it raises UnicodeEncodeError.

    Raises:
        KeyError: the value is none of REQUEST_CHARSETS.
    """
    codec, escape = REQUEST_CHARSETS[charset]
    if charset == _WITH_KANA:
        return _with_kana
    return partial(_escaped, codec, escape) if escape else partial(_plain, codec)


# One byte a character, in the order of how many hospitals write in them. Orthanc and dcmqrscp
# convert each of them; they do not know ISO_IR 203.
_OF_ONE_BYTE: Final = (
    *("ISO_IR 100", "ISO_IR 101", "ISO_IR 109", "ISO_IR 110", "ISO_IR 144", "ISO_IR 127"),
    *("ISO_IR 126", "ISO_IR 138", "ISO_IR 148", "ISO_IR 166"),
)
# dcmqrscp compares what is stored in one of these, and asked for in another, byte by byte.
_JAPANESE: Final = ("\\ISO 2022 IR 87", _WITH_KANA)


def charsets_for(text: str) -> tuple[str, ...]:
    """Return the values of (0008,0005) to ask in, "" for ASCII: the smallest that says all of it.

    Where none of one byte a character does, that is ISO_IR 192, which finds what is stored in any
    character set on PACS that convert. Text that Japanese PACS may have in ISO 2022 IR 87 is to be
    asked for in that as well, after ASCII and after ISO 2022 IR 13: not every PACS converts it.
    """
    if text.isascii():
        return ("",)
    for charset in _OF_ONE_BYTE:
        if can_encode(text, charset):
            return (charset,)
    return ("ISO_IR 192", *(charset for charset in _JAPANESE if can_encode(text, charset)))


def can_encode(text: str, charset: str) -> bool:
    """Tell whether that value of (0008,0005) can say the text; "" says everything by ISO_IR 192."""
    try:
        encoder(charset or "ISO_IR 192")(text)
    except UnicodeEncodeError:
        return False
    return True


def _plain(codec: str, text: str) -> bytes:
    return text.encode(codec)


def _escaped(codec: str, escape: bytes, text: str) -> bytes:
    designation = escape.decode("ascii")
    return _RUN.sub(lambda run: designation + run[0], text).encode(codec)


def _with_kana(text: str) -> bytes:
    """Encode katakana of half width as ISO IR 13 has them, and the rest between escape sequences.

    The one at the end of such a run designates ISO IR 14 again, which is the ASCII of ISO IR 13.
    """
    return b"".join(
        run[0].encode("shift_jis")
        if run[1]
        else run[0].encode("iso2022_jp").replace(b"\x1b(B", b"\x1b(J")
        for run in _KANA_OR_NOT.finditer(text)
    )
