"""Values that are numbers or tags in binary, Little Endian (PS3.5 6.2).

Rule: a value of the wrong length is None, never a guess.
"""

import struct
from typing import Final

# The code of ``struct`` and the size in bytes.
NUMBERS: Final = {
    "FD": ("d", 8),
    "FL": ("f", 4),
    "SL": ("i", 4),
    "SS": ("h", 2),
    "SV": ("q", 8),
    "UL": ("I", 4),
    "US": ("H", 2),
    "UV": ("Q", 8),
}


def numbers(vr: str, value: bytes) -> tuple[int | float, ...] | None:
    """Return the numbers of a VR of ``NUMBERS``, None where the length is none of theirs."""
    code, size = NUMBERS[vr]
    count, rest = divmod(len(value), size)
    return None if rest else struct.unpack(f"<{count}{code}", value)


def tags(value: bytes) -> list[str] | None:
    """Return the tags of an AT as eight hexadecimal digits, None where the length is wrong."""
    if len(value) % 4:
        return None
    return [f"{group:04X}{element:04X}" for group, element in struct.iter_unpack("<HH", value)]
