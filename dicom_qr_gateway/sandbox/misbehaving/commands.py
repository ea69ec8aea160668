"""Command sets that answer another request, or none, or are broken (PS3.7 6.3, 9.3 and Annex E)."""

import struct

from dicom_qr_gateway.sandbox.misbehaving import wire
from dicom_qr_gateway.sandbox.misbehaving.fault import Family, Truth
from dicom_qr_gateway.sandbox.misbehaving.peer import INSTANCES, PENDING, SUCCESS, Peer
from dicom_qr_gateway.sandbox.misbehaving.proposal import IMPLICIT_VR_LITTLE_ENDIAN

FAMILY = Family("Message ID, context ID, command field")

OUT_OF_RESOURCES = 0xA700
C_ECHO_RSP = 0x8030
C_FIND_RSP = 0x8020
C_MOVE_RSP = 0x8021


@FAMILY.find("WRONG-MSG-ID", Truth.PROTOCOL_ERROR)
def final_response_to_another_message(peer: Peer) -> None:
    """Sends a match, then a Success that answers another message ID."""
    peer.match()
    peer.respond(SUCCESS, MessageIDBeingRespondedTo=peer.request.message_id + 1)


@FAMILY.find("MATCH-MSG-ID", Truth.PROTOCOL_ERROR)
def match_of_another_message(peer: Peer) -> None:
    """Sends a match that answers another message ID, then Success."""
    peer.respond(PENDING, peer.study(), MessageIDBeingRespondedTo=4711)
    peer.respond(SUCCESS)


@FAMILY.move("M-WRONG-MSG-ID", Truth.PROTOCOL_ERROR)
def move_response_to_another_message(peer: Peer) -> None:
    """Sends a Success with three instances sent that answers another message ID."""
    peer.moved(INSTANCES, SUCCESS, MessageIDBeingRespondedTo=peer.request.message_id + 1)


@FAMILY.find("WRONG-CONTEXT", Truth.PROTOCOL_ERROR)
def response_on_another_context(peer: Peer) -> None:
    """Sends a match, then Success on another presentation context ID."""
    peer.match()
    peer.send(peer.pdus(peer.command(SUCCESS), context_id=peer.request.context_id + 2))


@FAMILY.find("UNKNOWN-CONTEXT", Truth.PROTOCOL_ERROR)
def response_on_an_unknown_context(peer: Peer) -> None:
    """Sends a match, then Success on a presentation context ID that was never proposed."""
    peer.match()
    peer.send(peer.pdus(peer.command(SUCCESS), context_id=251))


@FAMILY.move("M-WRONG-CONTEXT", Truth.PROTOCOL_ERROR)
def move_response_on_an_unknown_context(peer: Peer) -> None:
    """Sends Success on a presentation context ID that was never proposed."""
    command = peer.command(SUCCESS, NumberOfCompletedSuboperations=INSTANCES)
    peer.send(peer.pdus(command, context_id=251))


@FAMILY.find("MIXED-CONTEXTS", Truth.PROTOCOL_ERROR)
def data_set_on_another_context(peer: Peer) -> None:
    """Sends the command set of a match on one context and its data set on another."""
    data = peer.encode(peer.study())
    peer.send(peer.pdus(peer.command(PENDING, has_data_set=True)))
    peer.send(wire.fragments(peer.request.context_id + 2, False, data, len(data)))
    peer.respond(SUCCESS)


@FAMILY.find("C-MOVE-RSP", Truth.PROTOCOL_ERROR)
def move_response_to_a_find(peer: Peer) -> None:
    """Answers a C-FIND with a C-MOVE response."""
    peer.respond(SUCCESS, CommandField=C_MOVE_RSP)


@FAMILY.find("C-ECHO-RSP", Truth.PROTOCOL_ERROR)
def echo_response_to_a_find(peer: Peer) -> None:
    """Answers a C-FIND with a C-ECHO response."""
    peer.respond(SUCCESS, CommandField=C_ECHO_RSP)


@FAMILY.move("M-C-FIND-RSP", Truth.PROTOCOL_ERROR)
def find_response_to_a_move(peer: Peer) -> None:
    """Answers a C-MOVE with a C-FIND response that says three instances were sent."""
    peer.moved(INSTANCES, SUCCESS, CommandField=C_FIND_RSP)


@FAMILY.move("M-REQUEST-BACK", Truth.PROTOCOL_ERROR)
@FAMILY.find("REQUEST-BACK", Truth.PROTOCOL_ERROR)
def request_instead_of_a_response(peer: Peer) -> None:
    """Sends the request back instead of a response."""
    peer.respond(SUCCESS, CommandField=peer.request.command_field)


@FAMILY.move("M-NO-STATUS", Truth.PROTOCOL_ERROR)
@FAMILY.find("NO-STATUS", Truth.PROTOCOL_ERROR)
def response_without_status(peer: Peer) -> None:
    """Leaves the Status out of its response."""
    peer.respond(SUCCESS, Status=None)


