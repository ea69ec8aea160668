"""The contract's table of ok, partial and failed, row by row and by its laws."""

from hypothesis import given
from hypothesis import strategies as st

from dicom_qr_gateway.dicom.c_move import MoveResponse
from dicom_qr_gateway.dicom.types import SubOperations
from dicom_qr_gateway.errors import ConnectionLost, ProtocolError, RetrieveTimeout
from dicom_qr_gateway.services.study_outcome import Outcome, StudyOutcome

PENDING = 0xFF00
SUCCESS = 0x0000


def pending(**counts: int) -> MoveResponse:
    return MoveResponse(PENDING, False, SubOperations(**counts))


def final(status: int = SUCCESS, *failed: str, **counts: int) -> MoveResponse:
    return MoveResponse(status, True, SubOperations(**counts), failed)


def outcome(*responses: MoveResponse) -> StudyOutcome:
    of_the_study = StudyOutcome("1.2.3", "DEST")
    for response in responses:
        of_the_study.add(response)
    return of_the_study


def test_a_study_not_begun_is_failed_and_says_so() -> None:
    not_begun = outcome()
    assert not_begun.status is Outcome.FAILED
    assert not_begun.message == "The study was not begun."


def test_a_study_that_an_error_ended_says_which() -> None:
    ended = outcome(pending(completed=2))
    ended.error = ConnectionLost("gone")
    assert (ended.status, ended.message) == (Outcome.PARTIAL, "gone")


def test_an_error_alone_is_failed() -> None:
    ended = outcome(pending(completed=0, remaining=3))
    ended.error = RetrieveTimeout("too late")
    assert ended.status is Outcome.FAILED


def test_success_with_counts_of_sent_instances_is_ok() -> None:
    assert outcome(final(completed=3, failed=0, warning=0)).status is Outcome.OK
    assert outcome(final(completed=0, failed=0, warning=2)).status is Outcome.OK


def test_success_without_any_count_is_ok() -> None:
    assert outcome(final()).status is Outcome.OK
    assert outcome(final(remaining=0)).status is Outcome.OK


def test_success_of_nothing_is_failed_and_says_that_nothing_was_sent() -> None:
    nothing = outcome(final(completed=0, failed=0, warning=0))
    assert nothing.status is Outcome.FAILED
    assert "sent nothing" in nothing.message


def test_success_with_something_left_is_not_ok() -> None:
    assert outcome(final(completed=3, failed=1)).status is Outcome.PARTIAL
    assert outcome(final(completed=3, remaining=1)).status is Outcome.PARTIAL
    assert outcome(final(SUCCESS, "1.2.3.4", completed=3)).status is Outcome.PARTIAL
    assert outcome(final(remaining=1)).status is Outcome.FAILED
    assert outcome(final(failed=1)).status is Outcome.FAILED


def test_what_remained_while_pending_does_not_remain_after_a_final_response_without_it() -> None:
    ended = outcome(pending(completed=1, remaining=2), final(completed=3))
    assert ended.status is Outcome.OK
    assert ended.as_detail()["remaining"] is None


def test_success_that_accounts_for_less_than_was_announced_is_not_ok() -> None:
    assert outcome(pending(completed=1, remaining=9), final(completed=1)).status is Outcome.PARTIAL
    assert outcome(pending(completed=3, remaining=7), final(completed=2)).status is Outcome.PARTIAL
    assert outcome(pending(completed=1, remaining=2), final(completed=2)).status is Outcome.PARTIAL
    less = outcome(pending(completed=1, remaining=2), final(completed=2))
    assert "could not send every instance" in less.message


def test_instances_with_warnings_account_for_what_was_announced() -> None:
    assert outcome(pending(remaining=3), final(completed=1, warning=2)).status is Outcome.OK
    assert outcome(pending(remaining=3), final(warning=2)).status is Outcome.PARTIAL
    sent = outcome(pending(completed=1, warning=2, remaining=1), final(completed=2))
    assert sent.status is Outcome.OK


def test_an_instance_that_is_counted_twice_at_once_is_not_missed_in_the_end() -> None:
    """dcm4chee reads what remains, then what is completed, while another thread counts."""
    for before in ([], [pending(completed=1, remaining=9)]):
        sent = outcome(
            *before, pending(completed=6, remaining=5), pending(completed=7, remaining=3)
        )
        assert sent.announced == 10
        sent.add(final(completed=10))
        assert sent.status is Outcome.OK


