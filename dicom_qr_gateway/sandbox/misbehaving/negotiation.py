"""Answers to an association request that open no association (PS3.8 7.1 and 9.3.3)."""

from dicom_qr_gateway.sandbox.misbehaving import wire
from dicom_qr_gateway.sandbox.misbehaving.fault import Family, Truth
from dicom_qr_gateway.sandbox.misbehaving.peer import Peer
from dicom_qr_gateway.sandbox.misbehaving.proposal import Service

FAMILY = Family("Presentation contexts and A-ASSOCIATE-AC")

JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
EXPLICIT_VR_BIG_ENDIAN = "1.2.840.10008.1.2.2"
IMPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2"


def accepts_all_with(peer: Peer, transfer_syntax: str) -> None:
    """Accept every context with that transfer syntax, then answer whatever is asked."""
    contexts = [
        wire.answered_context(each.context_id, 0, transfer_syntax)
        for each in peer.proposal.contexts
    ]
    peer.send(peer.acceptance(*contexts))
    peer.read_release()


def refuses_all(peer: Peer, result: int) -> None:
    """Refuse every context with that result (PS3.8 table 9-18)."""
    contexts = [
        wire.answered_context(each.context_id, result, IMPLICIT_VR_LITTLE_ENDIAN)
        for each in peer.proposal.contexts
    ]
    peer.send(peer.acceptance(*contexts))
    peer.read_release()


@FAMILY.association("NO-CONTEXT", Truth.NO_CONTEXT)
def accepts_no_context(peer: Peer) -> None:
    """Accepts the association and refuses every presentation context: no such service."""
    refuses_all(peer, 3)


@FAMILY.association("M-NO-CONTEXT", Truth.NO_CONTEXT, Service.MOVE)
def accepts_no_move_context(peer: Peer) -> None:
    """Accepts the association and refuses every presentation context: no such service."""
    refuses_all(peer, 3)


@FAMILY.association("NO-SYNTAX", Truth.NO_CONTEXT)
def accepts_no_transfer_syntax(peer: Peer) -> None:
    """Accepts the association and refuses every presentation context: no such transfer syntax."""
    refuses_all(peer, 4)


@FAMILY.association("USER-REFUSES", Truth.NO_CONTEXT)
def refuses_as_a_user(peer: Peer) -> None:
    """Accepts the association and refuses every presentation context: user rejection."""
    refuses_all(peer, 1)


@FAMILY.association("NO-REASON", Truth.NO_CONTEXT)
def refuses_without_a_reason(peer: Peer) -> None:
    """Accepts the association and refuses every presentation context: no reason."""
    refuses_all(peer, 2)


@FAMILY.association("CONTEXTS-MISSING", Truth.NO_CONTEXT)
def answers_without_contexts(peer: Peer) -> None:
    """Sends an A-ASSOCIATE-AC that says nothing about any presentation context."""
    called, calling = peer.proposal.called, peer.proposal.calling
    peer.send(wire.associate_ac(called, calling, (), 16384))
    peer.read_release()


@FAMILY.association("JPEG", Truth.PROTOCOL_ERROR)
def accepts_jpeg(peer: Peer) -> None:
    """Accepts every context with JPEG Baseline, which no query proposes."""
    accepts_all_with(peer, JPEG_BASELINE)


@FAMILY.association("BIG-ENDIAN", Truth.PROTOCOL_ERROR)
def accepts_big_endian(peer: Peer) -> None:
    """Accepts every context with Explicit VR Big Endian, proposed or not."""
    accepts_all_with(peer, EXPLICIT_VR_BIG_ENDIAN)


@FAMILY.association("SYNTAX-EMPTY", Truth.PROTOCOL_ERROR)
def accepts_an_empty_transfer_syntax(peer: Peer) -> None:
    """Accepts every context with a transfer syntax of no characters."""
    accepts_all_with(peer, "")


