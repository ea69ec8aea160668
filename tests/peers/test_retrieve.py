"""``/qr`` against Orthanc and dcmqrscp: the truth is what arrived at the move destination."""

from collections.abc import Callable
from typing import Any

import pytest

from . import findscu
from .archives import DESTINATION_DOWN, Archive
from .destination import MoveDestination
from .gateway import Gateway
from .made_studies import RECENT, UNICODE, WITH_MANY_STUDIES

# What each archive answers when the move destination is none it knows.
UNKNOWN_DESTINATION = {"orthanc-a": "0xC000", "dcmqrscp": "0xA801"}


def test_every_instance_of_every_patient_arrives(
    gateway: Gateway, archive: Archive, destination: MoveDestination
) -> None:
    for patient_id, studies in archive.patients.items():
        destination.forget()
        answer = gateway.qr(archive, patient_id)

        assert answer.status_code == 200, answer.json
        assert answer.json is not None
        assert answer.json["success_count"] == answer.json["total_count"] == len(studies)
        assert sorted(destination.arrived) == sorted(set().union(*studies.values()))
        completed = {
            detail["StudyInstanceUID"]: detail["completed"]
            for detail in answer.json["retrieve_details"]
        }
        assert completed == {uid: len(instances) for uid, instances in studies.items()}


def test_only_the_studies_that_the_filters_keep_are_sent(
    gateway: Gateway, archive: Archive, destination: MoveDestination
) -> None:
    answer = gateway.qr(archive, WITH_MANY_STUDIES.patient_id, modalities=["SR"])

    assert answer.status_code == 200
    assert set(destination.arrived) == RECENT.sop_instance_uids


def test_a_patient_nobody_knows_is_not_found_and_nothing_is_sent(
    gateway: Gateway, archive: Archive, destination: MoveDestination
) -> None:
    answer = gateway.qr(archive, "NOBODY")

    assert answer.status_code == 404
    assert destination.arrived == []


def test_an_unknown_destination_is_a_failure_that_names_it(
    gateway: Gateway, archive: Archive
) -> None:
    answer = gateway.qr(archive, UNICODE.patient_id, "NOWHERE")

    [detail] = _failed(answer)
    assert detail["dimse_status"] == UNKNOWN_DESTINATION[archive.name]
    assert "know" in detail["message"]
    assert "the destination NOWHERE" in detail["message"]


def test_a_destination_that_is_down_is_a_failure_that_names_it(
    gateway: Gateway, archive: Archive
) -> None:
    answer = gateway.qr(archive, UNICODE.patient_id, DESTINATION_DOWN)

    [detail] = _failed(answer)
    assert f"the destination {DESTINATION_DOWN}, can reach it" in detail["message"]


@pytest.mark.parametrize("refused", sorted(RECENT.sop_instance_uids))
def test_a_study_with_a_refused_instance_is_partial_as_soon_as_anything_of_it_arrived(
    gateway: Gateway, archive: Archive, destination: MoveDestination, refused: str
) -> None:
    destination.refused = {refused}

    answer = gateway.qr(archive, WITH_MANY_STUDIES.patient_id)

    assert answer.status_code == 207
    assert answer.json is not None
    assert answer.json["status"] == "partial"
    assert (answer.json["success_count"], answer.json["total_count"]) == (3, 4)
    [not_sent] = [each for each in answer.json["retrieve_details"] if each["status"] != "ok"]
    assert not_sent["StudyInstanceUID"] == RECENT.uid
    arrived = RECENT.sop_instance_uids & set(destination.arrived)
    assert not_sent["status"] == ("partial" if arrived else "failed")


def test_a_pacs_that_goes_on_after_a_refusal_says_which_instance_was_not_sent(
    gateway: Gateway, dcmqrscp: Archive, destination: MoveDestination
) -> None:
    refused = max(RECENT.sop_instance_uids)
    destination.refused = {refused}

    answer = gateway.qr(dcmqrscp, WITH_MANY_STUDIES.patient_id, max_results=1)

    assert answer.status_code == 207
    assert answer.json is not None
    [detail] = answer.json["retrieve_details"]
    assert detail["status"] == "partial"
    assert detail["failed_sop_instance_uids"] == [refused]
    assert (detail["completed"], detail["failed"]) == (len(RECENT.sop_instance_uids) - 1, 1)
    assert set(destination.arrived) == RECENT.sop_instance_uids - {refused}


def test_a_pacs_may_be_silent_for_longer_than_the_dimse_timeout_while_it_sends(
    gateway_with: Callable[..., Gateway], archive: Archive, destination: MoveDestination
) -> None:
    dimse_timeout = 0.5
    destination.holds_each_for = 3 * dimse_timeout

    answer = gateway_with(DIMSE_TIMEOUT=str(dimse_timeout)).qr(archive, UNICODE.patient_id)

    assert answer.status_code == 200, answer.json
    assert set(destination.arrived) == UNICODE.studies[0].sop_instance_uids


def test_what_one_orthanc_sent_to_another_is_found_there(
    gateway: Gateway, orthanc: Archive, orthanc_b: Archive
) -> None:
    patient_id = WITH_MANY_STUDIES.patient_id

    assert gateway.qr(orthanc, patient_id, orthanc_b.ae_title).status_code == 200

    assert findscu.studies_of(orthanc_b, patient_id) == findscu.studies_of(orthanc, patient_id)
    answers = [gateway.q(each, patient_id).json for each in (orthanc, orthanc_b)]
    assert answers[0] == answers[1]


def _failed(answer: Any) -> list[dict[str, Any]]:
    """Return the details of a retrieve of which nothing was sent."""
    assert answer.status_code == 502
    assert answer.json["error"] == "move_failed"
    assert answer.json["success_count"] == 0
    details: list[dict[str, Any]] = answer.json["retrieve_details"]
    assert {detail["status"] for detail in details} == {"failed"}
    return details
