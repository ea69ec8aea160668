"""When a fault may begin: from the answer to the association request to its release.

Rule: up to its moment the PACS is good. A service has its own moments, so that a client which asks
C-FIND first can be let down in C-MOVE.
"""

from collections.abc import Callable
from dataclasses import dataclass

from dicom_qr_gateway.sandbox.misbehaving import wire
from dicom_qr_gateway.sandbox.misbehaving.incoming import ReleaseRequested
from dicom_qr_gateway.sandbox.misbehaving.peer import INSTANCES, PENDING, SUCCESS, Peer
from dicom_qr_gateway.sandbox.misbehaving.proposal import Service


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment of a conversation.

    ``name`` is its part of an AE title, ``phrase`` its part of a sentence, and ``reach`` what the
    PACS does up to it.
    """

    name: str
    phrase: str
    reach: Callable[[Peer], None]
    service: Service
    is_within_pdu: bool = False


def before_ac(peer: Peer) -> None:
    """Say nothing: the A-ASSOCIATE-RQ has been read."""


def in_ac(peer: Peer) -> None:
    """Send a half of the A-ASSOCIATE-AC."""
    peer.send(half(peer.acceptance()))


def after_ac(peer: Peer) -> None:
    """Accept the association."""
    peer.accept()


def before_first_match(peer: Peer) -> None:
    """Accept and read a C-FIND request."""
    peer.accept()
    peer.read_request(Service.FIND)


def in_header(peer: Peer) -> None:
    """Send half of the first response's PDU header."""
    before_first_match(peer)
    peer.send(bytes((wire.DATA_TF, 0, 0)))


def in_command_set(peer: Peer) -> None:
    """Send half of the PDU with the command set of a match."""
    before_first_match(peer)
    peer.send(half(command_set_of_a_match(peer)))


def before_data_set(peer: Peer) -> None:
    """Send the command set of a match."""
    before_first_match(peer)
    peer.send(command_set_of_a_match(peer))


def in_data_set(peer: Peer) -> None:
    """Send a match but for the last bytes of its data set."""
    before_first_match(peer)
    peer.send(peer.response(PENDING, peer.study())[:-10])


def after_one_match(peer: Peer) -> None:
    """Send a match."""
    before_first_match(peer)
    peer.match()


def in_final_response(peer: Peer) -> None:
    """Send a match and half of the final response."""
    after_one_match(peer)
    peer.send(half(peer.response(SUCCESS)))


def before_second_query(peer: Peer) -> None:
    """Answer a C-FIND without Modalities in Study, so that a client may ask once more."""
    before_first_match(peer)
    peer.match(ModalitiesInStudy=None)
    peer.respond(SUCCESS)
    peer.read_request(Service.FIND)


def at_release(peer: Peer) -> None:
    """Answer everything, until the client asks for the release."""
    peer.accept()
    try:
        peer.read_release()
    except ReleaseRequested:
        return


def before_first_move_response(peer: Peer) -> None:
    """Accept and read a C-MOVE request."""
    peer.accept()
    peer.read_request(Service.MOVE)


def in_first_move_response(peer: Peer) -> None:
    """Send half of a pending response."""
    before_first_move_response(peer)
    peer.send(half(peer.movement(1)))


def after_one_instance(peer: Peer) -> None:
    """Send a pending response that says that one instance was sent."""
    before_first_move_response(peer)
    peer.moved(1)


def in_final_move_response(peer: Peer) -> None:
    """Send a pending response and half of the final one."""
    after_one_instance(peer)
    peer.send(half(peer.movement(INSTANCES, SUCCESS)))


def half(data: bytes) -> bytes:
    """Return the first half of the bytes."""
    return data[: len(data) // 2]


def command_set_of_a_match(peer: Peer) -> bytes:
    """Return the PDU with the command set of a match whose data set follows."""
    return peer.pdus(peer.command(PENDING, has_data_set=True))


FIND_MOMENTS = (
    Moment("BEFORE-AC", "instead of an A-ASSOCIATE-AC", before_ac, Service.BOTH),
    Moment("IN-AC", "in the middle of the A-ASSOCIATE-AC", in_ac, Service.BOTH, True),
    Moment("AFTER-AC", "right after the A-ASSOCIATE-AC", after_ac, Service.BOTH),
    Moment("BEFORE-1", "instead of the first response", before_first_match, Service.FIND),
    Moment("IN-HEADER", "in the middle of a PDU header", in_header, Service.FIND, True),
    Moment("IN-COMMAND", "in the middle of a command set", in_command_set, Service.FIND, True),
    Moment("BEFORE-DATA", "between command set and data set", before_data_set, Service.FIND),
    Moment("IN-PDU", "in the middle of a match's data set", in_data_set, Service.FIND, True),
    Moment("AFTER-1", "after one match", after_one_match, Service.FIND),
    Moment("IN-LAST", "in the middle of the final response", in_final_response, Service.FIND, True),
    Moment("2ND-FIND", "instead of answering the second C-FIND", before_second_query, Service.FIND),
    Moment("AT-END", "instead of an A-RELEASE-RP", at_release, Service.BOTH),
)
MOVE_MOMENTS = (
    Moment("BEFORE-AC", "instead of an A-ASSOCIATE-AC", before_ac, Service.MOVE),
    Moment("IN-AC", "in the middle of the A-ASSOCIATE-AC", in_ac, Service.MOVE, True),
    Moment("AFTER-AC", "right after the A-ASSOCIATE-AC", after_ac, Service.MOVE),
    Moment("BEFORE-1", "instead of the first response", before_first_move_response, Service.MOVE),
    Moment(
        "IN-1",
        "in the middle of the first response",
        in_first_move_response,
        Service.MOVE,
        True,
    ),
    Moment("AFTER-1", "after one instance", after_one_instance, Service.MOVE),
    Moment(
        "IN-LAST",
        "in the middle of the final response",
        in_final_move_response,
        Service.MOVE,
        True,
    ),
    Moment("AT-END", "instead of an A-RELEASE-RP", at_release, Service.MOVE),
)
