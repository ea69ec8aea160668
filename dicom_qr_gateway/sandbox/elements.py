"""Data elements as the bytes they are stored as, and the text in them.

Rule: nothing is converted on the way from a file to an answer, so that a value that breaks its VR
does no harm and every character set (PS3.5 6.1) survives.
"""

from collections.abc import Sequence

from pydicom.charset import decode_bytes
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag

_NAME_DELIMITERS = {ord("^")}
_TEXT_DELIMITERS = {0x09, 0x0A, 0x0C, 0x0D}
_CHARSET_VRS = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
_PADDING = " \0"


def tag_of(keyword: str) -> BaseTag:
    """Return the tag of a keyword of the data dictionary (PS3.6)."""
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise KeyError(keyword)
    return BaseTag(tag)


def raw_element(tag: BaseTag, value: bytes) -> RawDataElement:
    """Return an element of the dictionary's VR with these bytes as its value."""
    return RawDataElement(tag, dictionary_VR(tag), len(value), value, 0, False, True)


def ascii_element(keyword: str, text: str) -> RawDataElement:
    """Return an element with a text of the default repertoire, padded to even length."""
    tag = tag_of(keyword)
    padding = b"\0" if dictionary_VR(tag) == "UI" else b" "
    value = text.encode("ascii")
    return raw_element(tag, value + padding * (len(value) % 2))


def stored_element(dataset: Dataset, tag: BaseTag) -> RawDataElement:
    """Return an element of a decoded data set as it was stored, an empty one if it is absent."""
    element = dataset.get_item(tag) if tag in dataset else None
    value = element.value if element is not None and element.is_raw else None
    return raw_element(tag, value or b"")


def character_set(dataset: Dataset) -> str:
    """Return Specific Character Set (0008,0005) as stored; decoding a data set converts it."""
    value = dataset.get("SpecificCharacterSet") or ""
    return value if isinstance(value, str) else "\\".join(value)


def text_of(element: RawDataElement, encodings: str | Sequence[str]) -> str:
    """Return the text of an element, without padding.

    Args:
        element: an element of a text VR.
        encodings: ``original_character_set`` of the data set that it comes from.
    """
    value = element.value or b""
    if element.VR not in _CHARSET_VRS:
        return value.decode("ascii", "replace").strip(_PADDING)
    encodings = [encodings] if isinstance(encodings, str) else encodings
    if element.VR != "PN":
        return decode_bytes(value, encodings, _TEXT_DELIMITERS).strip(_PADDING)
    groups = [decode_bytes(group, encodings, _NAME_DELIMITERS) for group in value.split(b"=")]
    return "=".join(groups).strip(_PADDING)