@FAMILY.find("NO-COMMAND", Truth.PROTOCOL_ERROR)
def response_without_command_field(peer: Peer) -> None:
    """Leaves the Command Field out of its response."""
    peer.respond(SUCCESS, CommandField=None)


@FAMILY.find("NO-MSG-ID", Truth.PROTOCOL_ERROR)
def response_without_message_id(peer: Peer) -> None:
    """Leaves the Message ID Being Responded To out of its response."""
    peer.respond(SUCCESS, MessageIDBeingRespondedTo=None)


@FAMILY.find("NO-DATA-TYPE", Truth.PROTOCOL_ERROR)
def response_without_data_set_type(peer: Peer) -> None:
    """Leaves the Command Data Set Type out of its response."""
    peer.respond(SUCCESS, CommandDataSetType=None)


@FAMILY.find("STATUS-4-BYTES", Truth.PROTOCOL_ERROR)
def status_of_four_bytes(peer: Peer) -> None:
    """Sends a Status of four bytes, zeros all."""
    peer.respond(SUCCESS, Status=bytes(4))


@FAMILY.find("STATUS-EMPTY", Truth.PROTOCOL_ERROR)
def status_of_no_bytes(peer: Peer) -> None:
    """Sends a Status without a value."""
    peer.respond(SUCCESS, Status=b"")


@FAMILY.move("M-STATUS-TWICE", Truth.PROTOCOL_ERROR)
@FAMILY.find("STATUS-TWICE", Truth.PROTOCOL_ERROR)
def two_statuses_in_one_response(peer: Peer) -> None:
    """Sends a response with two elements for its Status: out of resources, then Success."""
    success = wire.element("Status", SUCCESS, explicit_vr=False)
    peer.send(peer.pdus(peer.command(OUT_OF_RESOURCES) + success))


@FAMILY.association("EARLY-ANSWER", Truth.PROTOCOL_ERROR)
def answer_before_the_question(peer: Peer) -> None:
    """Sends Success to message ID 1 in one segment with the A-ASSOCIATE-AC, before it is asked."""
    acceptance = peer.acceptance()
    context_id = next(iter(peer.proposal.acceptable(IMPLICIT_VR_LITTLE_ENDIAN)))
    command = wire.command_set(
        {
            "CommandField": C_FIND_RSP,
            "MessageIDBeingRespondedTo": 1,
            "CommandDataSetType": 0x0101,
            "Status": SUCCESS,
        }
    )
    peer.send(acceptance + wire.fragments(context_id, True, command, len(command)))
    peer.read_release()


@FAMILY.move("M-COMMAND-EMPTY", Truth.PROTOCOL_ERROR)
@FAMILY.find("COMMAND-EMPTY", Truth.PROTOCOL_ERROR)
def empty_command_set(peer: Peer) -> None:
    """Sends a command set of no bytes."""
    peer.send(peer.pdus(b""))


@FAMILY.move("M-COMMAND-GARB", Truth.PROTOCOL_ERROR)
@FAMILY.find("COMMAND-GARBAGE", Truth.PROTOCOL_ERROR)
def garbage_for_a_command_set(peer: Peer) -> None:
    """Sends a command set that is nothing but the byte FF."""
    peer.send(peer.pdus(b"\xff" * 80))


@FAMILY.find("COMMAND-CUT", Truth.PROTOCOL_ERROR)
def command_set_cut_short(peer: Peer) -> None:
    """Sends a match, then a final response whose command set lacks its last three bytes."""
    peer.match()
    peer.send(peer.pdus(peer.command(SUCCESS)[:-3]))


@FAMILY.find("COMMAND-EXPL", Truth.PROTOCOL_ERROR)
def command_set_in_explicit_vr(peer: Peer) -> None:
    """Sends a command set in Explicit VR, where it is always implicit."""
    elements: wire.Elements = {
        "CommandField": C_FIND_RSP,
        "MessageIDBeingRespondedTo": peer.request.message_id,
        "CommandDataSetType": 0x0101,
        "Status": SUCCESS,
    }
    peer.send(peer.pdus(wire.data_set(elements, explicit_vr=True)))


@FAMILY.find("DATA-FIRST", Truth.PROTOCOL_ERROR)
def data_set_before_its_command_set(peer: Peer) -> None:
    """Sends the data set of a match before its command set."""
    data = peer.encode(peer.study())
    peer.send(wire.fragments(peer.request.context_id, False, data, len(data)))
    peer.send(peer.pdus(peer.command(PENDING, has_data_set=True)))
    peer.respond(SUCCESS)


@FAMILY.move("M-LONG-COUNTERS", Truth.PROTOCOL_ERROR)
def counters_of_four_bytes(peer: Peer) -> None:
    """Sends counters of four bytes where the standard has two."""
    peer.moved(0, SUCCESS, NumberOfCompletedSuboperations=struct.pack("<I", INSTANCES))
