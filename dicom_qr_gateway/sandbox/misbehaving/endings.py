"""Families of how a PACS ends a conversation that it should go on with, at every moment of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from dicom_qr_gateway.sandbox.misbehaving import wire
from dicom_qr_gateway.sandbox.misbehaving.fault import Family, Fault, Truth
from dicom_qr_gateway.sandbox.misbehaving.moments import FIND_MOMENTS, MOVE_MOMENTS, Moment
from dicom_qr_gateway.sandbox.misbehaving.peer import Peer
from dicom_qr_gateway.sandbox.misbehaving.proposal import Service

# What was said by then decides, not how it ended.
_KNOWN_BY_THEN = {
    (Service.BOTH, "AT-END"): Truth.COMPLETE,
    (Service.MOVE, "AT-END"): Truth.ALL_SENT,
    (Service.MOVE, "AFTER-1"): Truth.SENT_IN_PART,
    (Service.MOVE, "IN-LAST"): Truth.SENT_IN_PART,
}


@dataclass(frozen=True, slots=True)
class Ending:
    """What the PACS does instead of going on; ``truth`` says what it means at a moment."""

    name: str
    sentence: str
    end: Callable[[Peer], None]
    truth: Callable[[Moment], Truth]
    said: Mapping[str, int] = field(default_factory=dict)

    def at(self, moment: Moment, name: str) -> Fault:
        """Return the fault of this ending at that moment."""

        def script(peer: Peer) -> None:
            moment.reach(peer)
            self.end(peer)

        truth = _KNOWN_BY_THEN.get((moment.service, moment.name)) or self.truth(moment)
        said = self.said if truth is Truth.ABORTED else {}
        sentence = self.sentence.format(moment=moment.phrase)
        return Fault(name, moment.service, sentence, truth, script, said)


def _lost(_moment: Moment) -> Truth:
    return Truth.CONNECTION_LOST


def _aborted(_moment: Moment) -> Truth:
    return Truth.ABORTED


def _released(moment: Moment) -> Truth:
    return Truth.PROTOCOL_ERROR if moment.name == "BEFORE-AC" else Truth.CONNECTION_LOST


def _silent(moment: Moment) -> Truth:
    if moment.name in ("BEFORE-AC", "IN-AC"):
        return Truth.ASSOCIATION_TIMEOUT
    is_retrieve = moment.service is Service.MOVE and not moment.is_within_pdu
    return Truth.RETRIEVE_TIMEOUT if is_retrieve else Truth.RESPONSE_TIMEOUT


def _release(peer: Peer) -> None:
    peer.send(wire.pdu(wire.RELEASE_RQ, bytes(4)))
    peer.wait_for_the_end()


MUTE = Ending("MUTE", "Says nothing more {moment}.", Peer.wait_for_the_end, _silent)
HALF = Ending("HALF", "Stops {moment} and says nothing more.", Peer.wait_for_the_end, _silent)
RESET = Ending("RST", "Resets the TCP connection {moment}.", Peer.reset, _lost)
CLOSE = Ending("FIN", "Closes the TCP connection {moment}.", Peer.close, _lost)
ABORT = Ending(
    "ABRT", "Sends an A-ABORT {moment}.", Peer.abort, _aborted, {"source": 2, "reason": 0}
)
RELEASE = Ending("REL", "Sends an A-RELEASE-RQ {moment}.", _release, _released)


def _family(title: str, ending: Ending, *, within_pdu: bool | None = None) -> Family:
    """Return the ending at every moment, or at those within, or between, PDUs alone."""
    family = Family(title)
    for prefix, moments in (("", FIND_MOMENTS), ("M-", MOVE_MOMENTS)):
        for moment in moments:
            if within_pdu is None or moment.is_within_pdu is within_pdu:
                name = f"{prefix}{ending.name}-{moment.name}"
                family.faults.append(ending.at(moment, name.replace("HALF-IN-", "HALF-")))
    return family


FAMILIES = (
    _family("Silence", MUTE, within_pdu=False),
    _family("Half a PDU and silence", HALF, within_pdu=True),
    _family("Reset", RESET),
    _family("Close", CLOSE),
    _family("Abort in the middle", ABORT, within_pdu=False),
    _family("Release in the middle", RELEASE, within_pdu=False),
)
