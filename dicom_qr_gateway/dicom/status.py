"""DIMSE status codes: what they are, what they mean, and what an integrator can do about them.

Rule: one table a service, from PS3.7 Annex C and PS3.4 B.2.3 and C.4; every code of 16 bits has
an answer. A code that no table knows is a warning where PS3.7 Annex C makes it one, else a
failure: in doubt, it is an error.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Literal

SUCCESS = 0x0000

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

# (first code, last code, category, meaning)
_Row = tuple[int, int, Category, str]

# PS3.7 Annex C.
_GENERAL: tuple[_Row, ...] = (
    (0x0000, 0x0000, Category.SUCCESS, "success"),
    (0x0105, 0x0105, Category.FAILURE, "no such attribute"),
    (0x0106, 0x0106, Category.FAILURE, "invalid attribute value"),
    (0x0107, 0x0107, Category.WARNING, "attribute list error"),
    (0x0110, 0x0110, Category.FAILURE, "processing failure"),
    (0x0111, 0x0111, Category.FAILURE, "duplicate SOP instance"),
    (0x0112, 0x0112, Category.FAILURE, "no such SOP instance"),
    (0x0113, 0x0113, Category.FAILURE, "no such event type"),
    (0x0114, 0x0114, Category.FAILURE, "no such argument"),
    (0x0115, 0x0115, Category.FAILURE, "invalid argument value"),
    (0x0116, 0x0116, Category.WARNING, "attribute value out of range"),
    (0x0117, 0x0117, Category.FAILURE, "invalid SOP instance"),
    (0x0118, 0x0118, Category.FAILURE, "no such SOP class"),
    (0x0119, 0x0119, Category.FAILURE, "class-instance conflict"),
    (0x0120, 0x0120, Category.FAILURE, "missing attribute"),
    (0x0121, 0x0121, Category.FAILURE, "missing attribute value"),
    (0x0122, 0x0122, Category.FAILURE, "refused: SOP class not supported"),
    (0x0123, 0x0123, Category.FAILURE, "no such action type"),
    (0x0124, 0x0124, Category.FAILURE, "refused: not authorized"),
    (0x0210, 0x0210, Category.FAILURE, "duplicate invocation"),
    (0x0211, 0x0211, Category.FAILURE, "unrecognized operation"),
    (0x0212, 0x0212, Category.FAILURE, "mistyped argument"),
    (0x0213, 0x0213, Category.FAILURE, "resource limitation"),
    (0xFE00, 0xFE00, Category.CANCEL, "cancelled"),
)

# PS3.4 table C.4-1.
_FIND: tuple[_Row, ...] = (
    (0xFF00, 0xFF00, Category.PENDING, "matches are continuing"),
    (0xFF01, 0xFF01, Category.PENDING, "matches are continuing, optional keys were not supported"),
    (0xA700, 0xA700, Category.FAILURE, "refused: out of resources"),
    (0xA710, 0xA710, Category.FAILURE, "invalid prior record key"),
    (0xA900, 0xA9FF, Category.FAILURE, "identifier does not match SOP class"),
    (0xB001, 0xB001, Category.WARNING, "matching reached the response limit"),
    (0xC000, 0xCFFF, Category.FAILURE, "unable to process"),
)

# What PS3.4 tables C.4-2 and C.4-3 have in common, with Y.4.1.1.4 and Y.4.2.1.4.
_RETRIEVE: tuple[_Row, ...] = (
    (0xFF00, 0xFF01, Category.PENDING, "sub-operations are continuing"),
    (0xA701, 0xA701, Category.FAILURE, "refused: unable to calculate the number of matches"),
    (0xA702, 0xA702, Category.FAILURE, "refused: unable to perform sub-operations"),
    (0xA900, 0xA9FF, Category.FAILURE, "identifier does not match SOP class"),
    (0xAA00, 0xAA00, Category.FAILURE, "none of the requested frames were found"),
    (0xAA01, 0xAA01, Category.FAILURE, "unable to create a new object for this SOP class"),
    (0xAA02, 0xAA02, Category.FAILURE, "unable to extract frames"),
    (0xAA03, 0xAA03, Category.FAILURE, "time-based request for an instance that is not time-based"),
    (0xAA04, 0xAA04, Category.FAILURE, "invalid request"),
    (0xB000, 0xB000, Category.WARNING, "sub-operations complete, one or more failures"),
    (0xC000, 0xCFFF, Category.FAILURE, "unable to process"),
)

# PS3.4 B.2.3.
_STORE: tuple[_Row, ...] = (
    (0xA700, 0xA7FF, Category.FAILURE, "refused: out of resources"),
    (0xA900, 0xA9FF, Category.FAILURE, "data set does not match SOP class"),
    (0xB000, 0xB000, Category.WARNING, "coercion of data elements"),
    (0xB006, 0xB006, Category.WARNING, "elements discarded"),
    (0xB007, 0xB007, Category.WARNING, "data set does not match SOP class"),
    (0xC000, 0xCFFF, Category.FAILURE, "cannot understand"),
)

_TABLES: dict[Service, tuple[_Row, ...]] = {
    "C-ECHO": _GENERAL,
    "C-FIND": _FIND + _GENERAL,
    "C-MOVE": (
        (0xA801, 0xA801, Category.FAILURE, "move destination unknown"),
        *_RETRIEVE,
        *_GENERAL,
    ),
    "C-GET": _RETRIEVE + _GENERAL,
    "C-STORE": _STORE + _GENERAL,
}

# What the convention at the head of PS3.7 Annex C says of codes that no table names. Its Pending
# is not here: a service without pending responses would wait for ever after one.
_CLASSES: tuple[_Row, ...] = (
    (0x0001, 0x0001, Category.WARNING, NOT_IN_STANDARD),
    (0xB000, 0xBFFF, Category.WARNING, NOT_IN_STANDARD),
)

_KEYS_REFUSED = (
    "The identifier does not match the SOP class: the PACS does not accept these keys at this "
    "level."
)
_COULD_NOT_SEND = (
    "The PACS could not send: check that it knows {destination}, can reach it, and still has the "
    "study."
)
_COULD_NOT_RETURN = (
    "The PACS could not send: check that it still has the study, and look into its log."
)
_COULD_NOT_TAKE = "The receiver could not take an instance: its log says why."

_AdviceRow = tuple[int, int, str]
_GENERAL_ADVICE: tuple[_AdviceRow, ...] = (
    (0x0000, 0x0000, "The PACS completed the operation."),
    (0x0122, 0x0122, "The PACS does not support the SOP class: check that it offers {service}."),
    (
        0x0124,
        0x0124,
        "The PACS does not authorize the operation: its administrator must allow {service} to the "
        "calling AE title.",
    ),
    (0xFE00, 0xFE00, "The operation was cancelled before it was complete."),
)
_ADVICE: dict[Service, tuple[_AdviceRow, ...]] = {
    "C-ECHO": _GENERAL_ADVICE,
    "C-FIND": (
        *_GENERAL_ADVICE,
        (0xA700, 0xA700, "The PACS is out of resources: ask for less, or again later."),
        (0xA900, 0xA9FF, _KEYS_REFUSED),
        (0xB001, 0xB001, "The PACS has more matches than it returns: ask for less."),
        (0xC000, 0xCFFF, "The PACS could not process the query: its log says why."),
        (0xFF00, 0xFF01, "The PACS has not sent all matches yet."),
    ),
    "C-MOVE": (
        *_GENERAL_ADVICE,
        (0xA701, 0xA702, _COULD_NOT_SEND),
        (
            0xA801,
            0xA801,
            "The PACS does not know {destination}: its administrator must add that AE title, with "
            "address and port, to the nodes it may send to.",
        ),
        (0xA900, 0xA9FF, _KEYS_REFUSED),
        (0xB000, 0xB000, "The PACS could not send all instances: check {destination} and its log."),
        (0xC000, 0xCFFF, _COULD_NOT_SEND),
        (0xFF00, 0xFF01, "The PACS has not sent all instances yet."),
    ),
    "C-GET": (
        *_GENERAL_ADVICE,
        (0xA701, 0xA702, _COULD_NOT_RETURN),
        (0xA900, 0xA9FF, _KEYS_REFUSED),
        (0xB000, 0xB000, "The PACS could not send all instances: its log says why."),
        (0xC000, 0xCFFF, _COULD_NOT_RETURN),
        (0xFF00, 0xFF01, "The PACS has not sent all instances yet."),
    ),
    "C-STORE": (
        *_GENERAL_ADVICE,
        (0xA700, 0xA7FF, "The receiver is out of resources: check its storage."),
        (0xA900, 0xA9FF, _COULD_NOT_TAKE),
        (0xB000, 0xB007, "The receiver stored an instance, but not just as it was sent."),
        (0xC000, 0xCFFF, _COULD_NOT_TAKE),
    ),
}


@lru_cache(maxsize=256)
def describe(service: Service, code: int) -> Status:
    """Return category and meaning of a status code in a response of ``service``."""
    for first, last, category, meaning in _TABLES[service] + _CLASSES:
        if first <= code <= last:
            return Status(code, category, meaning)
    return Status(code, Category.FAILURE, NOT_IN_STANDARD)


def advice(service: Service, code: int, *, move_destination: str = "") -> str:
    """Return one sentence for an integrator: what the PACS said and what to check.

    Args:
        service: the service whose response had the status.
        code: the status code.
        move_destination: AE title of the C-MOVE destination, where there is one.
    """
    destination = f"the destination {move_destination}".rstrip()
    for first, last, sentence in _ADVICE[service]:
        if first <= code <= last:
            return sentence.format(service=service, destination=destination)
    meaning = describe(service, code).meaning
    return f"The PACS answered {service} with {hex_status(code)} ({meaning}): its log says why."


def refuses_identifier(code: int) -> bool:
    """Tell whether a final status of a C-FIND is about its identifier, not about this moment.

    0xCxxx, unable to process, may be either: in doubt, it is a failure.
    """
    return 0xA900 <= code <= 0xA9FF


def hex_status(code: int) -> str:
    """Return the code as the answers show it, like ``0xA702``."""
    return f"0x{code:04X}"
