"""Time in a retrieve: silence, the whole, and the C-CANCEL that goes before an abort."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from dicom_qr_gateway.errors import (
    MoveFailed,
    ResponseTimeout,
    RetrieveTimeout,
)
from dicom_qr_gateway.services.retrieve import Retrieved

from .conftest import PATIENT
from .conversation import PENDING, SUCCESS, Conversation
from .scripted_pacs import Script, ScriptedPacs
from .scripts import a_study, finds, moves

Retrieve = Callable[..., Retrieved]


MakePacs = Callable[..., ScriptedPacs]


Answer = Callable[[Conversation], None]


THREE_STUDIES = finds(
    a_study("1.2.1", StudyDate="20240103"),
    a_study("1.2.2", StudyDate="20240102"),
    a_study("1.2.3", StudyDate="20240101"),
)


def sends_all(peer: Conversation) -> None:
    peer.respond(SUCCESS, NumberOfCompletedSuboperations=3, NumberOfFailedSuboperations=0)


def then(*steps: Answer) -> Script:
    """Return the script of a PACS that accepts, reads one C-MOVE, and then does all of this."""

    def script(peer: Conversation) -> None:
        peer.accept()
        peer.read_request()
        for step in steps:
            step(peer)

    return script


def is_silent(peer: Conversation) -> None:
    peer.wait_until_closed()


def stops_in_the_middle_of_a_pdu(peer: Conversation) -> None:
    peer.send(peer.response(SUCCESS)[:-4])
    peer.wait_until_closed()


def statuses(details: list[dict[str, object]]) -> list[object]:
    return [detail["status"] for detail in details]


def test_an_idle_timeout_in_one_study_still_moves_the_next(
    pacs_with: MakePacs, retrieve: Retrieve
) -> None:
    pacs = pacs_with(THREE_STUDIES, then(is_silent), moves(sends_all, sends_all))
    retrieved = retrieve(pacs, replace(PATIENT, retrieve_idle_timeout=0.3))
    assert statuses(retrieved.details) == ["failed", "ok", "ok"]
    silent = pacs.conversations[1]
    assert [request.command.CommandField for request in silent.requests] == [0x0021]
    assert silent.aborted


def test_a_silent_pacs_is_told_to_cancel_before_the_abort(
    pacs_with: MakePacs, retrieve: Retrieve
) -> None:
    def reads_on(peer: Conversation) -> None:
        peer.read_request()
        peer.wait_until_closed()

    pacs = pacs_with(finds(a_study()), then(reads_on))
    with pytest.raises(RetrieveTimeout):
        retrieve(pacs, replace(PATIENT, retrieve_idle_timeout=0.3))
    move, cancel = pacs.conversations[1].requests
    assert cancel.command.CommandField == 0x0FFF
    assert cancel.command.MessageIDBeingRespondedTo == move.command.MessageID
    assert cancel.context_id == move.context_id
    assert pacs.conversations[1].aborted


def answers_the_cancel(status: int, **command: int) -> Answer:
    def answer(peer: Conversation) -> None:
        peer.read_request()
        request = peer.requests.pop()
        assert request.command.CommandField == 0x0FFF
        peer.respond(status, **command)
        peer.wait_until_closed()

    return answer


def test_counts_in_the_answer_to_a_cancel_are_kept(pacs_with: MakePacs, retrieve: Retrieve) -> None:
    answer = answers_the_cancel(0xFE00, NumberOfCompletedSuboperations=2)
    pacs = pacs_with(finds(a_study()), then(answer))
    (detail,) = retrieve(pacs, replace(PATIENT, retrieve_idle_timeout=0.3)).details
    assert (detail["status"], detail["completed"], detail["dimse_status"]) == (
        "partial",
        2,
        "0xFE00",
    )


@pytest.mark.parametrize("counts", [{}, {"NumberOfCompletedSuboperations": 1}])
def test_success_as_the_answer_to_a_cancel_is_not_a_study_that_was_sent(
    pacs_with: MakePacs, retrieve: Retrieve, counts: dict[str, int]
) -> None:
    def sends_one_of_ten(peer: Conversation) -> None:
        peer.respond(PENDING, NumberOfCompletedSuboperations=1, NumberOfRemainingSuboperations=9)

    answer = answers_the_cancel(SUCCESS, **counts)
    pacs = pacs_with(finds(a_study()), then(sends_one_of_ten, answer))
    (detail,) = retrieve(pacs, replace(PATIENT, retrieve_idle_timeout=0.3)).details
    assert (detail["status"], detail["completed"]) == ("partial", 1)
    assert "RETRIEVE_IDLE_TIMEOUT" in detail["message"]


@pytest.mark.parametrize("announced", [True, False])
def test_what_follows_the_answer_to_a_cancel_is_not_passed_over(
    pacs_with: MakePacs, retrieve: Retrieve, announced: bool
) -> None:
    begun = {"NumberOfCompletedSuboperations": 1, "NumberOfRemainingSuboperations": 9}

    def says_two_things(peer: Conversation) -> None:
        if announced:
            peer.respond(PENDING, **begun)
        peer.read_request()
        peer.requests.pop()
        failed = {"NumberOfCompletedSuboperations": 2, "NumberOfFailedSuboperations": 8}
        success = peer.response(SUCCESS, NumberOfCompletedSuboperations=10)
        peer.send(success + peer.response(0xB000, **failed))
        peer.wait_until_closed()

    pacs = pacs_with(finds(a_study()), then(says_two_things))
    (detail,) = retrieve(pacs, replace(PATIENT, retrieve_idle_timeout=0.3)).details
    assert (detail["status"], detail["completed"]) == ("partial", 10)


def test_a_timeout_whose_cancel_was_answered_still_says_that_it_was_a_timeout(
    pacs_with: MakePacs, retrieve: Retrieve
) -> None:
    pacs = pacs_with(finds(a_study()), then(answers_the_cancel(0xFE00)))
    with pytest.raises(RetrieveTimeout) as caught:
        retrieve(pacs, replace(PATIENT, retrieve_idle_timeout=0.3))
    (detail,) = caught.value.extra["retrieve_details"]
    assert "RETRIEVE_IDLE_TIMEOUT" in detail["message"]


def test_all_studies_timed_out_is_a_retrieve_timeout_with_each_told(
    pacs_with: MakePacs, retrieve: Retrieve
) -> None:
    pacs = pacs_with(THREE_STUDIES, then(is_silent))
    with pytest.raises(RetrieveTimeout) as caught:
        retrieve(pacs, replace(PATIENT, retrieve_timeout=0.5, retrieve_idle_timeout=0.4))
    extra = caught.value.extra
    assert (extra["success_count"], extra["total_count"]) == (0, 3)
    assert statuses(extra["retrieve_details"]) == ["failed"] * 3
    assert [detail["dimse_status"] for detail in extra["retrieve_details"]] == [None] * 3


def test_studies_not_begun_at_the_deadline_ended_by_it(
    pacs_with: MakePacs, retrieve: Retrieve
) -> None:
    pacs = pacs_with(THREE_STUDIES, then(is_silent))
    with pytest.raises(RetrieveTimeout) as caught:
        retrieve(pacs, replace(PATIENT, retrieve_timeout=0.4))
    messages = [detail["message"] for detail in caught.value.extra["retrieve_details"]]
    assert len(messages) == 3
    assert all("RETRIEVE_TIMEOUT" in message for message in messages)
    assert sum(len(heard.requests) for heard in pacs.conversations[1:]) == 1


def test_one_failure_among_timeouts_is_move_failed(pacs_with: MakePacs, retrieve: Retrieve) -> None:
    def fails_one_and_is_silent(peer: Conversation) -> None:
        peer.accept()
        peer.read_request()
        peer.respond(0xA702)
        peer.read_request()
        peer.wait_until_closed()

    with pytest.raises(MoveFailed):
        retrieve(
            pacs_with(THREE_STUDIES, fails_one_and_is_silent),
            replace(PATIENT, retrieve_timeout=0.5),
        )


def test_pending_responses_cannot_stretch_the_retrieve_timeout(
    pacs_with: MakePacs, retrieve: Retrieve
) -> None:
    def is_pending_for_ever(peer: Conversation) -> None:
        while True:
            peer.respond(PENDING)
            peer.pause()

    with pytest.raises(RetrieveTimeout):
        retrieve(
            pacs_with(finds(a_study()), then(is_pending_for_ever)),
            replace(PATIENT, retrieve_timeout=0.4),
        )


def test_a_trickle_cannot_stretch_the_idle_timeout(pacs_with: MakePacs, retrieve: Retrieve) -> None:
    def trickles(peer: Conversation) -> None:
        peer.trickle(peer.response(SUCCESS, bytes(4000))[:-1])

    with pytest.raises(RetrieveTimeout):
        retrieve(
            pacs_with(finds(a_study()), then(trickles)),
            replace(PATIENT, retrieve_idle_timeout=0.3),
        )


def test_a_stall_within_a_pdu_is_a_response_timeout(
    pacs_with: MakePacs, retrieve: Retrieve
) -> None:
    pacs = pacs_with(finds(a_study()), then(stops_in_the_middle_of_a_pdu))
    with pytest.raises(ResponseTimeout) as caught:
        retrieve(pacs, replace(PATIENT, network_timeout=0.3))
    assert caught.value.extra["retrieve_details"][0]["status"] == "failed"
