"""What a retrieve sums up, and which error it is when nothing was sent."""

import pytest

from dicom_qr_gateway.dicom.c_move import MoveResponse
from dicom_qr_gateway.dicom.types import SubOperations
from dicom_qr_gateway.errors import (
    AssociationTimeout,
    ConnectionLost,
    ConnectTimeout,
    GatewayError,
    MoveFailed,
    ResponseTimeout,
    RetrieveTimeout,
    ShuttingDown,
)
from dicom_qr_gateway.services.retrieve import Retrieved, nothing_was_sent, summary
from dicom_qr_gateway.services.study_outcome import StudyOutcome


def ended_by(error: GatewayError | None) -> StudyOutcome:
    return StudyOutcome("1.2.3", "DEST", error=error)


def answered(status: int, completed: int) -> StudyOutcome:
    outcome = StudyOutcome("1.2.3", "DEST")
    outcome.add(MoveResponse(status, True, SubOperations(completed=completed)))
    return outcome


TIMEOUT = RetrieveTimeout("too late")
LOST = ConnectionLost("gone")
STOP = ShuttingDown("stopped")


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        ([TIMEOUT], RetrieveTimeout),
        ([TIMEOUT, TIMEOUT], RetrieveTimeout),
        ([ResponseTimeout("")], ResponseTimeout),
        ([ConnectTimeout(""), ConnectTimeout("")], ConnectTimeout),
        ([AssociationTimeout(""), TIMEOUT], RetrieveTimeout),
        ([TIMEOUT, LOST], MoveFailed),
        ([LOST], MoveFailed),
        ([None], MoveFailed),
        ([None, TIMEOUT], MoveFailed),
        ([STOP], ShuttingDown),
        ([LOST, STOP, STOP], ShuttingDown),
        ([TIMEOUT, STOP], ShuttingDown),
    ],
)
def test_what_ended_the_studies_names_the_error(
    errors: list[GatewayError | None], expected: type[GatewayError]
) -> None:
    error = nothing_was_sent([ended_by(each) for each in errors])
    assert type(error) is expected
    assert error.extra["success_count"] == 0
    assert error.extra["total_count"] == len(errors)
    assert len(error.extra["retrieve_details"]) == len(errors)


def test_only_ok_studies_count_as_success() -> None:
    outcomes = [answered(0x0000, 2), answered(0xB000, 2), answered(0xA702, 0)]
    counts = summary(outcomes)
    assert (counts["success_count"], counts["total_count"]) == (1, 3)
    assert [detail["status"] for detail in counts["details"]] == ["ok", "partial", "failed"]


@pytest.mark.parametrize(("success", "expected"), [(2, "ok"), (1, "partial"), (0, "partial")])
def test_a_retrieve_is_ok_when_every_study_is(success: int, expected: str) -> None:
    assert Retrieved([], 0, [], success, 2).status == expected
