"""After the association stands: whatever goes wrong in a C-FIND is an error, never a result."""

import struct
from collections.abc import Callable
from dataclasses import replace

import pytest
from pydicom.dataset import Dataset

from dicom_qr_gateway.dicom.messages import MAX_COMMAND_SET
from dicom_qr_gateway.dicom.pdu import (
    Abort,
    AssociateRJ,
    DataTF,
    Fragment,
    ReleaseRP,
    ReleaseRQ,
    encode_pdu,
)
from dicom_qr_gateway.errors import (
    AssociationAborted,
    ConnectionLost,
    DimseFailure,
    GatewayError,
    NoStudyMatched,
    ProtocolError,
    ResponseTimeout,
)
from dicom_qr_gateway.services.query import FoundStudies

from .conftest import PATIENT
from .conversation import EXPLICIT, IMPLICIT, SUCCESS, Conversation
from .scripted_pacs import Script, ScriptedPacs
from .scripts import PENDING, a_study, finds

Find = Callable[..., FoundStudies]
MakePacs = Callable[..., ScriptedPacs]
Step = Callable[[Conversation], None]


def after_accepting(step: Step) -> Script:
    def script(peer: Conversation) -> None:
        peer.accept()
        step(peer)
        peer.wait_until_closed()

    return script


def after_the_request(step: Step) -> Script:
    def script(peer: Conversation) -> None:
        peer.accept()
        peer.read_request()
        step(peer)
        peer.wait_until_closed()

    return script


def after_the_command_set(step: Step) -> Script:
    """Go on when half of a response has been sent: its command set."""

    def script(peer: Conversation) -> None:
        peer.accept()
        peer.read_request()
        whole = peer.response(PENDING, a_study())
        (length,) = struct.unpack_from(">I", whole, 2)
        peer.send(whole[: 6 + length])
        step(peer)
        peer.wait_until_closed()

    return script


def in_the_middle_of_a_pdu(step: Step) -> Script:
    def script(peer: Conversation) -> None:
        peer.accept()
        peer.read_request()
        peer.send(peer.response(PENDING, a_study())[:-10])
        step(peer)
        peer.wait_until_closed()

    return script


def in_a_pdu_header(step: Step) -> Script:
    def script(peer: Conversation) -> None:
        peer.accept()
        peer.read_request()
        peer.send(b"\x04\x00\x00")
        step(peer)
        peer.wait_until_closed()

    return script


def after_one_match(step: Step) -> Script:
    def script(peer: Conversation) -> None:
        peer.accept()
        peer.read_request()
        peer.respond(PENDING, a_study())
        step(peer)
        peer.wait_until_closed()

    return script


def in_the_second_query(step: Step) -> Script:
    """Go on in the SERIES level query that follows a match without modalities."""

    def script(peer: Conversation) -> None:
        peer.accept()
        peer.answer_find(a_study(ModalitiesInStudy=None))
        peer.read_request()
        step(peer)
        peer.wait_until_closed()

    return script


MOMENTS = [
    after_accepting,
    after_the_request,
    after_the_command_set,
    in_a_pdu_header,
    in_the_middle_of_a_pdu,
    after_one_match,
    in_the_second_query,
]
BETWEEN_PDUS = [
    after_accepting,
    after_the_request,
    after_the_command_set,
    after_one_match,
    in_the_second_query,
]


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("end", [Conversation.reset, Conversation.close])
def test_a_connection_that_ends_early_is_connection_lost(
    pacs_with: MakePacs, find: Find, moment: Callable[[Step], Script], end: Step
) -> None:
    pacs = pacs_with(moment(end_of(end)))
    with pytest.raises(ConnectionLost) as caught:
        find(pacs)
    assert caught.value.dicom == {}
    assert len(pacs.conversations) == 1


def end_of(end: Step) -> Step:
    """Return a step that ends the connection and the script."""

    def step(peer: Conversation) -> None:
        end(peer)
        raise ConnectionResetError

    return step


@pytest.mark.parametrize("moment", BETWEEN_PDUS)
def test_an_abort_is_association_aborted(
    pacs_with: MakePacs, find: Find, moment: Callable[[Step], Script]
) -> None:
    pacs = pacs_with(moment(lambda peer: peer.abort(source=2, reason=6)))
    with pytest.raises(AssociationAborted) as caught:
        find(pacs)
    assert caught.value.dicom == {"source": 2, "reason": 6}


@pytest.mark.parametrize("moment", BETWEEN_PDUS)
def test_a_release_by_the_pacs_is_connection_lost_and_is_answered(
    pacs_with: MakePacs, find: Find, moment: Callable[[Step], Script]
) -> None:
    pacs = pacs_with(moment(lambda peer: peer.send_pdu(ReleaseRQ())))
    with pytest.raises(ConnectionLost):
        find(pacs)
    assert pacs.conversation.last is ReleaseRP


