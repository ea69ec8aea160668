"""Encoded text to str, by Specific Character Set (0008,0005): PS3.5 6.1.2, PS3.3 C.12.1.1.2.

Rule: every sequence of bytes gives a str without lone surrogates; what cannot be decoded becomes
U+FFFD. No character set is ever taken from a name that only Python knows: the peer chooses it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

# (0008,0005) applies to these VRs (PS3.5 6.1.2.2).
TEXT_VRS = frozenset(("SH", "LO", "ST", "LT", "UC", "UT", "PN"))
# One value each, in which a backslash is a character (PS3.5 6.2).
SINGLE_VALUE_VRS = frozenset(("ST", "LT", "UT", "UR"))
_INSIGNIFICANT_LEADING_SPACES = frozenset(("AE", "CS", "DS", "IS", "LO", "SH", "UI"))

Strip = Callable[[str, str], str]

ESCAPE = b"\x1b"
DEFAULT_CODEC = "latin-1"

# PS3.3 tables C.12-2 to C.12-5. The keys are the defined terms without their punctuation and
# without "2022", which also takes in "ISO-IR 100", "ISO_2022_IR_87" and "utf-8", all seen in life.
CODECS = {
    "ISOIR6": DEFAULT_CODEC,
    "ISOIR13": "shift_jis",
    "ISOIR58": "gb2312",
    "ISO58": "gb2312",
    "ISOIR87": "iso2022_jp",
    "ISOIR100": "latin-1",
    "ISOIR101": "iso8859-2",
    "ISOIR109": "iso8859-3",
    "ISOIR110": "iso8859-4",
    "ISOIR126": "iso8859-7",
    "ISOIR127": "iso8859-6",
    "ISOIR138": "iso8859-8",
    "ISOIR144": "iso8859-5",
    "ISOIR148": "iso8859-9",
    "ISOIR149": "euc_kr",
    "ISOIR159": "iso2022_jp_2",
    "ISOIR166": "tis-620",
    "ISOIR203": "iso8859-15",
    "ISOIR192": "utf-8",
    "UTF8": "utf-8",
    "GB18030": "gb18030",
    "GBK": "gbk",
    "ISOGBK": "gbk",
}
# PS3.3 C.12.1.1.2: in these an escape character is a character like any other.
_WITHOUT_CODE_EXTENSIONS = frozenset(("utf-8", "gb18030", "gbk"))
# Value 1 names one of these: bytes above 127 mean nothing until an escape sequence says what.
_WITHOUT_G1 = frozenset(("ISOIR6", "ISOIR87", "ISOIR159"))
# Of several bytes a character: what is not in them hardly ever decodes without a fault.
_SELF_EVIDENT = frozenset(
    ("utf-8", "gb18030", "gbk", "gb2312", "euc_kr", "iso2022_jp", "iso2022_jp_2")
)
UNREADABLE = "\ufffd"

# PS3.3 tables C.12-3 and C.12-4: what an escape sequence designates.
# Lower half: the prefix of Python's codec for a two-byte set. Upper half: the codec.
_G0 = {b"(B": b"", b"(J": b"", b"$B": b"\x1b$B", b"$(D": b"\x1b$(D"}
_G1 = {
    b")I": "shift_jis",
    b"-A": "latin-1",
    b"-B": "iso8859-2",
    b"-C": "iso8859-3",
    b"-D": "iso8859-4",
    b"-F": "iso8859-7",
    b"-G": "iso8859-6",
    b"-H": "iso8859-8",
    b"-L": "iso8859-5",
    b"-M": "iso8859-9",
    b"-T": "tis-620",
    b"-b": "iso8859-15",
    b"$)A": "gb2312",
    b"$)C": "euc_kr",
}

_PUNCTUATION = re.compile(r"[^A-Z0-9]|2022")
_RUNS = re.compile(rb"[\x00-\x7f]+|[\x80-\xff]+")
_DELIMITERS = re.compile(rb"[\t\n\f\r\\]")
_NAME_DELIMITERS = re.compile(rb"[\t\n\f\r\\^=]")


def padding_of(vr: str) -> tuple[Strip, str]:
    """Return how to take the padding from a value, and what counts as padding.

    Spaces and NULs; before the value only where leading spaces are insignificant (PS3.5 table
    6.2-1); at the end of a name also the ``=`` before empty component groups (PS3.5 6.2.1).
    """
    if vr == "PN":
        return str.rstrip, " \0="
    return (str.strip if vr in _INSIGNIFICANT_LEADING_SPACES else str.rstrip), " \0"


def is_as_sent(text: str) -> bool:
    """Tell whether text, decoded one character a byte, says the same in every character set."""
    return text.isascii() and "\x1b" not in text


def is_simple(text: str) -> bool:
    """Tell whether text, decoded one character a byte, has neither delimiter nor escape sequence.

    The delimiters are those of values and of component groups.
    """
    return not ("\\" in text or "=" in text or "\x1b" in text)


def is_known(terms: str) -> bool:
    """Tell whether the first value of (0008,0005) names a character set; an empty one does not."""
    return first_term(terms) in CODECS


def first_term(terms: str) -> str:
    """Return the first value of (0008,0005) as CODECS has it."""
    return term_of(terms.partition("\\")[0])


def term_of(value: str) -> str:
    """Return a defined term as CODECS has it."""
    return _PUNCTUATION.sub("", value.upper())


@dataclass(frozen=True, slots=True)
class CharacterSet:
    """What the first value of (0008,0005) says; escape sequences say the rest themselves."""

    codec: str = DEFAULT_CODEC
    has_g1: bool = False

    @classmethod
    @lru_cache(maxsize=64)
    def named(cls, terms: str) -> "CharacterSet":
        """Return the character set of a value of (0008,0005), its values joined by backslashes.

        Absent, empty and unknown first values give the default repertoire, with bytes above 127
        read as ISO 8859-1: the mistake most archives make is to send that and not say so.
        """
        term = first_term(terms)
        codec = CODECS.get(term)
        if codec is None:
            return cls()
        return cls(codec, has_g1=term not in _WITHOUT_G1)

    def decode(self, value: bytes, *, person_name: bool = False) -> str:
        """Return the text of one encoded element, its values still joined, padding included.

        The values are to be split afterwards: a byte 0x5C may be half of a character.
        Every escape sequence of the standard is followed, whether (0008,0005) declares it or not.
        At the delimiters of PS3.5 6.1.2.5.3 (those of PN for ``person_name``) the character set
        of value 1 is active again, unless that has nothing to say about bytes above 127.
        """
        if ESCAPE not in value or self.codec in _WITHOUT_CODE_EXTENSIONS:
            return value.decode(self.codec, "replace")
        return self._decode_extended(value, _NAME_DELIMITERS if person_name else _DELIMITERS)

    def _decode_extended(self, value: bytes, delimiters: re.Pattern[bytes]) -> str:
        first, *escaped = value.split(ESCAPE)
        text = [first.decode(self.codec, "replace")]
        g1 = self.codec
        for part in escaped:
            code = part[:3] if part[:2] in (b"$(", b"$)") else part[:2]
            if code not in _G0 and code not in _G1:
                code = b""
                text.append("\x1b")
            # Some writers, pydicom's among them, leave a two-byte set by designating an upper half.
            g0, g1 = _G0.get(code, b""), _G1.get(code, g1)
            run = part[len(code) :]
            back = delimiters.search(run) if self.has_g1 and not g0 else None
            cut = back.start() if back else len(run)
            text.append(_decode_run(run[:cut], g0, g1))
            if back:
                g1 = self.codec
                text.append(run[cut:].decode(g1, "replace"))
        return "".join(text)


def _decode_run(run: bytes, g0: bytes, g1: str) -> str:
    """Decode bytes without escape sequences; ``g0`` designates a two-byte set, or is empty."""
    if not g0:
        return run.decode(g1, "replace")
    return "".join(
        part.decode(g1, "replace")
        if part[0] > 127
        else (g0 + part).decode("iso2022_jp_2", "replace")
        for part in _RUNS.findall(run)
    )


def decode_assuming(assumed: str, stated: str, value: bytes, *, person_name: bool = False) -> str:
    """Return the text of an element of a PACS that states no character set, or a wrong one.

    What is stated is believed only where the bytes prove it: a set of several bytes a character
    that decodes without a fault. Else the text is in the assumed set; where that cannot be, in the
    one that is stated, if that can be.

    Args:
        assumed: what to assume, a value of (0008,0005).
        stated: what the PACS says there.
        value: one encoded element, as in CharacterSet.decode.
        person_name: whether its VR is PN.
    """
    character_set = CharacterSet.named(stated)
    as_stated = character_set.decode(value, person_name=person_name)
    is_possible = is_known(stated) and UNREADABLE not in as_stated
    if is_possible and character_set.codec in _SELF_EVIDENT:
        return as_stated
    as_assumed = CharacterSet.named(assumed).decode(value, person_name=person_name)
    return as_stated if is_possible and UNREADABLE in as_assumed else as_assumed
