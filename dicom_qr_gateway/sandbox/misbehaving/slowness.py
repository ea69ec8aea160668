"""A PACS that is alive and too slow: each byte, or each message, comes long before any time-out.

Rule: a client whose clock starts again with each byte waits for ever.
"""

from dicom_qr_gateway.sandbox.misbehaving import wire
from dicom_qr_gateway.sandbox.misbehaving.fault import Family, Truth
from dicom_qr_gateway.sandbox.misbehaving.incoming import ReleaseRequested
from dicom_qr_gateway.sandbox.misbehaving.moments import command_set_of_a_match
from dicom_qr_gateway.sandbox.misbehaving.peer import INSTANCES, PENDING, SUCCESS, Peer
from dicom_qr_gateway.sandbox.misbehaving.proposal import Service

FAMILY = Family("One byte a second")

# So that no client waits long enough by chance.
LONG_TEXT = "X" * 16000


@FAMILY.association("SLOW-1BPS", Truth.ASSOCIATION_TIMEOUT)
def slow_from_the_start(peer: Peer) -> None:
    """Sends its A-ASSOCIATE-AC one byte a second."""
    peer.send_slowly(peer.acceptance())
    peer.read_release()


@FAMILY.association("M-SLOW-1BPS", Truth.ASSOCIATION_TIMEOUT, Service.MOVE)
def slow_from_the_start_of_c_move(peer: Peer) -> None:
    """Sends its A-ASSOCIATE-AC one byte a second."""
    slow_from_the_start(peer)


@FAMILY.find("SLOW-COMMAND", Truth.RESPONSE_TIMEOUT)
def slow_command_set(peer: Peer) -> None:
    """Sends the command set of a match one byte a second."""
    peer.send_slowly(command_set_of_a_match(peer))
    peer.send(wire.fragments(peer.request.context_id, False, peer.encode(peer.study()), 16000))
    peer.respond(SUCCESS)


@FAMILY.find("SLOW-DATA", Truth.RESPONSE_TIMEOUT)
def slow_data_set(peer: Peer) -> None:
    """Sends the data set of a match one byte a second."""
    peer.send(command_set_of_a_match(peer))
    data = peer.encode(peer.study(TextValue=LONG_TEXT))
    peer.send_slowly(wire.fragments(peer.request.context_id, False, data, len(data)))
    peer.respond(SUCCESS)


@FAMILY.find("SLOW-PDVS", Truth.RESPONSE_TIMEOUT)
def slow_pdus(peer: Peer) -> None:
    """Sends the data set of a match in complete PDUs of two bytes, one a second."""
    peer.send(command_set_of_a_match(peer))
    data = peer.encode(peer.study(TextValue=LONG_TEXT))
    pdus = wire.fragments(peer.request.context_id, False, data, 2)
    for start in range(0, len(pdus), 14):
        peer.pause()
        peer.send(pdus[start : start + 14])
    peer.respond(SUCCESS)


@FAMILY.find("SLOW-LAST", Truth.RESPONSE_TIMEOUT)
def slow_final_response(peer: Peer) -> None:
    """Sends a match, then the final response one byte a second."""
    peer.match()
    peer.send_slowly(peer.response(SUCCESS))


@FAMILY.find("SLOW-EMPTY", Truth.RESPONSE_TIMEOUT)
def slow_empty_pdus(peer: Peer) -> None:
    """Sends an empty P-DATA-TF PDU a second instead of a response, for ever."""
    while True:
        peer.pause()
        peer.send(wire.pdu(wire.DATA_TF, b""))


@FAMILY.find("SLOW-MATCHES", Truth.QUERY_TIMEOUT)
def slow_matches(peer: Peer) -> None:
    """Sends a complete match a second, for ever."""
    while True:
        peer.pause()
        peer.match()


@FAMILY.move("M-SLOW-1", Truth.RETRIEVE_TIMEOUT)
def slow_first_move_response(peer: Peer) -> None:
    """Sends its first response one byte a second."""
    peer.send_slowly(peer.movement(1))
    peer.moved(INSTANCES, SUCCESS)


@FAMILY.move("M-SLOW-LAST", Truth.SENT_IN_PART)
def slow_final_move_response(peer: Peer) -> None:
    """Sends one instance and says so, then sends its final response one byte a second."""
    peer.moved(1)
    peer.send_slowly(peer.movement(INSTANCES, SUCCESS))


@FAMILY.move("M-SLOW-PENDING", Truth.RETRIEVE_TIMEOUT)
def slow_pending_responses(peer: Peer) -> None:
    """Sends a pending response without counts a second, for ever."""
    while True:
        peer.pause()
        peer.respond(PENDING)


@FAMILY.association("SLOW-AT-END", Truth.COMPLETE)
def slow_release(peer: Peer) -> None:
    """Answers everything well, but the A-RELEASE-RQ one byte a second."""
    peer.accept()
    try:
        peer.read_release()
    except ReleaseRequested:
        peer.send_slowly(wire.pdu(wire.RELEASE_RP, bytes(4)))
    peer.wait_for_the_end()
