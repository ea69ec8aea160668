"""A-ABORT with each source and reason of PS3.8 table 9-26, and with others."""

from dicom_qr_gateway.sandbox.misbehaving import wire
from dicom_qr_gateway.sandbox.misbehaving.fault import Family, Fault, Truth, answering
from dicom_qr_gateway.sandbox.misbehaving.peer import PENDING, Peer
from dicom_qr_gateway.sandbox.misbehaving.proposal import Service

FAMILY = Family("A-ABORT")

MEANINGS = {
    (0, 0): "service user",
    (1, 0): "a source that is reserved",
    (2, 0): "service provider, reason not specified",
    (2, 1): "service provider, unrecognized PDU",
    (2, 2): "service provider, unexpected PDU",
    (2, 3): "service provider, a reason that is reserved",
    (2, 4): "service provider, unrecognized PDU parameter",
    (2, 5): "service provider, unexpected PDU parameter",
    (2, 6): "service provider, invalid PDU parameter value",
    (9, 99): "a source and a reason that do not exist",
}


def _fault(source: int, reason: int, meaning: str) -> Fault:
    def answer(peer: Peer) -> None:
        peer.match()
        peer.abort(source, reason)

    return Fault(
        f"ABORT-{source}-{reason}",
        Service.FIND,
        f"Sends an A-ABORT after one match: {meaning}.",
        Truth.ABORTED,
        answering(Service.FIND, answer),
        {"source": source, "reason": reason},
    )


for (_source, _reason), _meaning in MEANINGS.items():
    FAMILY.faults.append(_fault(_source, _reason, _meaning))


@FAMILY.find("ABORT-SAME-SEG", Truth.ABORTED, source=2, reason=0)
def match_and_abort_in_one_segment(peer: Peer) -> None:
    """Sends a match and an A-ABORT in one segment, and closes."""
    peer.send(peer.response(PENDING, peer.study()) + wire.abort(2, 0))
    peer.close()


@FAMILY.find("ABORT-CUT", Truth.PROTOCOL_ERROR)
def abort_in_two_bytes(peer: Peer) -> None:
    """Sends a match and then an A-ABORT of two bytes instead of four."""
    peer.match()
    peer.send(wire.pdu(wire.ABORT, bytes(2)))
    peer.wait_for_the_end()
