"""One encoded data set, indexed by tag in one flat pass, and read where somebody asks.

Rule: an index holds offsets; a value is decoded when it is asked for, by the VR that an explicit
encoding claims, else by the dictionary's. Encodings are Implicit and Explicit VR Little Endian.
"""

import re
from collections.abc import Iterator
from copy import copy
from typing import Final

from dicom_qr_gateway.dicom.binary_values import NUMBERS, numbers, tags
from dicom_qr_gateway.dicom.charset_limits import is_plausible, sayable
from dicom_qr_gateway.dicom.data_dictionary import (
    UNKNOWN,
    creator_of,
    is_private,
    is_private_creator,
    private_vr,
    vr_of,
)
from dicom_qr_gateway.dicom.elements import UNDEFINED, elements, items
from dicom_qr_gateway.dicom.text import (
    SINGLE_VALUE_VRS,
    TEXT_VRS,
    CharacterSet,
    decode_assuming,
    is_as_sent,
    is_simple,
    padding_of,
)
from dicom_qr_gateway.errors import ProtocolError

SPECIFIC_CHARACTER_SET: Final = 0x00080005
PIXEL_REPRESENTATION: Final = 0x00280103

# PS3.5 6.2. An encoding that claims another VR says nothing that could be understood.
VRS: Final = frozenset(
    (
        *("AE", "AS", "AT", "CS", "DA", "DS", "DT", "FD", "FL", "IS", "LO", "LT", "OB", "OD"),
        *("OF", "OL", "OV", "OW", "PN", "SH", "SL", "SQ", "SS", "ST", "SV", "TM", "UC", "UI"),
        *("UL", "UN", "UR", "US", "UT", "UV"),
    )
)
# What an explicit encoding can claim that says more than the dictionary.
CLAIMS: Final = {vr.encode("ascii"): vr for vr in VRS - {UNKNOWN}}
_ENCAPSULATED: Final = frozenset(("OB", "OW", "OB or OW"))  # PS3.5 A.4

_NUMERALS: Final = re.compile(r"[-+.0-9Ee\\]+[ \0]?")
_WITHOUT_TEXT: Final = frozenset(("OB", "OD", "OF", "OL", "OV", "OW", "SQ"))
_NO_TEXT: Final = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ufffd]")

# A peer chooses how deep its answers are; no information model comes close.
MAX_DEPTH: Final = 16


