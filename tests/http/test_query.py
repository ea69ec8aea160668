"""POST /q, from a valid request to the body of its answer."""

import socket

import pytest

from dicom_qr_gateway.errors import NoStudyMatched
from dicom_qr_gateway.schemas.answers import StudySchema
from dicom_qr_gateway.services.query import FoundStudies
from dicom_qr_gateway.services.study import study_from


def test_the_answer_has_the_contracts_keys_in_the_contracts_order(client):
    response = client.q()

    assert response.status_code == 200
    assert list(response.json) == ["operation", "status", "patient_id", "study_details"]
    assert response.json["operation"] == "C-FIND"
    assert response.json["status"] == "ok"
    assert list(response.json["study_details"][0]) == [
        "PatientName", "PatientID", "DateOfBirth", "StudyInstanceUID", "StudyDescription",
        "ModalitiesInStudy", "StudyDate", "StudyTime", "AccessionNumber",
        "ReferringPhysicianName", "PerformingPhysicianName", "InstitutionName",
    ]  # fmt: skip


def test_rows_and_schema_name_the_same_keys_in_the_same_order():
    row = study_from({"StudyInstanceUID": "1.2"})

    assert list(row.as_dict()) == list(StudySchema().fields)


def test_text_goes_out_as_compact_utf_8(client):
    response = client.q()

    assert "DOE^JOHN=山田^太郎".encode() in response.data
    assert b'{"operation":"C-FIND","status":"ok",' in response.data
    assert response.content_type == "application/json"


@pytest.mark.parametrize("count", [1, 100, 101, 250])
def test_any_number_of_rows_is_one_answer_of_the_length_it_announces(client, queries, count):
    studies = [queries.result.studies[0].completed(StudyTime=str(n)) for n in range(count)]
    queries.result = FoundStudies(studies, withheld=1)

    response = client.q()

    assert [row["StudyTime"] for row in response.json["study_details"]] == list(
        map(str, range(count))
    )
    assert response.json["withheld"] == 1
    assert response.headers["Content-Length"] == str(len(response.data))


def test_withheld_is_told_only_when_something_was_withheld(client, queries):
    assert "withheld" not in client.q().json

    queries.result = FoundStudies(queries.result.studies, withheld=2)

    assert client.q().json["withheld"] == 2


def test_no_match_is_404_with_its_own_body(client, queries):
    queries.result = NoStudyMatched("The PACS has no study that matches.")

    response = client.q(patient_id=" 7 ")

    assert response.status_code == 404
    assert response.json == {
        "operation": "C-FIND",
        "status": "not_found",
        "message": "The PACS has no study that matches.",
        "patient_id": " 7 ",
        "study_details": [],
    }
    assert response.headers["X-Correlation-ID"]


def test_no_match_tells_what_was_withheld(client, queries):
    queries.result = NoStudyMatched("Nothing.", extra={"withheld": 3})

    assert client.q().json["withheld"] == 3


@pytest.mark.parametrize("offered", [True, False])
def test_the_service_gets_the_clients_socket_where_the_server_offers_it(client, queries, offered):
    with socket.socket() as sock:
        environ = {"gunicorn.socket": sock} if offered else {}
        client.environ_base.update(environ)

        client.q()

        assert queries.clients == [sock if offered else None]
