"""What a C-FIND response may look like, and what breaks the protocol."""

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
    Pdu,
    ReleaseRP,
    ReleaseRQ,
    encode_pdu,
)
from dicom_qr_gateway.errors import (
    AssociationAborted,
    GatewayError,
    NoStudyMatched,
    ProtocolError,
)
from dicom_qr_gateway.services.query import FoundStudies

from .conftest import PATIENT
from .conversation import EXPLICIT, IMPLICIT, PENDING, SUCCESS, Conversation
from .scripted_pacs import Script, ScriptedPacs
from .scripts import a_study, finds

Find = Callable[..., FoundStudies]


MakePacs = Callable[..., ScriptedPacs]


Step = Callable[[Conversation], None]


def after_the_request(step: Step) -> Script:
    def script(peer: Conversation) -> None:
        peer.accept()
        peer.read_request()
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

    assert [s.uid for s in find(pacs_with(script)).studies] == ["1.2.3"]


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


@pytest.mark.parametrize("repeats", ["the request", "the last match"])
def test_a_final_response_that_says_nothing_new_in_a_data_set_is_read(
    pacs_with: MakePacs, find: Find, repeats: str
) -> None:
    def script(peer: Conversation) -> None:
        peer.accept()
        request = peer.read_request()
        for uid in ("1.1", "1.2"):
            peer.respond(PENDING, a_study(uid))
        peer.respond(SUCCESS, request.identifier if repeats == "the request" else a_study("1.2"))
        peer.serve_release()

    assert len(find(pacs_with(script)).studies) == 2


Response = tuple[int, Dataset | bytes | None]


def says_at_once(*responses: Response) -> Script:
    """Return the script of a PACS that answers a C-FIND with all of this in one segment."""

    def script(peer: Conversation) -> None:
        peer.accept()
        peer.read_request()
        peer.send(b"".join(peer.response(*response) for response in responses))
        peer.wait_until_closed()

    return script


def a_name() -> Dataset:
    name = Dataset()
    name.PatientName = "DOE^JOHN"
    return name


MATCH: Response = (PENDING, a_study("1.1"))
END: Response = (SUCCESS, None)


@pytest.mark.parametrize(
    "responses",
    [
        [(SUCCESS, a_study("1.2"))],
        [MATCH, (SUCCESS, a_study("1.2"))],
        [(SUCCESS, a_name())],
        [MATCH, MATCH, (PENDING, b""), END],
    ],
    ids=["final match alone", "final match", "final name", "empty identifier in a run"],
)
def test_a_data_set_out_of_place_is_a_protocol_error(
    pacs_with: MakePacs, find: Find, responses: list[Response]
) -> None:
    with pytest.raises(ProtocolError):
        find(pacs_with(says_at_once(*responses)))


@pytest.mark.parametrize(
    "late",
    [(PENDING, a_study("1.2")), (0xA700, None), END],
    ids=["a match", "a failure", "Success again"],
)
@pytest.mark.parametrize("before", [[], [MATCH]])
def test_what_comes_with_the_final_response_and_behind_it_is_a_protocol_error(
    pacs_with: MakePacs, find: Find, before: list[Response], late: Response
) -> None:
    pacs = pacs_with(says_at_once(*before, END, late))
    with pytest.raises(ProtocolError):
        find(pacs)
    assert pacs.conversation.aborted


@pytest.mark.parametrize("end", [ReleaseRQ(), Abort(0, 0)])
def test_the_end_of_the_association_behind_the_final_response_changes_nothing(
    pacs_with: MakePacs, find: Find, end: Pdu
) -> None:
    def script(peer: Conversation) -> None:
        peer.accept()
        peer.read_request()
        peer.respond(PENDING, a_study("1.1"))
        peer.send(peer.response(SUCCESS) + encode_pdu(end))
        peer.wait_until_closed()

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
