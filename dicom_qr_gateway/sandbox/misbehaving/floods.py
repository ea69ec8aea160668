"""A PACS that never stops talking: a client must bound what it holds, and say that it did."""

import zlib

from dicom_qr_gateway.sandbox.misbehaving import wire
from dicom_qr_gateway.sandbox.misbehaving.fault import Family, Truth
from dicom_qr_gateway.sandbox.misbehaving.incoming import ReleaseRequested
from dicom_qr_gateway.sandbox.misbehaving.moments import command_set_of_a_match
from dicom_qr_gateway.sandbox.misbehaving.peer import PENDING, SUCCESS, Peer
from dicom_qr_gateway.sandbox.misbehaving.proposal import Service

FAMILY = Family("Floods")

DEFLATED_EXPLICIT_VR = "1.2.840.10008.1.2.1.99"
MEBIBYTE = 1024 * 1024
BOMB_MEBIBYTES = 512  # of zeros, in about half a megabyte
PIECE = 16000  # bytes


@FAMILY.find("ENDLESS-MATCHES", Truth.TOO_MANY_MATCHES)
def endless_matches(peer: Peer) -> None:
    """Sends matches without an end, as fast as it can."""
    peer.send_for_ever(peer.response(PENDING, peer.study()) * 20)


@FAMILY.find("ENDLESS-DATA", Truth.TOO_LARGE)
def endless_data_set(peer: Peer) -> None:
    """Sends one match whose data set has no end."""
    peer.send(command_set_of_a_match(peer))
    piece = wire.pdv(peer.request.context_id, 0, bytes(PIECE))
    peer.send_for_ever(wire.pdu(wire.DATA_TF, piece))


@FAMILY.find("ENDLESS-EMPTY", Truth.TOO_LARGE)
def endless_empty_pdus(peer: Peer) -> None:
    """Sends P-DATA-TF PDUs without content instead of a response, without an end."""
    peer.send_for_ever(wire.pdu(wire.DATA_TF, b"") * 1000)


@FAMILY.find("ENDLESS-COMMAND", Truth.PROTOCOL_ERROR)
def endless_command_set(peer: Peer) -> None:
    """Sends a command set that has no end."""
    piece = wire.pdv(peer.request.context_id, 1, bytes(PIECE))
    peer.send_for_ever(wire.pdu(wire.DATA_TF, piece))


@FAMILY.move("M-ENDLESS", Truth.RETRIEVE_TIMEOUT)
def endless_pending_responses(peer: Peer) -> None:
    """Sends pending responses without counts, as fast as it can."""
    peer.send_for_ever(peer.response(PENDING) * 100)


@FAMILY.move("M-ENDLESS-DATA", Truth.TOO_LARGE)
def endless_move_data_set(peer: Peer) -> None:
    """Sends a response whose data set has no end."""
    peer.send(command_set_of_a_match(peer))
    piece = wire.pdv(peer.request.context_id, 0, bytes(PIECE))
    peer.send_for_ever(wire.pdu(wire.DATA_TF, piece))


@FAMILY.association("ENDLESS-AT-END", Truth.COMPLETE)
def endless_release(peer: Peer) -> None:
    """Answers everything well, and the A-RELEASE-RQ with data without an end."""
    peer.accept()
    try:
        peer.read_release()
    except ReleaseRequested:
        peer.send_for_ever(wire.pdu(wire.DATA_TF, wire.pdv(1, 0, bytes(PIECE))))


@FAMILY.association("DEFLATED-BOMB", Truth.PROTOCOL_ERROR, Service.FIND)
def deflated_bomb(peer: Peer) -> None:
    """Accepts Deflated Explicit VR, which few propose, then sends half a megabyte that inflates
    to 512 MiB."""
    contexts = peer.proposal.contexts
    peer.send(
        peer.acceptance(
            *(wire.answered_context(each.context_id, 0, DEFLATED_EXPLICIT_VR) for each in contexts)
        )
    )
    peer.read_request(Service.FIND)
    peer.respond(PENDING, bomb())
    peer.respond(SUCCESS)
    peer.wait_for_the_end()


def bomb() -> bytes:
    """Return a deflated data set of one private element, which is nothing but zeros.

    After a full flush the same bytes deflate to the same bytes, so one block is repeated.
    """
    size = BOMB_MEBIBYTES * MEBIBYTE
    deflate = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    start = deflate.compress(wire.element_header(0x00091001, "UN", size, explicit_vr=True))
    start += deflate.flush(zlib.Z_FULL_FLUSH)
    block = deflate.compress(bytes(MEBIBYTE)) + deflate.flush(zlib.Z_FULL_FLUSH)
    return start + block * BOMB_MEBIBYTES + deflate.flush()
