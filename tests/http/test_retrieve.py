"""POST /qr, from a valid request to the body of its answer."""

import pytest

from dicom_qr_gateway.errors import (
    MoveFailed,
    NoStudyMatched,
    RetrieveTimeout,
    ShuttingDown,
)
from dicom_qr_gateway.services.retrieve import Retrieved
from dicom_qr_gateway.services.study_outcome import StudyOutcome

KEYS = [
    "operation", "status", "message", "success_count", "total_count", "patient_id",
    "study_details", "retrieve_details",
]  # fmt: skip


def test_everything_moved_is_200_and_ok(client):
    response = client.qr()

    assert response.status_code == 200
    assert list(response.json) == KEYS
    assert response.json["operation"] == "C-MOVE"
    assert response.json["status"] == "ok"
    assert response.json["message"] == "Operation completed successfully"
    assert (response.json["success_count"], response.json["total_count"]) == (1, 1)


def test_something_moved_is_207_and_partial(client, retrieves):
    [detail] = retrieves.result.details
    unknown = {**detail, "status": "failed", "completed": None, "dimse_status": None}
    retrieves.result = Retrieved(retrieves.result.studies, 1, [detail, unknown], 1, 2)

    response = client.qr()

    assert response.status_code == 207
    assert list(response.json) == [*KEYS, "withheld"]
    assert response.json["status"] == "partial"
    assert response.json["retrieve_details"] == [detail, unknown]
    assert (response.json["success_count"], response.json["total_count"]) == (1, 2)


def test_no_match_is_the_not_found_body_of_a_query(client, retrieves):
    retrieves.result = NoStudyMatched("Nothing.")

    response = client.qr()

    assert response.status_code == 404
    assert response.json["operation"] == "C-FIND"
    assert response.json["status"] == "not_found"
    assert response.json["study_details"] == []
    assert "correlation_id" not in response.json


@pytest.mark.parametrize(
    ("kind", "status"), [(MoveFailed, 502), (RetrieveTimeout, 504), (ShuttingDown, 503)]
)
def test_nothing_moved_is_an_error_with_the_counts_and_details(client, retrieves, kind, status):
    reached = {
        "success_count": 0,
        "total_count": 1,
        "retrieve_details": [StudyOutcome("1.2.3", "WS").as_detail()],
    }
    retrieves.result = kind("No study was sent.", extra=reached)

    response = client.qr()

    assert response.status_code == status
    assert response.json["error"] == kind.error
    assert response.json["message"] == "No study was sent."
    assert {name: response.json[name] for name in reached} == reached
