"""A retrieve that goes wrong on the way: what was sent stays told, the rest is tried or failed."""

import struct
from collections.abc import Callable
from dataclasses import replace

import pytest

from dicom_qr_gateway.dicom.pdu import ReleaseRQ, encode_pdu
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


def sends_all_and_releases(peer: Conversation) -> None:
    peer.accept()
    peer.read_request()
    peer.send(peer.response(SUCCESS, NumberOfCompletedSuboperations=3) + encode_pdu(ReleaseRQ()))
    peer.serve_release()


def a_failed_list(*values: str) -> bytes:
    """Return the list in Implicit VR, whatever its values are."""
    text = "\\".join(values).encode()
    text += b"\0" * (len(text) % 2)
    return struct.pack("<HHI", 0x0008, 0x0058, len(text)) + text


def ends_with_the_list(identifier: bytes, status: int = 0xB000) -> Script:
    """Return the script of a PACS whose final response counts one sent, and has this data set."""

    def answer(peer: Conversation) -> None:
        peer.respond(status, identifier, NumberOfCompletedSuboperations=1)

    return moves(answer)


ENDS = [resets, closes, aborts, releases, talks_nonsense, answers_another_message]


def announces_a_list(status: int) -> Answer:
    """Return what says that two were sent and one failed, and that the list of it follows."""
    counts = {"NumberOfCompletedSuboperations": 2, "NumberOfFailedSuboperations": 1}
    return lambda peer: peer.respond(status, CommandDataSetType=1, **counts)


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


@pytest.mark.parametrize("end", ENDS)
def test_one_study_and_an_early_end_is_move_failed_with_its_message(
    pacs_with: MakePacs, retrieve: Retrieve, end: Answer
) -> None:
    with pytest.raises(MoveFailed) as caught:
        retrieve(pacs_with(finds(a_study()), then(end)))
    (detail,) = caught.value.extra["retrieve_details"]
    assert detail["status"] == "failed"
    assert "PACS" in detail["message"] or "DICOM" in detail["message"]


def test_a_pacs_that_releases_after_each_study_costs_no_study(
    pacs_with: MakePacs, retrieve: Retrieve
) -> None:
    pacs = pacs_with(THREE_STUDIES, *[sends_all_and_releases] * 3)
    assert statuses(retrieve(pacs).details) == ["ok", "ok", "ok"]
    assert len(pacs.conversations) == 4


@pytest.mark.parametrize("status", [SUCCESS, 0xB000])
@pytest.mark.parametrize(
    "identifier", [b"\xff" * 20, a_failed_list("DOE JOHN born 1970")], ids=["broken", "no UIDs"]
)
def test_counts_are_kept_and_free_text_is_not_where_the_failed_list_is_unreadable(
    pacs_with: MakePacs, retrieve: Retrieve, identifier: bytes, status: int
) -> None:
    pacs = pacs_with(finds(a_study()), ends_with_the_list(identifier, status))
    (detail,) = retrieve(pacs).details
    assert (detail["status"], detail["completed"]) == ("partial", 1)
    assert detail["dimse_status"] == f"0x{status:04X}"
    assert detail["failed_sop_instance_uids"] == []


def test_failed_lists_beyond_the_retrieves_budget_are_not_kept(
    pacs_with: MakePacs, retrieve: Retrieve
) -> None:
    long_list = a_failed_list(*(f"1.2.3.{number}" for number in range(1000)))
    pacs = pacs_with(finds(a_study()), ends_with_the_list(long_list))
    (detail,) = retrieve(pacs, replace(PATIENT, max_response_bytes=2048)).details
    assert (detail["status"], detail["failed_sop_instance_uids"]) == ("partial", [])


def test_a_pacs_that_ends_every_association_at_once_is_asked_once_a_study(
    pacs_with: MakePacs, retrieve: Retrieve
) -> None:
    def accepts_and_releases(peer: Conversation) -> None:
        acceptance = peer.acceptance()
        peer.send_pdu(acceptance)
        peer.send_pdu(ReleaseRQ())
        peer.wait_until_closed()

    pacs = pacs_with(THREE_STUDIES, *[accepts_and_releases] * 3)
    with pytest.raises(MoveFailed):
        retrieve(pacs)
    assert len(pacs.conversations) == 4


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


@pytest.mark.parametrize("status", [0xB000, SUCCESS, PENDING])
@pytest.mark.parametrize("end", [closes, aborts, talks_nonsense, is_silent])
def test_the_counts_of_a_response_whose_list_does_not_come_are_told(
    pacs_with: MakePacs, retrieve: Retrieve, status: int, end: Answer
) -> None:
    pacs = pacs_with(
        THREE_STUDIES, then(announces_a_list(status), end), moves(sends_all, sends_all)
    )
    limits = replace(PATIENT, retrieve_idle_timeout=0.3)
    retrieved = retrieve(pacs, limits=limits)
    assert statuses(retrieved.details) == ["partial", "ok", "ok"]
    assert (retrieved.details[0]["completed"], retrieved.details[0]["failed"]) == (2, 1)
    assert retrieved.details[0]["dimse_status"] is None
