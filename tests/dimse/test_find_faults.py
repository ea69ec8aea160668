"""After the association stands: whatever goes wrong in a C-FIND is an error, never a result."""

import struct
from collections.abc import Callable
from dataclasses import replace

import pytest

from dicom_qr_gateway.dicom.pdu import (
    ReleaseRP,
    ReleaseRQ,
)
from dicom_qr_gateway.errors import (
    AssociationAborted,
    ConnectionLost,
    DimseFailure,
    ResponseTimeout,
)
from dicom_qr_gateway.services.query import FoundStudies

from .conftest import PATIENT
from .conversation import PENDING, Conversation
from .scripted_pacs import Script, ScriptedPacs
from .scripts import a_study, finds

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
