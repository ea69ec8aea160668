"""What a C-MOVE asks, and what each final response makes of a study."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from pydicom.dataset import Dataset

from dicom_qr_gateway.dicom.pdu import ReleaseRQ
from dicom_qr_gateway.dicom.uids import (
    PATIENT_ROOT_FIND,
    PATIENT_ROOT_MOVE,
    STUDY_ROOT_FIND,
    STUDY_ROOT_MOVE,
)
from dicom_qr_gateway.errors import NoStudyMatched
from dicom_qr_gateway.services.retrieve import Retrieved

from .conftest import PATIENT
from .conversation import PENDING, SUCCESS, Conversation
from .scripted_pacs import Script, ScriptedPacs
from .scripts import a_study, finds, moves

Retrieve = Callable[..., Retrieved]
MakePacs = Callable[..., ScriptedPacs]


def counts(completed: int, failed: int = 0, warning: int = 0, **more: int) -> dict[str, int]:
    return {
        "NumberOfCompletedSuboperations": completed,
        "NumberOfFailedSuboperations": failed,
        "NumberOfWarningSuboperations": warning,
        **more,
    }


def remaining(number: int) -> dict[str, int]:
    return {"NumberOfRemainingSuboperations": number}


def says(*responses: tuple[int, dict[str, int]]) -> Callable[[Conversation], None]:
    """Return the answer of a PACS: one response after the other."""

    def answer(peer: Conversation) -> None:
        for status, command in responses:
            peer.respond(status, **command)

    return answer


ONE_STUDY = finds(a_study("1.2.3"))
ALL_SENT = says((SUCCESS, counts(3)))
NOTHING_SENT = says((0xA702, counts(0, 3)))


def two_studies() -> Script:
    return finds(a_study("1.2.1", StudyDate="20240102"), a_study("1.2.2", StudyDate="20240101"))


def test_every_study_has_one_request_and_all_have_one_association(
    pacs_with: MakePacs, retrieve: Retrieve
) -> None:
    pacs = pacs_with(two_studies(), moves(ALL_SENT, ALL_SENT))
    assert retrieve(pacs).success_count == 2
    _, moving = pacs.conversations
    assert [context.abstract_syntax for context in moving.proposal.contexts] == [
        STUDY_ROOT_MOVE,
        PATIENT_ROOT_MOVE,
    ]
    assert (moving.proposal.called_ae_title, moving.proposal.calling_ae_title) == (
        "PACS",
        "GATEWAY",
    )
    assert [elements(request.identifier) for request in moving.requests] == [
        {"QueryRetrieveLevel": "STUDY", "StudyInstanceUID": uid} for uid in ("1.2.1", "1.2.2")
    ]
    assert [request.command.MessageID for request in moving.requests] == [1, 2]
    assert {request.command.MoveDestination for request in moving.requests} == {"DEST"}
    assert {request.command.CommandField for request in moving.requests} == {0x0021}
    assert moving.last is ReleaseRQ


def elements(identifier: Dataset) -> dict[str, Any]:
    return {element.keyword: element.value for element in identifier}


def test_under_the_patient_root_a_c_move_has_the_patient_too(
    pacs_with: MakePacs, retrieve: Retrieve
) -> None:
    def patient_root_only(peer: Conversation) -> None:
        peer.accept(PATIENT_ROOT_MOVE)
        peer.read_request()
        peer.respond(SUCCESS, **counts(1))
        peer.serve_release()

    pacs = pacs_with(ONE_STUDY, patient_root_only)
    assert retrieve(pacs).status == "ok"
    (request,) = pacs.conversations[1].requests
    assert request.abstract_syntax == PATIENT_ROOT_MOVE
    assert elements(request.identifier) == {
        "QueryRetrieveLevel": "STUDY",
        "PatientID": "P1",
        "StudyInstanceUID": "1.2.3",
    }


def test_some_moved_and_some_not_is_partial(pacs_with: MakePacs, retrieve: Retrieve) -> None:
    retrieved = retrieve(pacs_with(two_studies(), moves(NOTHING_SENT, ALL_SENT)))
    assert (retrieved.status, retrieved.success_count, retrieved.total_count) == ("partial", 1, 2)
    assert [detail["status"] for detail in retrieved.details] == ["failed", "ok"]


def test_the_answer_has_the_studies_and_the_withheld_ones_of_the_query(
    pacs_with: MakePacs, retrieve: Retrieve
) -> None:
    found = finds(a_study("1.2.3"), a_study("1.2.9", patient_id="P2"))
    pacs = pacs_with(found, moves(ALL_SENT))
    retrieved = retrieve(pacs)
    assert [study.uid for study in retrieved.studies] == ["1.2.3"]
    assert retrieved.withheld == 1
    assert len(pacs.conversations[1].requests) == 1


def test_nothing_found_is_no_study_matched_and_nothing_is_moved(
    pacs_with: MakePacs, retrieve: Retrieve
) -> None:
    pacs = pacs_with(finds())
    with pytest.raises(NoStudyMatched):
        retrieve(pacs)
    (asking,) = pacs.conversations
    assert {context.abstract_syntax for context in asking.proposal.contexts} == {
        STUDY_ROOT_FIND,
        PATIENT_ROOT_FIND,
    }


def test_a_pacs_silent_for_longer_than_dimse_timeout_is_still_waited_for(
    pacs_with: MakePacs, retrieve: Retrieve
) -> None:
    def answer(peer: Conversation) -> None:
        for _ in range(40):
            peer.pause()
        peer.respond(SUCCESS, **counts(3))

    limits = replace(PATIENT, dimse_timeout=10 * Conversation.PAUSE, network_timeout=0.1)
    assert retrieve(pacs_with(quick_find, moves(answer)), limits).status == "ok"


def quick_find(peer: Conversation) -> None:
    """Answer a C-FIND with one segment, prepared before the time counts."""
    finds(a_study("1.2.3"))(peer)


def test_pending_responses_each_restart_the_idle_timeout(
    pacs_with: MakePacs, retrieve: Retrieve
) -> None:
    def answer(peer: Conversation) -> None:
        for number in range(40):
            peer.respond(PENDING, **counts(number, **remaining(40 - number)))
            peer.pause()
        peer.respond(SUCCESS, **counts(40))

    limits = replace(PATIENT, retrieve_idle_timeout=30 * Conversation.PAUSE)
    assert retrieve(pacs_with(ONE_STUDY, moves(answer)), limits).status == "ok"


def test_many_pending_responses_are_no_query_and_have_no_byte_budget(
    pacs_with: MakePacs, retrieve: Retrieve
) -> None:
    def answer(peer: Conversation) -> None:
        for number in range(100):
            peer.respond(PENDING, **counts(number, **remaining(100 - number)))
        peer.respond(SUCCESS, **counts(100))

    limits = replace(PATIENT, max_response_bytes=4096)
    assert retrieve(pacs_with(ONE_STUDY, moves(answer)), limits).status == "ok"