@pytest.mark.parametrize("moment", MOMENTS)
def test_silence_is_a_response_timeout(
    pacs_with: MakePacs, find: Find, moment: Callable[[Step], Script]
) -> None:
    pacs = pacs_with(moment(lambda peer: None))
    with pytest.raises(ResponseTimeout):
        find(pacs, replace(PATIENT, dimse_timeout=0.3))
    assert pacs.conversation.aborted


@pytest.mark.parametrize("moment", [in_a_pdu_header, in_the_middle_of_a_pdu])
def test_a_stall_within_a_pdu_is_a_response_timeout_after_network_timeout(
    pacs_with: MakePacs, find: Find, moment: Callable[[Step], Script]
) -> None:
    pacs = pacs_with(moment(lambda peer: None))
    with pytest.raises(ResponseTimeout):
        find(pacs, replace(PATIENT, network_timeout=0.2))
    assert pacs.conversation.aborted


def fails_with(status: int, *, matches: int = 0) -> Script:
    return finds(*[a_study(f"1.2.{number}") for number in range(matches)], status=status)


STATUSES = [
    0xA700, 0xA710, 0xA701, 0xA900, 0xA901, 0xA9FF, 0xB000, 0xB001, 0xC000, 0xC001, 0xCFFF,
    0xFE00, 0x0001, 0x0105, 0x0106, 0x0107, 0x0110, 0x0111, 0x0112, 0x0116, 0x0117, 0x0118,
    0x0119, 0x0120, 0x0122, 0x0124, 0x0210, 0x0211, 0x0212, 0x0213, 0x1234, 0x8000, 0xD000,
    0xFF02, 0xFFFF,
]  # fmt: skip


@pytest.mark.parametrize("status", STATUSES, ids=hex)
@pytest.mark.parametrize("matches", [0, 2])
def test_a_final_status_other_than_success_is_a_failure_with_that_status(
    pacs_with: MakePacs, find: Find, status: int, matches: int
) -> None:
    with pytest.raises(DimseFailure) as caught:
        find(pacs_with(fails_with(status, matches=matches)))
    assert caught.value.dicom == {"status": f"0x{status:04X}"}


def test_a_failure_of_the_series_level_query_fails_the_request(
    pacs_with: MakePacs, find: Find
) -> None:
    def script(peer: Conversation) -> None:
        peer.accept()
        peer.answer_find(a_study(ModalitiesInStudy=None))
        peer.answer_find(status=0xA700)
        peer.serve_release()

    with pytest.raises(DimseFailure) as caught:
        find(pacs_with(script))
    assert caught.value.dicom == {"status": "0xA700"}


def one_pdu(context_id: int, *pieces: tuple[bool, bool, bytes]) -> bytes:
    return encode_pdu(DataTF(tuple(Fragment(context_id, *piece) for piece in pieces)))


PROTOCOL_BREAKS: dict[str, Step] = {
    "another message ID": lambda peer: peer.respond(SUCCESS, MessageIDBeingRespondedTo=99),
    "another context": lambda peer: peer.respond(SUCCESS, context_id=3),
    "an unknown context": lambda peer: peer.respond(SUCCESS, context_id=77),
    "a C-MOVE response": lambda peer: peer.respond(SUCCESS, CommandField=0x8021),
    "a C-ECHO response": lambda peer: peer.respond(SUCCESS, CommandField=0x8030),
    "a request": lambda peer: peer.respond(SUCCESS, CommandField=0x0020),
    "no status": lambda peer: peer.respond(SUCCESS, Status=None),
    "no command field": lambda peer: peer.respond(SUCCESS, CommandField=None),
    "no message ID": lambda peer: peer.respond(SUCCESS, MessageIDBeingRespondedTo=None),
    "no data set type": lambda peer: peer.respond(SUCCESS, CommandDataSetType=None),
    "a match without a data set": lambda peer: peer.respond(PENDING),
    "a match that is garbage": lambda peer: peer.respond(PENDING, b"\xff" * 64),
    "a match that is cut short": lambda peer: peer.respond(PENDING, peer.encoded(a_study())[:-1]),
    "a data set before its command": lambda peer: peer.send(one_pdu(1, (False, True, b""))),
    "an empty command set": lambda peer: peer.send(one_pdu(1, (True, True, b""))),
    "garbage for a command set": lambda peer: peer.send(one_pdu(1, (True, True, b"\xff" * 40))),
    "a command set without an end": lambda peer: peer.send(
        one_pdu(1, (True, False, bytes(MAX_COMMAND_SET + 2)))
    ),
    "an unknown PDU": lambda peer: peer.send(b"\x08\0\0\0\0\0"),
    "HTTP": lambda peer: peer.send(b"HTTP/1.1 200 OK\r\n\r\n"),
    "a PDU of 4 GiB": lambda peer: peer.send(b"\x04\0\xff\xff\xff\xff"),
    "a PDU of one byte": lambda peer: peer.send(b"\x04\0\0\0\0\1\0"),
    "a fragment longer than its PDU": lambda peer: peer.send(b"\4\0\0\0\0\6\0\0\1\0\1\3"),
    "a fragment of length 0": lambda peer: peer.send(b"\4\0\0\0\0\6\0\0\0\0\1\3"),
    "a rejection": lambda peer: peer.send_pdu(AssociateRJ(1, 1, 1)),
    "another proposal": lambda peer: peer.send_pdu(peer.proposal),
    "a release answer": lambda peer: peer.send_pdu(ReleaseRP()),
}


