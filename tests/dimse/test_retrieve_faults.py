"""A retrieve that goes wrong on the way: what was sent stays told, the rest is tried or failed."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from dicom_qr_gateway.dicom.pdu import ReleaseRQ
from dicom_qr_gateway.errors import (
    AssociationAborted,
    ConnectionRefused,
    DimseFailure,
    GatewayError,
    MoveFailed,
    NoAcceptedContext,
    ProtocolError,
    QueryTimeout,
    ResponseTimeout,
    RetrieveTimeout,
)
from dicom_qr_gateway.services.retrieve import Retrieved

from .conftest import PATIENT
from .conversation import SUCCESS, Conversation
from .scripted_pacs import Script, ScriptedPacs
from .scripts import PENDING, a_study, finds, moves

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


def sends_one(peer: Conversation) -> None:
    peer.respond(PENDING, NumberOfCompletedSuboperations=1, NumberOfRemainingSuboperations=2)


def then(*steps: Answer) -> Script:
    """Return the script of a PACS that accepts, reads one C-MOVE, and then does all of this."""

    def script(peer: Conversation) -> None:
        peer.accept()
        peer.read_request()
        for step in steps:
            step(peer)

    return script


def resets(peer: Conversation) -> None:
    peer.reset()


def closes(peer: Conversation) -> None:
    peer.close()


def aborts(peer: Conversation) -> None:
    peer.abort()


def releases(peer: Conversation) -> None:
    peer.send_pdu(ReleaseRQ())
    peer.wait_until_closed()


def is_silent(peer: Conversation) -> None:
    peer.wait_until_closed()


def talks_nonsense(peer: Conversation) -> None:
    peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
    peer.wait_until_closed()


def answers_another_message(peer: Conversation) -> None:
    peer.respond(SUCCESS, MessageIDBeingRespondedTo=99)
    peer.wait_until_closed()


def sends_a_broken_list(peer: Conversation) -> None:
    peer.respond(0xB000, b"\xff" * 20, NumberOfCompletedSuboperations=1)
    peer.wait_until_closed()


def stops_in_the_middle_of_a_pdu(peer: Conversation) -> None:
    peer.send(peer.response(SUCCESS)[:-4])
    peer.wait_until_closed()


ENDS = [resets, closes, aborts, releases, talks_nonsense, answers_another_message]


def statuses(details: list[dict[str, object]]) -> list[object]:
    return [detail["status"] for detail in details]


@pytest.mark.parametrize("end", ENDS)
def test_an_association_that_ends_in_a_study_is_opened_again_for_the_rest(
    pacs_with: MakePacs, retrieve: Retrieve, end: Answer
) -> None:
    pacs = pacs_with(THREE_STUDIES, then(end), moves(sends_all, sends_all))
    retrieved = retrieve(pacs)
    assert statuses(retrieved.details) == ["failed", "ok", "ok"]
    assert (retrieved.success_count, retrieved.status) == (2, "partial")
    assert len(pacs.conversations) == 3


@pytest.mark.parametrize("end", ENDS)
def test_an_association_that_ends_after_a_study_keeps_what_was_sent(
    pacs_with: MakePacs, retrieve: Retrieve, end: Answer
) -> None:
    def loses_the_second(peer: Conversation) -> None:
        peer.accept()
        peer.read_request()
        sends_all(peer)
        peer.read_request()
        end(peer)

    pacs = pacs_with(THREE_STUDIES, loses_the_second, moves(sends_all))
    assert statuses(retrieve(pacs).details) == ["ok", "failed", "ok"]


@pytest.mark.parametrize("end", ENDS)
def test_a_study_of_which_something_was_sent_before_the_end_is_partial(
    pacs_with: MakePacs, retrieve: Retrieve, end: Answer
) -> None:
    pacs = pacs_with(finds(a_study()), then(sends_one, end))
    retrieved = retrieve(pacs)
    (detail,) = retrieved.details
    assert (retrieved.status, detail["status"]) == ("partial", "partial")
    assert (detail["completed"], detail["remaining"], detail["dimse_status"]) == (1, 2, None)


@pytest.mark.parametrize("end", [*ENDS, sends_a_broken_list])
def test_one_study_and_an_early_end_is_move_failed_with_its_message(
    pacs_with: MakePacs, retrieve: Retrieve, end: Answer
) -> None:
    with pytest.raises(MoveFailed) as caught:
        retrieve(pacs_with(finds(a_study()), then(end)))
    (detail,) = caught.value.extra["retrieve_details"]
    assert detail["status"] == "failed"
    assert "PACS" in detail["message"] or "DICOM" in detail["message"]


def test_an_association_lost_between_two_studies_costs_no_study(
    pacs_with: MakePacs, retrieve: Retrieve
) -> None:
    """The PACS closes after its final response: the next study was never begun there."""

    def serves_one_and_closes(peer: Conversation) -> None:
        peer.accept()
        peer.read_request()
        sends_all(peer)
        peer.close()

    pacs = pacs_with(THREE_STUDIES, serves_one_and_closes)
    retrieved = retrieve(pacs)
    assert retrieved.details[0]["status"] == "ok"


def test_reopening_that_fails_fails_the_rest(pacs_with: MakePacs, retrieve: Retrieve) -> None:
    def loses_the_second(peer: Conversation) -> None:
        peer.accept()
        peer.read_request()
        sends_all(peer)
        peer.read_request()
        peer.reset()

    def rejects(peer: Conversation) -> None:
        peer.reject(1, 1, 7)

    pacs = pacs_with(THREE_STUDIES, loses_the_second, rejects)
    retrieved = retrieve(pacs)
    assert statuses(retrieved.details) == ["ok", "failed", "failed"]
    assert "Called AE title" in retrieved.details[2]["message"]
    assert len(pacs.conversations) == 3


@pytest.mark.parametrize(
    "script",
    [
        lambda peer: peer.reject(1, 1, 3),
        lambda peer: peer.accept("1.2.3"),
        lambda peer: peer.reset(),
        talks_nonsense,
    ],
    ids=["rejection", "no context", "reset", "nonsense"],
)
def test_an_association_for_the_moves_that_cannot_be_had_is_move_failed(
    pacs_with: MakePacs, retrieve: Retrieve, script: Script
) -> None:
    with pytest.raises(MoveFailed) as caught:
        retrieve(pacs_with(THREE_STUDIES, script))
    extra = caught.value.extra
    assert (extra["success_count"], extra["total_count"]) == (0, 3)
    assert statuses(extra["retrieve_details"]) == ["failed"] * 3


def test_a_port_that_closes_after_the_query_is_move_failed(
    pacs_with: MakePacs, retrieve: Retrieve
) -> None:
    made: list[ScriptedPacs] = []

    def finds_and_goes_down(peer: Conversation) -> None:
        made[0].stop_listening()
        finds(a_study())(peer)

    made.append(pacs_with(finds_and_goes_down))
    with pytest.raises(MoveFailed) as caught:
        retrieve(made[0])
    (detail,) = caught.value.extra["retrieve_details"]
    assert "Nothing listens" in detail["message"]


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


@pytest.mark.parametrize(
    ("script", "limits", "expected"),
    [
        (lambda peer: peer.reject(1, 1, 7), PATIENT, GatewayError),
        (finds(a_study(), status=0xA700), PATIENT, DimseFailure),
        (talks_nonsense, PATIENT, ProtocolError),
        (is_silent, replace(PATIENT, query_timeout=0.3), QueryTimeout),
        (is_silent, replace(PATIENT, retrieve_timeout=0.3), RetrieveTimeout),
        (then(is_silent), replace(PATIENT, retrieve_timeout=0.3), RetrieveTimeout),
        (then(is_silent), replace(PATIENT, dimse_timeout=0.3), ResponseTimeout),
        (then(aborts), PATIENT, AssociationAborted),
        (lambda peer: peer.accept("1.2.3"), PATIENT, NoAcceptedContext),
    ],
)
def test_a_query_that_fails_is_the_failure_of_the_retrieve(
    pacs_with: MakePacs, retrieve: Retrieve, script: Script, limits: object, expected: object
) -> None:
    pacs = pacs_with(script)
    with pytest.raises(expected):  # type: ignore[call-overload]
        retrieve(pacs, limits)
    assert len(pacs.conversations) == 1


def test_a_refused_port_is_the_failure_of_the_retrieve(
    pacs_with: MakePacs, retrieve: Retrieve
) -> None:
    pacs = pacs_with(finds())
    pacs.finish()
    with pytest.raises(ConnectionRefused):
        retrieve(pacs)
