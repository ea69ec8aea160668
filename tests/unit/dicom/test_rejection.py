"""What each rejection means, and who must do what about it (PS3.8 table 9-21)."""

import itertools

import pytest

from dicom_qr_gateway.dicom.pdu import AssociateRJ
from dicom_qr_gateway.dicom.rejection import is_transient, rejection_error
from dicom_qr_gateway.errors import AssociationRejected, PacsBusy


@pytest.mark.parametrize(
    ("source", "reason", "words"),
    [
        (1, 1, "gave no reason"),
        (1, 2, "application context"),
        (1, 3, "Calling AE title not recognized: add GATEWAY"),
        (1, 7, "Called AE title not recognized: the PACS does not know AE title MAINPACS"),
        (2, 1, "association control"),
        (2, 2, "version of the DICOM protocol"),
        (1, 5, "does not know"),
        (3, 7, "does not know"),
        (0, 0, "does not know"),
    ],
)
def test_a_permanent_rejection_says_what_to_check(source: int, reason: int, words: str) -> None:
    error = rejection_error(AssociateRJ(1, source, reason), "MAINPACS", "GATEWAY")
    assert isinstance(error, AssociationRejected)
    assert words in error.message
    assert error.dicom == {"result": 1, "source": source, "reason": reason}


@pytest.mark.parametrize(
    ("result", "source", "reason"), [(2, 3, 1), (2, 3, 2), (2, 1, 1), (2, 1, 3), (1, 3, 1)]
)
def test_a_rejection_that_waiting_may_cure_is_busy(result: int, source: int, reason: int) -> None:
    rejection = AssociateRJ(result, source, reason)
    assert is_transient(rejection)
    error = rejection_error(rejection, "MAINPACS", "GATEWAY")
    assert isinstance(error, PacsBusy)
    assert error.dicom == {"result": result, "source": source, "reason": reason}


def test_a_rejection_for_the_moment_that_is_no_congestion_says_its_reason() -> None:
    error = rejection_error(AssociateRJ(2, 1, 7), "MAINPACS", "GATEWAY")
    assert "at its limit" not in error.message
    assert "the PACS does not know AE title MAINPACS" in error.message


def test_every_rejection_of_any_numbers_has_a_message() -> None:
    for result, source, reason in itertools.product(range(4), range(5), range(12)):
        error = rejection_error(AssociateRJ(result, source, reason), "A{0}", "B{x}")
        assert error.message.endswith(".")
