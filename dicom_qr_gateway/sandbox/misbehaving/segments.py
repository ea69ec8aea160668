"""Answers that are right and come in odd pieces, and releases that cross.

Rule: TCP has no messages; a client that takes one receive for one PDU fails here.
"""

from dicom_qr_gateway.sandbox.misbehaving import wire
from dicom_qr_gateway.sandbox.misbehaving.fault import Family, Truth
from dicom_qr_gateway.sandbox.misbehaving.incoming import ReleaseRequested
from dicom_qr_gateway.sandbox.misbehaving.peer import INSTANCES, PENDING, SUCCESS, Peer
from dicom_qr_gateway.sandbox.misbehaving.proposal import Service

FAMILY = Family("Segments and releases")

A_THOUSAND_BYTES = "X" * 1000


def byte_by_byte(peer: Peer, data: bytes) -> None:
    """Send each byte in a segment of its own, without a pause."""
    for byte in data:
        peer.send(bytes((byte,)))


@FAMILY.find("ONE-SEGMENT", Truth.COMPLETE)
def whole_answer_in_one_segment(peer: Peer) -> None:
    """Sends its match and the final response in one segment."""
    peer.send(peer.response(PENDING, peer.study()) + peer.response(SUCCESS))


@FAMILY.move("M-ONE-SEGMENT", Truth.ALL_SENT)
def whole_movement_in_one_segment(peer: Peer) -> None:
    """Sends all its responses in one segment."""
    peer.send(peer.movement(1) + peer.movement(2) + peer.movement(INSTANCES, SUCCESS))


@FAMILY.find("1000-SEGMENTS", Truth.COMPLETE)
def one_pdu_in_a_thousand_segments(peer: Peer) -> None:
    """Sends its match in more than 1,000 segments of one byte."""
    byte_by_byte(peer, peer.response(PENDING, peer.study(TextValue=A_THOUSAND_BYTES)))
    byte_by_byte(peer, peer.response(SUCCESS))


@FAMILY.find("ONE-PDU", Truth.COMPLETE)
def command_set_and_data_set_in_one_pdu(peer: Peer) -> None:
    """Sends command set and data set of its match in one PDU."""
    where, command = peer.request.context_id, peer.command(PENDING, has_data_set=True)
    values = wire.pdv(where, 3, command) + wire.pdv(where, 2, peer.encode(peer.study()))
    peer.send(wire.pdu(wire.DATA_TF, values))
    peer.respond(SUCCESS)


@FAMILY.find("TWO-MESSAGES", Truth.COMPLETE)
def two_messages_in_one_pdu(peer: Peer) -> None:
    """Sends its match and the final response in one PDU."""
    where, command = peer.request.context_id, peer.command(PENDING, has_data_set=True)
    values = wire.pdv(where, 3, command) + wire.pdv(where, 2, peer.encode(peer.study()))
    peer.send(wire.pdu(wire.DATA_TF, values + wire.pdv(where, 3, peer.command(SUCCESS))))


@FAMILY.find("TINY-PDVS", Truth.COMPLETE)
def one_byte_a_pdv(peer: Peer) -> None:
    """Sends its match and the final response in PDUs that carry one byte each."""
    command, data = peer.command(PENDING, has_data_set=True), peer.encode(peer.study())
    peer.send(peer.pdus(command, data, piece_bytes=1))
    peer.send(peer.pdus(peer.command(SUCCESS), piece_bytes=1))


@FAMILY.find("EMPTY-LAST-PDV", Truth.COMPLETE)
def empty_last_piece(peer: Peer) -> None:
    """Ends the data set of its match with a piece that is empty."""
    where, data = peer.request.context_id, peer.encode(peer.study())
    peer.send(peer.pdus(peer.command(PENDING, has_data_set=True)))
    peer.send(wire.pdu(wire.DATA_TF, wire.pdv(where, 0, data)))
    peer.send(wire.pdu(wire.DATA_TF, wire.pdv(where, 2, b"")))
    peer.respond(SUCCESS)


@FAMILY.association("AC-AND-REL", Truth.CONNECTION_LOST)
def release_behind_the_acceptance(peer: Peer) -> None:
    """Sends an A-ASSOCIATE-AC and an A-RELEASE-RQ in one segment."""
    peer.send(peer.acceptance() + wire.pdu(wire.RELEASE_RQ, bytes(4)))
    peer.wait_for_the_end()


@FAMILY.association("M-AC-AND-REL", Truth.CONNECTION_LOST, Service.MOVE)
def release_behind_the_acceptance_of_c_move(peer: Peer) -> None:
    """Sends an A-ASSOCIATE-AC and an A-RELEASE-RQ in one segment."""
    release_behind_the_acceptance(peer)


@FAMILY.association("M-AC-AND-ABORT", Truth.ABORTED, Service.MOVE)
def abort_behind_the_acceptance_of_c_move(peer: Peer) -> None:
    """Sends an A-ASSOCIATE-AC and an A-ABORT in one segment."""
    peer.send(peer.acceptance() + wire.abort(2, 0))
    peer.wait_for_the_end()


@FAMILY.find("RELEASE-AFTER", Truth.COMPLETE)
def release_behind_the_final_response(peer: Peer) -> None:
    """Sends its answer, and an A-RELEASE-RQ in the same segment as the final response."""
    peer.match()
    peer.send(peer.response(SUCCESS) + wire.pdu(wire.RELEASE_RQ, bytes(4)))
    peer.read_release()


@FAMILY.association("RELEASES-CROSS", Truth.COMPLETE)
def release_collision(peer: Peer) -> None:
    """Answers everything well, and sends an A-RELEASE-RQ at the same time as the client."""
    peer.accept()
    try:
        peer.read_release()
    except ReleaseRequested:
        peer.send(wire.pdu(wire.RELEASE_RQ, bytes(4)) + wire.pdu(wire.RELEASE_RP, bytes(4)))
    peer.wait_for_the_end()


@FAMILY.find("ABORT-AFTER", Truth.COMPLETE)
def abort_after_the_final_response(peer: Peer) -> None:
    """Sends its whole answer, then an A-ABORT."""
    peer.match()
    peer.respond(SUCCESS)
    peer.abort()


@FAMILY.find("FIN-AFTER", Truth.COMPLETE)
def close_after_the_final_response(peer: Peer) -> None:
    """Sends its whole answer, then closes the connection."""
    peer.match()
    peer.respond(SUCCESS)
    peer.close()