class DataSet:
    """The elements of a data set, or of one item of a sequence.

    ``places`` maps each tag to the VR that an explicit encoding claims (b"" in an implicit one),
    start and stop of its value in ``data`` (stop is UNDEFINED for an undefined length).
    ``characters`` is ``data`` with one character a byte: slices of it are the values, and already
    the text of nearly all. ``is_simple`` says that no value has a delimiter or an escape sequence.
    """

    __slots__ = (
        "_asked_in",
        "_assumed",
        "_depth",
        "_inherited",
        "characters",
        "data",
        "explicit_vr",
        "is_simple",
        "places",
    )

    def __init__(
        self, data: bytes, explicit_vr: bool, assumed: str = "", asked_in: str = ""
    ) -> None:
        """Index an encoded data set.

        Args:
            data: the encoded data set, all of it.
            explicit_vr: True for Explicit VR Little Endian, False for Implicit VR Little Endian.
            assumed: see decode_assuming; "" believes (0008,0005).
            asked_in: (0008,0005) of the request; see as_asked.

        Raises:
            ProtocolError: the encoding is broken.
        """
        self.data = data
        self.characters = data.decode("latin-1")
        self.explicit_vr = explicit_vr
        self.is_simple = is_simple(self.characters)
        self._assumed, self._asked_in = assumed, asked_in
        self._inherited = ""
        self._depth = 0
        self._index(0, len(data))

    def _index(self, position: int, end: int) -> None:
        self.places = elements(self.data, self.explicit_vr, position, end)

    def _item(self, explicit_vr: bool, position: int, end: int) -> "DataSet":
        """Return an item of a sequence of this data set."""
        item = DataSet.__new__(DataSet)
        item.data, item.characters, item.is_simple = self.data, self.characters, self.is_simple
        item.explicit_vr = explicit_vr
        item._assumed, item._asked_in = self._assumed, self._asked_in
        item._inherited = self._character_set()
        item._depth = self._depth + 1
        if item._depth > MAX_DEPTH:
            raise ProtocolError("The PACS sent a data set that is nested too deep.")
        item._index(position, end)
        return item

    def as_asked(self) -> "DataSet | None":
        """Return this data set read in the character set of the request.

        None where that makes no difference: it states a set, has one assumed, or has only ASCII.
        """
        is_open = self._asked_in and not (self._assumed or self._character_set())
        if not is_open or self.characters.isascii():
            return None
        again = copy(self)
        again._inherited = self._asked_in
        return again

    def sayable(self, text: str) -> str:
        """Return what of a text the character set of this data set can say."""
        return sayable(f"{self._character_set()}\\{self._assumed}", text)

    def is_doubtful(self, tag: int) -> bool:
        """Tell whether the text of an element that is there may be in another set than is stated.

        It is not ASCII, and no set is stated, or one that nobody knows or that the bytes disprove.
        """
        value = self.value(tag)
        return not value.isascii() and not is_plausible(self._character_set(), value)

    def vr(self, tag: int) -> str:
        """Return the VR of an element that is there: always one of the standard's.

        Of several that the dictionary leaves open, the one that Pixel Representation (0028,0103)
        chooses, or OW (PS3.5 A.1).
        """
        claimed, _, stop = self.places[tag]
        vr = CLAIMS.get(claimed) or (self._private_vr(tag) if is_private(tag) else vr_of(tag))
        if stop == UNDEFINED and vr not in _ENCAPSULATED:
            return "SQ"
        if vr in VRS:
            return vr
        if "OW" in vr:
            return "OW"
        _, start, _ = self.places.get(PIXEL_REPRESENTATION, (b"", 0, 0))
        return "SS" if self.data[start : start + 2] == b"\1\0" else "US"

    def _private_vr(self, tag: int) -> str:
        """Return the VR that the creator of a private attribute gave it (PS3.5 7.8.1)."""
        if is_private_creator(tag):
            return "LO"
        creator = creator_of(tag)
        vr = private_vr(self.text(creator), tag) if creator in self.places else UNKNOWN
        claimed, start, stop = self.places[tag]
        # Orthanc writes numbers of private attributes as text, and calls them UN.
        is_text = claimed == b"UN" and _NUMERALS.fullmatch(self.characters, start, max(start, stop))
        return UNKNOWN if vr in NUMBERS and is_text else vr

    def items(self, tag: int) -> Iterator["DataSet"]:
        """Yield the items of a sequence.

        Raises:
            ProtocolError: it is broken, or nested deeper than any information model.
        """
        claimed, start, stop = self.places[tag]
        # UN is in implicit VR, whatever surrounds it (PS3.5 6.2.2).
        explicit_vr = self.explicit_vr and claimed != b"UN"
        for position, end in items(self.data, start, stop, explicit_vr):
            yield self._item(explicit_vr, position, end)

    def value(self, tag: int) -> bytes:
        """Return the bytes of an element; those of encapsulated fragments include their headers."""
        _, start, stop = self.places[tag]
        if stop != UNDEFINED:
            return self.data[start:stop]
        ends = [end for _, end in items(self.data, start, stop, explicit_vr=False)]
        return self.data[start : max(ends, default=start)]

    def values(self, tag: int, vr: str) -> list[str]:
        """Return the values of an element by a VR of text, each without its padding."""
        text = self._characters(tag, vr)
        strip, padding = padding_of(vr)
        if "\\" not in text or vr in SINGLE_VALUE_VRS:
            return [strip(text, padding)]
        return [strip(value, padding) for value in text.split("\\")]

    def names(self, tag: int) -> list[str]:
        """Return the values of a PN with all delimiters of component groups, empty ones too."""
        return [name.strip(" \0") for name in self._characters(tag, "PN").split("\\")]

    def _characters(self, tag: int, vr: str) -> str:
        _, start, stop = self.places[tag]
        text = self.characters[start:stop]
        if vr in TEXT_VRS and not is_as_sent(text):
            return self._decode(self.data[start:stop], person_name=vr == "PN")
        return text

    def has_value(self, tag: int) -> bool:
        """Tell whether an element is there and more than padding."""
        if tag not in self.places:
            return False
        _, start, stop = self.places[tag]
        return stop == UNDEFINED or bool(self.characters[start:stop].strip(" \0"))

    def text(self, tag: int) -> str:
        """Return the text of an element without padding, several values joined by backslashes.

        Numbers are in decimal, tags in hexadecimal; what has no text is "". An unknown VR is read
        as text where its bytes are some.
        """
        vr = self.vr(tag)
        if vr == UNKNOWN:
            text = "\\".join(self.values(tag, "LO"))
            return "" if _NO_TEXT.search(text) else text
        if vr in NUMBERS:
            return "\\".join(map(str, numbers(vr, self.value(tag)) or ()))
        if vr == "AT":
            return "\\".join(tags(self.value(tag)) or ())
        return "\\".join(self.values(tag, vr)) if vr not in _WITHOUT_TEXT else ""

    def is_unreadable(self, tag: int) -> bool:
        """Tell whether an element that is there has a value of unknown VR that is no text."""
        return self.vr(tag) == UNKNOWN and not self.text(tag) and bool(self.value(tag).strip(b" "))

    def _decode(self, value: bytes, person_name: bool) -> str:
        stated = self._character_set()
        if self._assumed:
            return decode_assuming(self._assumed, stated, value, person_name=person_name)
        return CharacterSet.named(stated).decode(value, person_name=person_name)

    def _character_set(self) -> str:
        """Return (0008,0005), which an item inherits if it has none (PS3.3 C.12.1.1.2)."""
        if not self.has_value(SPECIFIC_CHARACTER_SET):
            return self._inherited
        _, start, stop = self.places[SPECIFIC_CHARACTER_SET]
        return self.characters[start:stop]
