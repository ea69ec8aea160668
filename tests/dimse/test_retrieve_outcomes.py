"""What each final response makes of a study: the contract's table of ok, partial and failed."""

from collections.abc import Callable

import pytest
from pydicom.dataset import Dataset

from dicom_qr_gateway.errors import MoveFailed
from dicom_qr_gateway.services.retrieve import Retrieved

from .conversation import PENDING, SUCCESS, Conversation
from .scripted_pacs import ScriptedPacs
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


def says_at_once(*responses: tuple[int, dict[str, int]]) -> Callable[[Conversation], None]:
    """Return the answer of a PACS: all responses in one segment."""

    def answer(peer: Conversation) -> None:
        peer.send(b"".join(peer.response(status, **command) for status, command in responses))

    return answer


def a_list_of_failed(*uids: str) -> Dataset:
    failed = Dataset()
    failed.FailedSOPInstanceUIDList = list(uids)
    return failed


ONE_STUDY = finds(a_study("1.2.3"))


OK_ENDINGS = {
    "all sent": says((SUCCESS, counts(3))),
    "all sent with warnings": says((SUCCESS, counts(0, 0, 3))),
    "without counters": says((SUCCESS, {})),
    "remaining zero": says((SUCCESS, counts(3, **remaining(0)))),
    "after pending": says((PENDING, counts(1, **remaining(2))), (SUCCESS, counts(3))),
    "after FF01": says((0xFF01, counts(1, **remaining(2))), (SUCCESS, counts(3))),
    "counters only while pending": says((PENDING, counts(2, **remaining(1))), (SUCCESS, {})),
    "a wrapped counter": says((PENDING, counts(65535, **remaining(1))), (SUCCESS, counts(0))),
    "a late pending": says_at_once((SUCCESS, counts(3)), (PENDING, counts(2, **remaining(1)))),
}


PARTIAL_ENDINGS = {
    "success with failures": says((SUCCESS, counts(2, 1))),
    "fewer than announced": says((PENDING, counts(1, **remaining(2))), (SUCCESS, counts(1))),
    "success with remaining": says((SUCCESS, counts(2, **remaining(1)))),
    "warning B000": says((0xB000, counts(2, 1))),
    "warning B000 without failures": says((0xB000, counts(3))),
    "A702 after some": says((0xA702, counts(1, 2))),
    "cancelled by the PACS": says((0xFE00, counts(1, **remaining(2)))),
    "C000 after some while pending": says((PENDING, counts(1, **remaining(2))), (0xC000, {})),
    "failures only while pending": says((PENDING, counts(1, 1, **remaining(1))), (SUCCESS, {})),
    "a wrapped counter of failures": says(
        (PENDING, counts(1, 65535, **remaining(1))), (SUCCESS, counts(1, 0))
    ),
    "success with zeros after some were sent": says(
        (PENDING, counts(2, **remaining(8))), (SUCCESS, counts(0, **remaining(0)))
    ),
    "only warnings and failures": says((0xB000, counts(0, 1, 2))),
}


FAILED_ENDINGS = {
    "success with zeros": says((SUCCESS, counts(0))),
    "success with failures alone": says((SUCCESS, counts(0, 3))),
    "success with remaining alone": says((SUCCESS, counts(0, **remaining(3)))),
    "A701": says((0xA701, {})),
    "A702": says((0xA702, {})),
    "A801": says((0xA801, {})),
    "A900": says((0xA900, {})),
    "C000": says((0xC000, {})),
    "C001": says((0xC001, {})),
    "FE00": says((0xFE00, {})),
    "B000 without counters": says((0xB000, {})),
    "B000 with failures alone": says((0xB000, counts(0, 3))),
    "0122": says((0x0122, {})),
    "0110": says((0x0110, {})),
    "an unknown status": says((0x1234, {})),
    "an unknown status of the warning class": says((0xB123, {})),
    "an unknown status of the pending class": says((0xFF02, {})),
}


@pytest.mark.parametrize("answer", OK_ENDINGS.values(), ids=OK_ENDINGS)
def test_a_study_is_ok_when_everything_was_sent(
    pacs_with: MakePacs, retrieve: Retrieve, answer: Callable[[Conversation], None]
) -> None:
    retrieved = retrieve(pacs_with(ONE_STUDY, moves(answer)))
    (detail,) = retrieved.details
    assert (retrieved.status, detail["status"]) == ("ok", "ok")
    assert (retrieved.success_count, retrieved.total_count) == (1, 1)
    assert detail["dimse_status"] == "0x0000"
    assert detail["failed_sop_instance_uids"] == []