@pytest.mark.parametrize("step", PROTOCOL_BREAKS.values(), ids=PROTOCOL_BREAKS)
def test_what_breaks_the_protocol_is_a_protocol_error(
    pacs_with: MakePacs, find: Find, step: Step
) -> None:
    pacs = pacs_with(after_one_match(step))
    with pytest.raises(ProtocolError) as caught:
        find(pacs)
    assert caught.value.dicom == {}
    assert pacs.conversation.aborted


def test_an_abort_in_the_same_segment_as_a_match_is_read(pacs_with: MakePacs, find: Find) -> None:
    def script(peer: Conversation) -> None:
        peer.accept()
        peer.read_request()
        peer.send(peer.response(PENDING, a_study()) + encode_pdu(Abort(2, 0)))
        peer.close()

    with pytest.raises(AssociationAborted):
        find(pacs_with(script))


def test_an_abort_after_the_final_status_changes_nothing(pacs_with: MakePacs, find: Find) -> None:
    def script(peer: Conversation) -> None:
        peer.accept()
        peer.answer_find(a_study())
        peer.abort()

    assert len(find(pacs_with(script)).studies) == 1


def test_an_empty_pdu_is_passed_over(pacs_with: MakePacs, find: Find) -> None:
    def script(peer: Conversation) -> None:
        peer.accept()
        peer.read_request()
        peer.send(b"\x04\0\0\0\0\0" + peer.response(PENDING, a_study()) + b"\x04\0\0\0\0\0")
        peer.respond(SUCCESS)
        peer.serve_release()

    assert len(find(pacs_with(script)).studies) == 1


def test_a_command_set_in_a_great_many_empty_pieces_is_not_a_hang(
    pacs_with: MakePacs, find: Find
) -> None:
    pieces = [(True, False, b"")] * 150_000
    pacs = pacs_with(after_the_request(lambda peer: peer.send(one_pdu(1, *pieces))))
    with pytest.raises(GatewayError):
        find(pacs, replace(PATIENT, dimse_timeout=1.0))


@pytest.mark.parametrize("transfer_syntax", [IMPLICIT, EXPLICIT])
@pytest.mark.parametrize("fragment_bytes", [1, 2, 7, 1 << 20])
def test_responses_come_in_any_number_of_pdus_and_segments(
    pacs_with: MakePacs, find: Find, transfer_syntax: str, fragment_bytes: int
) -> None:
    def script(peer: Conversation) -> None:
        peer.accept(transfer_syntax=transfer_syntax)
        peer.read_request()
        data = peer.response(PENDING, a_study(), fragment_bytes=fragment_bytes)
        data += peer.response(SUCCESS, fragment_bytes=fragment_bytes)
        for start in range(0, len(data), 5):
            peer.send(data[start : start + 5])
        peer.serve_release()

    assert [s["StudyInstanceUID"] for s in find(pacs_with(script)).studies] == ["1.2.3"]


def test_the_whole_answer_may_come_in_one_segment(pacs_with: MakePacs, find: Find) -> None:
    def script(peer: Conversation) -> None:
        peer.accept()
        peer.read_request()
        peer.send(peer.response(PENDING, a_study()) + peer.response(SUCCESS))
        peer.serve_release()

    assert len(find(pacs_with(script)).studies) == 1


def test_a_final_status_with_a_data_set_is_read(pacs_with: MakePacs, find: Find) -> None:
    def script(peer: Conversation) -> None:
        peer.accept()
        peer.read_request()
        peer.respond(PENDING, a_study())
        peer.respond(SUCCESS, Dataset())
        peer.serve_release()

    assert len(find(pacs_with(script)).studies) == 1


def test_pending_with_the_warning_that_keys_were_not_supported_is_a_match(
    pacs_with: MakePacs, find: Find
) -> None:
    def script(peer: Conversation) -> None:
        peer.accept()
        peer.read_request()
        peer.respond(0xFF01, a_study())
        peer.respond(SUCCESS)
        peer.serve_release()

    assert len(find(pacs_with(script)).studies) == 1


def test_success_without_a_match_is_the_only_way_to_no_study(
    pacs_with: MakePacs, find: Find
) -> None:
    pacs = pacs_with(finds())
    with pytest.raises(NoStudyMatched):
        find(pacs)
    assert pacs.conversation.last is ReleaseRQ
