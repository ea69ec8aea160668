"""DIMSE status codes: what they are, what they mean, and what an integrator can do about them.

Rule: one table a service, from PS3.7 Annex C and PS3.4 B.2.3 and C.4; every code of 16 bits has
an answer. A code that no table knows has the category of its status class (PS3.7 C.1 to C.5),
and where it has no class it is a failure: in doubt, it is an error.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Service = Literal["C-ECHO", "C-FIND", "C-MOVE", "C-GET", "C-STORE"]


class Category(StrEnum):
    """The status classes of PS3.7 Annex C."""

    SUCCESS = "success"
    PENDING = "pending"
    CANCEL = "cancel"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Status:
    """A Status (0000,0900) of one service: its code, its category, its meaning in the standard."""

    code: int
    category: Category
    meaning: str


NOT_IN_STANDARD = "status not in the standard"

_SUCCESS, _PENDING, _CANCEL, _WARNING, _FAILURE = Category

# (first code, last code, category, meaning)
_Row = tuple[int, int, Category, str]

# PS3.7 Annex C.
_GENERAL: tuple[_Row, ...] = (
    (0x0000, 0x0000, _SUCCESS, "success"),
    (0x0105, 0x0105, _FAILURE, "no such attribute"),
    (0x0106, 0x0106, _FAILURE, "invalid attribute value"),
    (0x0107, 0x0107, _WARNING, "attribute list error"),
    (0x0110, 0x0110, _FAILURE, "processing failure"),
    (0x0111, 0x0111, _FAILURE, "duplicate SOP instance"),
    (0x0112, 0x0112, _FAILURE, "no such SOP instance"),
    (0x0113, 0x0113, _FAILURE, "no such event type"),
    (0x0114, 0x0114, _FAILURE, "no such argument"),
    (0x0115, 0x0115, _FAILURE, "invalid argument value"),
    (0x0116, 0x0116, _WARNING, "attribute value out of range"),
    (0x0117, 0x0117, _FAILURE, "invalid SOP instance"),
    (0x0118, 0x0118, _FAILURE, "no such SOP class"),
    (0x0119, 0x0119, _FAILURE, "class-instance conflict"),
    (0x0120, 0x0120, _FAILURE, "missing attribute"),
    (0x0121, 0x0121, _FAILURE, "missing attribute value"),
    (0x0122, 0x0122, _FAILURE, "refused: SOP class not supported"),
    (0x0123, 0x0123, _FAILURE, "no such action type"),
    (0x0124, 0x0124, _FAILURE, "refused: not authorized"),
    (0x0210, 0x0210, _FAILURE, "duplicate invocation"),
    (0x0211, 0x0211, _FAILURE, "unrecognized operation"),
    (0x0212, 0x0212, _FAILURE, "mistyped argument"),
    (0x0213, 0x0213, _FAILURE, "resource limitation"),
    (0xFE00, 0xFE00, _CANCEL, "cancelled"),
)

# PS3.4 table C.4-1.
_FIND: tuple[_Row, ...] = (
    (0xA700, 0xA700, _FAILURE, "refused: out of resources"),
    (0xA710, 0xA710, _FAILURE, "invalid prior record key"),
    (0xA900, 0xA9FF, _FAILURE, "identifier does not match SOP class"),
    (0xB001, 0xB001, _WARNING, "matching reached the response limit"),
    (0xC000, 0xCFFF, _FAILURE, "unable to process"),
    (0xFF00, 0xFF00, _PENDING, "matches are continuing"),
    (0xFF01, 0xFF01, _PENDING, "matches are continuing, optional keys were not supported"),
)

# What PS3.4 tables C.4-2 and C.4-3 have in common, with Y.4.1.1.4 and Y.4.2.1.4.
_RETRIEVE: tuple[_Row, ...] = (
    (0xA701, 0xA701, _FAILURE, "refused: unable to calculate the number of matches"),
    (0xA702, 0xA702, _FAILURE, "refused: unable to perform sub-operations"),
    (0xA900, 0xA9FF, _FAILURE, "identifier does not match SOP class"),
    (0xAA00, 0xAA00, _FAILURE, "none of the requested frames were found"),
    (0xAA01, 0xAA01, _FAILURE, "unable to create a new object for this SOP class"),
    (0xAA02, 0xAA02, _FAILURE, "unable to extract frames"),
    (0xAA03, 0xAA03, _FAILURE, "time-based request for an instance that is not time-based"),
    (0xAA04, 0xAA04, _FAILURE, "invalid request"),
    (0xB000, 0xB000, _WARNING, "sub-operations complete, one or more failures"),
    (0xC000, 0xCFFF, _FAILURE, "unable to process"),
    (0xFF00, 0xFF00, _PENDING, "sub-operations are continuing"),
)

# PS3.4 B.2.3.
_STORE: tuple[_Row, ...] = (
    (0xA700, 0xA7FF, _FAILURE, "refused: out of resources"),
    (0xA900, 0xA9FF, _FAILURE, "data set does not match SOP class"),
    (0xB000, 0xB000, _WARNING, "coercion of data elements"),
    (0xB006, 0xB006, _WARNING, "elements discarded"),
    (0xB007, 0xB007, _WARNING, "data set does not match SOP class"),
    (0xC000, 0xCFFF, _FAILURE, "cannot understand"),
)

_TABLES: dict[Service, tuple[_Row, ...]] = {
    "C-ECHO": _GENERAL,
    "C-FIND": _FIND + _GENERAL,
    "C-MOVE": ((0xA801, 0xA801, _FAILURE, "move destination unknown"), *_RETRIEVE, *_GENERAL),
    "C-GET": _RETRIEVE + _GENERAL,
    "C-STORE": _STORE + _GENERAL,
}

# PS3.7 C.2 to C.5. Pending (C.1) is left out: a service that has no pending responses would wait
# for ever after one. FF01 is pending for the three that have, whichever table names it.
_CLASSES: tuple[_Row, ...] = (
    (0x0001, 0x0001, _WARNING, NOT_IN_STANDARD),
    (0xB000, 0xBFFF, _WARNING, NOT_IN_STANDARD),
)


def describe(service: Service, code: int) -> Status:
    """Return category and meaning of a status code in a response of ``service``."""
    for first, last, category, meaning in _TABLES[service] + _CLASSES:
        if first <= code <= last:
            return Status(code, category, meaning)
    return Status(code, _FAILURE, NOT_IN_STANDARD)


def hex_status(code: int) -> str:
    """Return the code as the answers show it, like ``0xA702``."""
    return f"0x{code:04X}"
