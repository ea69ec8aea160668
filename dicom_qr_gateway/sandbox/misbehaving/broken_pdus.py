"""PDUs that no state of an association allows, or that lie about themselves (PS3.8 9.2 and 9.3)."""

import struct

from dicom_qr_gateway.sandbox.misbehaving import wire
from dicom_qr_gateway.sandbox.misbehaving.fault import Family, Truth
from dicom_qr_gateway.sandbox.misbehaving.peer import SUCCESS, Peer
from dicom_qr_gateway.sandbox.misbehaving.proposal import Service

FAMILY = Family("PDU length and type")

FOUR_GIBIBYTES = 0xFFFFFFFF
TWO_GIBIBYTES = 0x7FFFFFFF


@FAMILY.move("M-PDU-4GIB", Truth.PROTOCOL_ERROR)
@FAMILY.find("PDU-4GIB", Truth.PROTOCOL_ERROR)
def pdu_of_four_gibibytes(peer: Peer) -> None:
    """Sends the header of a P-DATA-TF PDU that announces 4 GiB, and nothing more."""
    peer.send(wire.pdu(wire.DATA_TF, b"", length=FOUR_GIBIBYTES))
    peer.wait_for_the_end()


@FAMILY.find("PDU-2GIB-DATA", Truth.PROTOCOL_ERROR)
def pdu_of_two_gibibytes(peer: Peer) -> None:
    """Announces a PDU of 2 GiB, and sends it."""
    peer.send(wire.pdu(wire.DATA_TF, b"", length=TWO_GIBIBYTES))
    peer.send_for_ever(bytes(65536))


@FAMILY.find("PDU-LENGTH-0", Truth.COMPLETE)
def empty_pdus(peer: Peer) -> None:
    """Sends P-DATA-TF PDUs of length 0 around a match, which mean nothing."""
    peer.send(wire.pdu(wire.DATA_TF, b""))
    peer.match()
    peer.send(wire.pdu(wire.DATA_TF, b""))
    peer.respond(SUCCESS)


@FAMILY.move("M-PDU-LENGTH-1", Truth.PROTOCOL_ERROR)
@FAMILY.find("PDU-LENGTH-1", Truth.PROTOCOL_ERROR)
def pdu_of_one_byte(peer: Peer) -> None:
    """Sends a P-DATA-TF PDU of length 1."""
    peer.send(wire.pdu(wire.DATA_TF, b"\0"))
    peer.wait_for_the_end()


@FAMILY.move("M-PDU-TYPE-8", Truth.PROTOCOL_ERROR)
@FAMILY.find("PDU-TYPE-8", Truth.PROTOCOL_ERROR)
def pdu_of_unknown_type(peer: Peer) -> None:
    """Sends a PDU of type 08, which does not exist."""
    peer.send(wire.pdu(0x08, b""))
    peer.wait_for_the_end()


@FAMILY.find("PDU-TYPE-0", Truth.PROTOCOL_ERROR)
def pdu_of_type_zero(peer: Peer) -> None:
    """Sends a match, then zeros without an end."""
    peer.match()
    peer.send_for_ever(bytes(4096))


@FAMILY.move("M-PDU-HTTP", Truth.PROTOCOL_ERROR)
@FAMILY.find("PDU-HTTP", Truth.PROTOCOL_ERROR)
def http_instead_of_a_pdu(peer: Peer) -> None:
    """Answers a request in HTTP."""
    peer.send(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
    peer.wait_for_the_end()


@FAMILY.find("SECOND-AC", Truth.PROTOCOL_ERROR)
def second_acceptance(peer: Peer) -> None:
    """Answers a request with another A-ASSOCIATE-AC."""
    peer.send(peer.acceptance())
    peer.wait_for_the_end()


@FAMILY.find("LATE-RJ", Truth.PROTOCOL_ERROR)
def late_rejection(peer: Peer) -> None:
    """Answers a request with an A-ASSOCIATE-RJ."""
    peer.send(wire.associate_rj(1, 1, 1))
    peer.wait_for_the_end()


@FAMILY.find("LATE-RQ", Truth.PROTOCOL_ERROR)
def late_proposal(peer: Peer) -> None:
    """Answers a request with an A-ASSOCIATE-RQ."""
    peer.send(wire.pdu(wire.ASSOCIATE_RQ, peer.acceptance()[6:]))
    peer.wait_for_the_end()


@FAMILY.find("EARLY-RP", Truth.PROTOCOL_ERROR)
def early_release_response(peer: Peer) -> None:
    """Answers a request with an A-RELEASE-RP that nobody asked for."""
    peer.match()
    peer.send(wire.pdu(wire.RELEASE_RP, bytes(4)))
    peer.wait_for_the_end()


@FAMILY.find("PDV-LENGTH-0", Truth.PROTOCOL_ERROR)
def pdv_of_length_zero(peer: Peer) -> None:
    """Sends a presentation data value whose length, 0, does not even take in its own header."""
    peer.send(wire.pdu(wire.DATA_TF, struct.pack(">IBB", 0, peer.request.context_id, 3)))
    peer.wait_for_the_end()


@FAMILY.find("PDV-TOO-LONG", Truth.PROTOCOL_ERROR)
def pdv_longer_than_its_pdu(peer: Peer) -> None:
    """Sends a presentation data value that is longer than the PDU it is in."""
    peer.send(wire.pdu(wire.DATA_TF, struct.pack(">IBB", 500, peer.request.context_id, 3)))
    peer.wait_for_the_end()


@FAMILY.association("AC-4GIB", Truth.PROTOCOL_ERROR)
def acceptance_of_four_gibibytes(peer: Peer) -> None:
    """Answers the association request with the header of an A-ASSOCIATE-AC of 4 GiB."""
    peer.send(wire.pdu(wire.ASSOCIATE_AC, b"", length=FOUR_GIBIBYTES))
    peer.wait_for_the_end()


@FAMILY.association("AC-LENGTH-0", Truth.PROTOCOL_ERROR)
def acceptance_of_length_zero(peer: Peer) -> None:
    """Answers the association request with an A-ASSOCIATE-AC of length 0."""
    peer.send(wire.pdu(wire.ASSOCIATE_AC, b""))
    peer.wait_for_the_end()


@FAMILY.association("AC-LENGTH-1", Truth.PROTOCOL_ERROR)
def acceptance_of_length_one(peer: Peer) -> None:
    """Answers the association request with an A-ASSOCIATE-AC of length 1."""
    peer.send(wire.pdu(wire.ASSOCIATE_AC, b"\0"))
    peer.wait_for_the_end()


@FAMILY.association("AC-TYPE-8", Truth.PROTOCOL_ERROR)
def answer_of_unknown_type(peer: Peer) -> None:
    """Answers the association request with a PDU of type 08, which does not exist."""
    peer.send(wire.pdu(0x08, bytes(4)))
    peer.wait_for_the_end()


@FAMILY.association("DATA-FOR-AC", Truth.PROTOCOL_ERROR)
def data_instead_of_an_acceptance(peer: Peer) -> None:
    """Answers the association request with a P-DATA-TF PDU."""
    peer.send(wire.pdu(wire.DATA_TF, wire.pdv(1, 3, b"")))
    peer.wait_for_the_end()


@FAMILY.association("M-AC-4GIB", Truth.PROTOCOL_ERROR, Service.MOVE)
def move_acceptance_of_four_gibibytes(peer: Peer) -> None:
    """Answers the association request with the header of an A-ASSOCIATE-AC of 4 GiB."""
    acceptance_of_four_gibibytes(peer)
