"""Every final status other than Success: PS3.4 tables C.4-1 and C.4-2, PS3.7 Annex C, and others.

Rule: a match comes first, or one instance is sent, so that a client which takes the status for an
end has an answer that looks complete. Error Comment says what no log must repeat.
"""

from dicom_qr_gateway.sandbox.misbehaving.fault import Family, Fault, Truth, answering
from dicom_qr_gateway.sandbox.misbehaving.peer import Peer
from dicom_qr_gateway.sandbox.misbehaving.proposal import Service
from dicom_qr_gateway.sandbox.misbehaving.studies import FREE_TEXT

FIND = Family("Final status of C-FIND")
MOVE = Family("Final status of C-MOVE")

# PS3.7 Annex C.
GENERAL = {
    0x0105: "no such attribute",
    0x0106: "invalid attribute value",
    0x0107: "attribute list error, a warning",
    0x0110: "processing failure",
    0x0111: "duplicate SOP instance",
    0x0112: "no such object instance",
    0x0113: "no such event type",
    0x0114: "no such argument",
    0x0115: "invalid argument value",
    0x0116: "attribute value out of range, a warning",
    0x0117: "invalid object instance",
    0x0118: "no such SOP class",
    0x0119: "class-instance conflict",
    0x0120: "missing attribute",
    0x0121: "missing attribute value",
    0x0122: "SOP class not supported",
    0x0123: "no such action type",
    0x0124: "not authorized",
    0x0210: "duplicate invocation",
    0x0211: "unrecognized operation",
    0x0212: "mistyped argument",
    0x0213: "resource limitation",
    0xFE00: "cancelled, though nobody cancelled",
}
# PS3.4 table C.4-1, first and last of a range.
OF_FIND = {
    0xA700: "out of resources",
    0xA710: "invalid prior record key",
    0xA900: "identifier does not match SOP class",
    0xA9FF: "identifier does not match SOP class",
    0xB001: "matching reached the response limit, a warning",
    0xC000: "unable to process",
    0xC001: "unable to process",
    0xCFFF: "unable to process",
}
# PS3.4 table C.4-2 and Y.4.1.1.4.
OF_MOVE = {
    0xA701: "unable to calculate the number of matches",
    0xA702: "unable to perform sub-operations",
    0xA801: "move destination unknown",
    0xA900: "identifier does not match SOP class",
    0xA9FF: "identifier does not match SOP class",
    0xAA00: "none of the frames requested were found",
    0xAA01: "unable to create a new object for this SOP class",
    0xAA02: "unable to extract frames",
    0xAA03: "time-based request for an instance that is not time-based",
    0xAA04: "invalid request",
    0xB000: "sub-operations complete, one or more failures",
    0xC000: "unable to process",
    0xC001: "unable to process",
    0xCFFF: "unable to process",
}
IN_NO_TABLE = {
    0x0001: "a warning that no table has",
    0x1234: "a status that no table has",
    0x8000: "a status that no table has",
    0xBFFF: "a warning that no table has",
    0xD000: "a status that no table has",
    0xFF02: "a status that no table has, and looks pending",
    0xFFFF: "a status that no table has, and looks pending",
}
# Those that a client without a match before them takes for "no studies".
WITHOUT_A_MATCH = (0xA700, 0xA900, 0xC000, 0xFE00, 0xB001, 0x0122, 0xFF02)


def _find(code: int, meaning: str, *, with_match: bool) -> Fault:
    def answer(peer: Peer) -> None:
        if with_match:
            peer.match()
        peer.respond(code, ErrorComment=FREE_TEXT)

    return Fault(
        f"F-{code:04X}" if with_match else f"F-{code:04X}-ALONE",
        Service.FIND,
        f"Ends {'after one' if with_match else 'without a'} match with {code:04X}: {meaning}.",
        Truth.FAILURE,
        answering(Service.FIND, answer),
        {"status": code},
    )


def _move(code: int, meaning: str) -> Fault:
    def answer(peer: Peer) -> None:
        peer.respond(code, ErrorComment=FREE_TEXT)

    return Fault(
        f"M-{code:04X}",
        Service.MOVE,
        f"Ends with {code:04X} and says of no instance that it was sent: {meaning}.",
        Truth.FAILURE,
        answering(Service.MOVE, answer),
        {"status": code},
    )


_OF_FIND = dict(sorted({**GENERAL, **OF_FIND, **IN_NO_TABLE}.items()))
for _code, _meaning in _OF_FIND.items():
    FIND.faults.append(_find(_code, _meaning, with_match=True))
for _code in WITHOUT_A_MATCH:
    FIND.faults.append(_find(_code, _OF_FIND[_code], with_match=False))
for _code, _meaning in sorted({**GENERAL, **OF_MOVE, **IN_NO_TABLE}.items()):
    MOVE.faults.append(_move(_code, _meaning))