def test_what_was_announced_may_become_less() -> None:
    fewer = outcome(pending(remaining=10), pending(completed=5, remaining=4), final(completed=9))
    assert fewer.status is Outcome.OK


def test_a_failed_list_before_the_final_response_counts() -> None:
    listed = MoveResponse(PENDING, False, SubOperations(completed=1), True, ("1.2.3.4",))
    ended = outcome(listed, final(completed=2))
    assert ended.status is Outcome.PARTIAL
    assert ended.as_detail()["failed_sop_instance_uids"] == ["1.2.3.4"]
    unreadable = MoveResponse(PENDING, False, SubOperations(completed=1), True)
    assert outcome(unreadable, final(completed=2)).status is Outcome.OK


def cancelled(*responses: MoveResponse) -> Outcome:
    ended = outcome(*responses)
    ended.error = RetrieveTimeout("silent")
    return ended.status


def test_a_c_cancel_answered_by_success_is_ok_only_where_all_had_been_sent_already() -> None:
    begun = pending(completed=1, remaining=9)
    assert cancelled(begun, final(completed=1, failed=0, warning=0)) is Outcome.PARTIAL
    assert cancelled(begun, final()) is Outcome.PARTIAL
    assert cancelled(pending(completed=9, remaining=0), final()) is Outcome.PARTIAL
    assert cancelled(final()) is Outcome.FAILED
    assert cancelled(begun, final(completed=10)) is Outcome.OK
    assert cancelled(final(completed=3)) is Outcome.OK


def test_success_that_was_not_the_last_word_is_not_ok() -> None:
    went_on = outcome(pending(completed=1, remaining=2), final(completed=3))
    went_on.error = ProtocolError("went on")
    assert (went_on.status, went_on.message) == (Outcome.PARTIAL, "went on")


def test_counters_that_wrap_forget_nothing() -> None:
    sent = outcome(pending(completed=65535, remaining=1), final(completed=0))
    failed = outcome(pending(completed=1, failed=65535), final(completed=1, failed=0))
    assert sent.status is Outcome.OK
    assert failed.status is Outcome.PARTIAL


def test_counts_that_the_final_response_leaves_out_keep_their_last_value() -> None:
    detail = outcome(
        pending(completed=2, failed=1, warning=0, remaining=1), final(0xC000)
    ).as_detail()
    assert (detail["completed"], detail["failed"], detail["warning"]) == (2, 1, 0)
    assert detail["dimse_status"] == "0xC000"


def test_a_partial_success_is_not_called_sent() -> None:
    assert "could not send every instance" in outcome(final(completed=3, failed=1)).message


def test_a_detail_of_silence_has_no_counts_and_no_status() -> None:
    assert outcome().as_detail() == {
        "StudyInstanceUID": "1.2.3",
        "status": "failed",
        "completed": None,
        "failed": None,
        "warning": None,
        "remaining": None,
        "dimse_status": None,
        "failed_sop_instance_uids": [],
        "message": "The study was not begun.",
    }


counters = st.none() | st.integers(0, 0xFFFF)
sub_operations = st.builds(SubOperations, counters, counters, counters, counters)
pendings = st.builds(MoveResponse, st.just(PENDING), st.just(False), sub_operations)
finals = st.builds(
    MoveResponse,
    st.sampled_from([SUCCESS, 0xB000, 0xFE00, 0xA702, 0xC000, 0x1234]),
    st.just(True),
    sub_operations,
    st.sampled_from([(), ("1.2.3.4",)]),
)


@given(st.lists(pendings, max_size=4), finals | st.none())
def test_no_study_is_ok_unless_the_pacs_said_so_without_exception(
    before: list[MoveResponse], last: MoveResponse | None
) -> None:
    responses = [*before, *([last] if last else [])]
    result = outcome(*responses).status
    counts = [response.sub_operations for response in responses]
    something_sent = any(each.completed or each.warning for each in counts)
    something_failed = any(each.failed for each in counts) or (
        last is not None and bool(last.failed_sop_instance_uids or last.sub_operations.remaining)
    )
    if last is None or last.status != SUCCESS or something_failed:
        assert result is not Outcome.OK
    if result is Outcome.FAILED:
        assert not something_sent
    if result is Outcome.PARTIAL:
        assert something_sent