@pytest.mark.parametrize("answer", PARTIAL_ENDINGS.values(), ids=PARTIAL_ENDINGS)
def test_a_study_is_partial_when_something_was_sent(
    pacs_with: MakePacs, retrieve: Retrieve, answer: Callable[[Conversation], None]
) -> None:
    retrieved = retrieve(pacs_with(ONE_STUDY, moves(answer)))
    (detail,) = retrieved.details
    assert (retrieved.status, detail["status"]) == ("partial", "partial")
    assert (retrieved.success_count, retrieved.total_count) == (0, 1)
    assert detail["message"] != "All instances were sent."


@pytest.mark.parametrize("late", [(PENDING, counts(2, 1)), (0xB000, counts(2, 1))])
def test_success_that_was_not_the_last_word_is_partial(
    pacs_with: MakePacs, retrieve: Retrieve, late: tuple[int, dict[str, int]]
) -> None:
    def script(peer: Conversation) -> None:
        peer.accept()
        peer.read_request()
        says_at_once((SUCCESS, counts(3)), late)(peer)
        peer.wait_until_closed()

    pacs = pacs_with(ONE_STUDY, script)
    (detail,) = retrieve(pacs).details
    assert (detail["status"], detail["completed"]) == ("partial", 3)
    assert "went on" in detail["message"]
    assert pacs.conversations[1].aborted


@pytest.mark.parametrize("answer", FAILED_ENDINGS.values(), ids=FAILED_ENDINGS)
def test_a_study_is_failed_when_nothing_was_sent(
    pacs_with: MakePacs, retrieve: Retrieve, answer: Callable[[Conversation], None]
) -> None:
    with pytest.raises(MoveFailed) as caught:
        retrieve(pacs_with(ONE_STUDY, moves(answer)))
    extra = caught.value.extra
    assert (extra["success_count"], extra["total_count"]) == (0, 1)
    assert extra["retrieve_details"][0]["status"] == "failed"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0xA801, "does not know the destination DEST"),
        (0xA702, "check that it knows the destination DEST, can reach it, and still has the study"),
        (0xC000, "check that it knows the destination DEST, can reach it, and still has the study"),
        (0xB000, "check the destination DEST"),
    ],
    ids=["A801", "A702", "C000", "B000"],
)
def test_the_message_of_a_study_says_what_to_check(
    pacs_with: MakePacs, retrieve: Retrieve, status: int, words: str
) -> None:
    with pytest.raises(MoveFailed) as caught:
        retrieve(pacs_with(ONE_STUDY, moves(says((status, {})))))
    (detail,) = caught.value.extra["retrieve_details"]
    assert words in detail["message"]
    assert detail["dimse_status"] == f"0x{status:04X}"


def test_a_detail_holds_the_counts_and_the_failed_instances(
    pacs_with: MakePacs, retrieve: Retrieve
) -> None:
    def answer(peer: Conversation) -> None:
        peer.respond(0xB000, a_list_of_failed("1.2.3.4", "1.2.3.5"), **counts(5, 2, 1))

    (detail,) = retrieve(pacs_with(ONE_STUDY, moves(answer))).details
    message = detail.pop("message")
    assert "DEST" in message
    assert detail == {
        "StudyInstanceUID": "1.2.3",
        "status": "partial",
        "completed": 5,
        "failed": 2,
        "warning": 1,
        "remaining": None,
        "dimse_status": "0xB000",
        "failed_sop_instance_uids": ["1.2.3.4", "1.2.3.5"],
    }


def test_success_with_a_list_of_failed_instances_is_not_ok(
    pacs_with: MakePacs, retrieve: Retrieve
) -> None:
    def answer(peer: Conversation) -> None:
        peer.respond(SUCCESS, a_list_of_failed("1.2.3.4"), **counts(2))

    assert retrieve(pacs_with(ONE_STUDY, moves(answer))).status == "partial"


def test_an_empty_list_of_failed_instances_fails_nothing(
    pacs_with: MakePacs, retrieve: Retrieve
) -> None:
    def answer(peer: Conversation) -> None:
        peer.respond(SUCCESS, a_list_of_failed(), **counts(2))

    assert retrieve(pacs_with(ONE_STUDY, moves(answer))).status == "ok"
