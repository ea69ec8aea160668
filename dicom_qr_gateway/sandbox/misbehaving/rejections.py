"""A-ASSOCIATE-RJ with each result, source and reason of PS3.8 table 9-21, and with others."""

from dicom_qr_gateway.sandbox.misbehaving import wire
from dicom_qr_gateway.sandbox.misbehaving.fault import Family, Fault, Script, Truth
from dicom_qr_gateway.sandbox.misbehaving.peer import Peer
from dicom_qr_gateway.sandbox.misbehaving.proposal import Service

FAMILY = Family("A-ASSOCIATE-RJ")

TRANSIENT = 2

# (source, reason) -> what it means.
REASONS = {
    (1, 1): "no reason given",
    (1, 2): "application context not supported",
    (1, 3): "calling AE title not recognized",
    (1, 7): "called AE title not recognized",
    (2, 1): "no reason given by the association control",
    (2, 2): "protocol version not supported",
    (3, 1): "temporary congestion",
    (3, 2): "local limit exceeded",
}
RESULTS = {1: "for good", TRANSIENT: "for the moment"}
CURED_BY_WAITING = ((3, 1), (3, 2))  # congestion, also where a PACS calls it permanent


def rejection(result: int, source: int, reason: int) -> Script:
    """Return the script of a PACS that rejects every association so."""

    def script(peer: Peer) -> None:
        peer.send(wire.associate_rj(result, source, reason))
        peer.wait_for_the_end()

    return script


def _add(result: int, source: int, reason: int, sentence: str) -> None:
    is_transient = result == TRANSIENT or (source, reason) in CURED_BY_WAITING
    FAMILY.faults.append(
        Fault(
            f"RJ-{result}-{source}-{reason}",
            Service.BOTH,
            sentence,
            Truth.BUSY if is_transient else Truth.REJECTED,
            rejection(result, source, reason),
            {"result": result, "source": source, "reason": reason},
        )
    )


for _result, _how in RESULTS.items():
    for (_source, _reason), _why in REASONS.items():
        _add(_result, _source, _reason, f"Rejects the association {_how}: {_why}.")
_add(1, 1, 10, "Rejects the association for good, with a reason that is reserved.")
_add(1, 9, 99, "Rejects the association for good, with a source that does not exist.")
_add(0, 0, 0, "Rejects the association with zeros, none of which the standard knows.")


@FAMILY.association("RJ-CLOSE", Truth.REJECTED, result=1, source=1, reason=3)
def rejects_and_closes(peer: Peer) -> None:
    """Rejects the association (1, 1, 3) and closes the connection at once."""
    peer.send(wire.associate_rj(1, 1, 3))
    peer.close()


@FAMILY.association("RJ-CUT", Truth.PROTOCOL_ERROR)
def rejects_in_two_bytes(peer: Peer) -> None:
    """Sends an A-ASSOCIATE-RJ of two bytes instead of four."""
    peer.send(wire.pdu(wire.ASSOCIATE_RJ, b"\0\1"))
    peer.wait_for_the_end()


@FAMILY.association("M-RJ-1-1-7", Truth.REJECTED, Service.MOVE)
def rejects_c_move(peer: Peer) -> None:
    """Rejects associations that propose C-MOVE: called AE title not recognized."""
    rejection(1, 1, 7)(peer)


@FAMILY.association("M-RJ-2-3-2", Truth.BUSY, Service.MOVE)
def is_too_busy_for_c_move(peer: Peer) -> None:
    """Rejects associations that propose C-MOVE for the moment: local limit exceeded."""
    rejection(TRANSIENT, 3, 2)(peer)
