"""The promises that a stranger would check first, each with the faults that tempt to break it."""

from collections.abc import Callable

import pytest

from dicom_qr_gateway.sandbox.misbehaving import FAULTS, MisbehavingPacs, Service, Truth

from .expectations import expected, limits
from .gateway import Answer, Asked, Gateway

Ask = Callable[[str, str], Answer]


@pytest.fixture
def ask(misbehaving: MisbehavingPacs, asking: Gateway) -> Ask:
    """Return what asks an endpoint about a fault."""

    def call(endpoint: str, name: str) -> Answer:
        question = Asked(endpoint, misbehaving.port, name)
        [answer] = asking.ask(question, **limits(FAULTS[name].truth))
        return answer

    return call


def test_a_pacs_without_a_fault_is_answered_with_its_study(ask: Ask) -> None:
    assert ask("q", "WELL-BEHAVED").status == 200
    assert ask("qr", "WELL-BEHAVED").body["success_count"] == 1


def test_only_a_pacs_that_says_so_has_no_study(ask: Ask) -> None:
    assert ask("q", "EMPTY").body["status"] == "not_found"


@pytest.mark.parametrize("truth", set(Truth) - {Truth.EMPTY})
@pytest.mark.parametrize("service", [Service.FIND, Service.MOVE])
def test_no_other_truth_is_an_empty_result(truth: Truth, service: Service) -> None:
    if truth in (Truth.NOTHING_SENT, Truth.ALL_SENT, Truth.SENT_IN_PART):
        service = Service.MOVE
    assert expected(truth, service, "qr").status != 404


@pytest.mark.parametrize("name", ["RST-AFTER-1", "FIN-AFTER-1", "RST-IN-PDU", "REL-AFTER-1"])
@pytest.mark.parametrize("endpoint", ["q", "qr"])
def test_a_reset_in_the_middle_is_never_an_empty_result(ask: Ask, endpoint: str, name: str) -> None:
    answer = ask(endpoint, name)
    assert (answer.status, answer.body["error"]) == (502, "connection_lost")
    assert "study_details" not in answer.body


@pytest.mark.parametrize("name", ["MUTE-BEFORE-1", "MUTE-AFTER-1", "HALF-PDU", "SLOW-DATA"])
def test_a_time_out_is_never_an_empty_result(ask: Ask, name: str) -> None:
    answer = ask("q", name)
    assert (answer.status, answer.body["error"]) == (504, "response_timeout")
    assert "study_details" not in answer.body


@pytest.mark.parametrize("name", ["F-A700", "F-C000", "F-FE00", "F-B001", "F-FF02"])
def test_a_failure_after_a_match_is_never_a_result(ask: Ask, name: str) -> None:
    answer = ask("q", name)
    assert answer.body["dicom"] == {"status": f"0x{name[2:]}"}
    assert "study_details" not in answer.body


def test_a_failure_without_a_match_is_never_an_empty_result(ask: Ask) -> None:
    assert ask("q", "F-A700-ALONE").body["error"] == "dimse_failure"


def test_success_is_not_all_sent_while_an_instance_failed(ask: Ask) -> None:
    answer = ask("qr", "M-SOME-FAILED")
    assert (answer.status, answer.body["success_count"]) == (207, 0)
    assert answer.details[0]["failed"] == 1


def test_success_with_zeros_is_nothing_sent(ask: Ask) -> None:
    answer = ask("qr", "M-ZEROS")
    assert (answer.status, answer.body["error"]) == (502, "move_failed")


@pytest.mark.parametrize("name", ["M-RST-AFTER-1", "M-MUTE-AFTER-1", "M-FAILS-LATE"])
def test_what_was_sent_before_the_end_stays_told(ask: Ask, name: str) -> None:
    [detail] = ask("qr", name).details
    assert (detail["status"], detail["completed"]) == ("partial", 1)


def test_another_patients_study_is_withheld_and_counted(ask: Ask) -> None:
    answer = ask("q", "FOREIGN-TOO")
    assert (answer.status, answer.body["withheld"]) == (200, 1)


@pytest.mark.parametrize("name", ["FOREIGN", "FOREIGN-ALIKE", "NO-PATIENT-ID"])
def test_another_patients_studies_alone_are_an_error(ask: Ask, name: str) -> None:
    assert ask("q", name).body["error"] == "patient_mismatch"


def test_the_same_match_three_times_is_one_study(ask: Ask) -> None:
    assert len(ask("q", "DUPLICATES").body["study_details"]) == 1


def test_text_in_the_wrong_character_set_is_told_as_unreadable(ask: Ask) -> None:
    [study] = ask("q", "CHARSET-WRONG").body["study_details"]
    assert study["PatientName"] == "M\ufffdLLER^J\ufffdRG"


@pytest.mark.parametrize("name", ["M-AC-AND-REL", "M-AC-AND-ABORT"])
def test_a_pacs_that_ends_every_association_at_once_is_not_asked_for_ever(
    ask: Ask, name: str
) -> None:
    assert ask("qr", name).body["error"] == "move_failed"