@FAMILY.association("M-JPEG", Truth.PROTOCOL_ERROR, Service.MOVE)
def accepts_jpeg_for_c_move(peer: Peer) -> None:
    """Accepts every context with JPEG Baseline, which no retrieve proposes."""
    accepts_all_with(peer, JPEG_BASELINE)


@FAMILY.association("NOT-PROPOSED", Truth.PROTOCOL_ERROR)
def accepts_what_was_not_proposed(peer: Peer) -> None:
    """Accepts a presentation context ID that was never proposed, and no other."""
    peer.send(peer.acceptance(wire.answered_context(251, 0, IMPLICIT_VR_LITTLE_ENDIAN)))
    peer.read_release()


@FAMILY.association("EVEN-CONTEXT", Truth.PROTOCOL_ERROR)
def accepts_an_even_context(peer: Peer) -> None:
    """Accepts presentation context ID 2, which nobody may propose, and no other."""
    peer.send(peer.acceptance(wire.answered_context(2, 0, IMPLICIT_VR_LITTLE_ENDIAN)))
    peer.read_release()


@FAMILY.association("MAX-PDU-7", Truth.PROTOCOL_ERROR)
def announces_a_tiny_pdu(peer: Peer) -> None:
    """Announces a maximum PDU length of 7 bytes, which carries one byte of a message."""
    peer.send(peer.acceptance(max_pdu_length=7))
    peer.read_release()


@FAMILY.association("MAX-PDU-1", Truth.PROTOCOL_ERROR)
def announces_an_impossible_pdu(peer: Peer) -> None:
    """Announces a maximum PDU length of 1 byte, which carries no message at all."""
    peer.send(peer.acceptance(max_pdu_length=1))
    peer.read_release()


@FAMILY.association("MAX-PDU-0", Truth.COMPLETE)
def announces_no_limit(peer: Peer) -> None:
    """Announces a maximum PDU length of 0, which means no limit."""
    peer.send(peer.acceptance(max_pdu_length=0))
    peer.read_release()


@FAMILY.association("AC-OTHER-TITLES", Truth.COMPLETE)
def answers_with_other_titles(peer: Peer) -> None:
    """Puts other AE titles into its A-ASSOCIATE-AC, where they are reserved and not tested."""
    whole = peer.acceptance()
    peer.send(whole[:10] + b"SOMEBODY".ljust(16) + b"ELSE".ljust(16) + whole[42:])
    peer.read_release()


@FAMILY.association("AC-LARGE", Truth.COMPLETE)
def acceptance_with_many_items(peer: Peer) -> None:
    """Sends an A-ASSOCIATE-AC with 100,000 further items, of a kind that does not exist."""
    body = peer.acceptance()[6:] + wire.item(0x5F, b"") * 100_000
    peer.send(wire.pdu(wire.ASSOCIATE_AC, body))
    peer.read_release()


@FAMILY.association("AC-CUT", Truth.PROTOCOL_ERROR)
def acceptance_with_a_cut_item(peer: Peer) -> None:
    """Sends a complete A-ASSOCIATE-AC whose last item claims more bytes than it has."""
    body = peer.acceptance()[6:-10]
    peer.send(wire.pdu(wire.ASSOCIATE_AC, body))
    peer.wait_for_the_end()


@FAMILY.association("AC-GARBAGE", Truth.PROTOCOL_ERROR)
def acceptance_of_garbage(peer: Peer) -> None:
    """Sends an A-ASSOCIATE-AC whose items are nothing but the byte FF."""
    peer.send(wire.pdu(wire.ASSOCIATE_AC, peer.acceptance()[6:74] + b"\xff" * 200))
    peer.wait_for_the_end()


@FAMILY.association("AC-NO-USER", Truth.PROTOCOL_ERROR)
def acceptance_without_user_information(peer: Peer) -> None:
    """Leaves the user information out of its A-ASSOCIATE-AC, where it is mandatory."""
    body = peer.acceptance()[6:]
    peer.send(wire.pdu(wire.ASSOCIATE_AC, body[: body.index(b"\x50\x00")]))
    peer.wait_for_the_end()
