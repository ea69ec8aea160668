"""Keyword, tag and VR of every attribute of the standard (PS3.6), and VRs of known private ones.

Rule: nothing is loaded before somebody asks, and then only pydicom's tables: importing pydicom
itself costs a worker 0.2 s and 37 MB, the standard's table alone 6 ms and 3 MB.
"""

import importlib.util
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

# The VR of what no dictionary knows (PS3.5 6.2.2).
UNKNOWN = "UN"


class Attribute(NamedTuple):
    """What PS3.6 says of an attribute.

    ``vr`` is a choice where the standard leaves one, like ``US or SS``.
    """

    vr: str
    keyword: str


_UNKNOWN = Attribute(UNKNOWN, "")


def attribute(tag: int) -> Attribute:
    """Return VR and keyword of a tag: UN and "" where the standard has no such attribute."""
    known = _attributes().get(tag)
    if known is not None:
        return known
    if tag & 0xFFFF == 0 and not is_private(tag):
        return Attribute("UL", "")
    return _repeating(tag)


def vr_of(tag: int) -> str:
    """Return the VR of a tag of the standard, UN where there is no such attribute."""
    return attribute(tag).vr


def tag_of(keyword: str) -> int | None:
    """Return the tag of a keyword, None where the standard has no such keyword."""
    return _tags().get(keyword)


def repeats(keyword: str) -> bool:
    """Tell whether a keyword is of attributes that repeat over groups or elements (PS3.6 6)."""
    return any(keyword == known.keyword for _, _, known in _repeating_attributes())


def is_private(tag: int) -> bool:
    """Tell whether a tag is private: its group is odd (PS3.5 7.8.1)."""
    return bool(tag & 0x10000)


def is_private_creator(tag: int) -> bool:
    """Tell whether a tag reserves a block of private elements (PS3.5 7.8.1)."""
    return is_private(tag) and 0x10 <= tag & 0xFFFF <= 0xFF


def creator_of(tag: int) -> int:
    """Return the tag of the private creator that reserves the block of a private element."""
    return tag & 0xFFFF0000 | (tag & 0xFFFF) >> 8


def private_vr(creator: str, tag: int) -> str:
    """Return the VR of a private attribute, UN where its creator is not known (PS3.5 7.8.1)."""
    attributes = _private_attributes().get(creator, {})
    group, element = f"{tag >> 16:04X}", f"{tag & 0xFF:02X}"
    # Which block of 256 elements its creator owns is each data set's affair.
    for pattern in (f"{tag:08X}", f"{group}xx{element}", f"{group[:2]}xxxx{element}"):
        if pattern in attributes:
            return attributes[pattern][0]
    return UNKNOWN


@cache
def _attributes() -> dict[int, Attribute]:
    table = _pydicom_tables("_dicom_dict").DicomDictionary
    return {tag: Attribute(vr, keyword) for tag, (vr, _, _, _, keyword) in table.items()}


@cache
def _tags() -> dict[str, int]:
    return {known.keyword: tag for tag, known in _attributes().items() if known.keyword}


@cache
def _repeating_attributes() -> list[tuple[int, int, Attribute]]:
    """Return mask, pattern and attribute of what repeats over groups or elements (PS3.6 6)."""
    table = _pydicom_tables("_dicom_dict").RepeatersDictionary
    return [
        (
            int("".join("0" if digit == "x" else "F" for digit in pattern), 16),
            int(pattern.replace("x", "0"), 16),
            Attribute(vr, keyword),
        )
        for pattern, (vr, _, _, _, keyword) in table.items()
    ]


def _repeating(tag: int) -> Attribute:
    for mask, pattern, known in _repeating_attributes():
        if tag & mask == pattern:
            return known
    return _UNKNOWN


@cache
def _private_attributes() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    tables: Mapping[str, Mapping[str, tuple[str, ...]]]
    tables = _pydicom_tables("_private_dict").private_dictionaries
    return tables


@cache
def _pydicom_tables(name: str) -> ModuleType:
    """Return a module of pydicom that holds tables only; the package around it stays unloaded."""
    package = importlib.util.find_spec("pydicom")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("pydicom, which holds the data dictionary, is not installed")
    path = Path(package.origin).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"{__name__}.{name}", path)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(f"pydicom has no {name}, which holds the data dictionary")
    tables = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tables)
    return tables
