"""A PACS by its name instead of its address."""

from pathlib import Path

import pytest

from dicom_qr_gateway.dicom.types import ApplicationEntity, Quirks
from dicom_qr_gateway.services.query import StudyQuery

from .conftest import build

ADDRESS = ("pacs_ip", "pacs_port", "pacs_ae_title", "c_find_ae_title")
BY_NAME = {"pacs": "main", **dict.fromkeys(ADDRESS, ...)}
CONFIG = """
[pacs.main]
host = "192.0.2.7"
port = 11112
ae_title = "MAINPACS"
calling_ae_title = "HOSPITAL"
description = "Radiology archive"

[pacs.old]
host = "old.example"
port = 104
ae_title = "OLD"
charset = "ISO_IR 100"
"""


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    path = tmp_path / "pacs.toml"
    path.write_text(CONFIG)
    return {"PACS_CONFIG": str(path)}


@pytest.fixture
def app(environ):
    return build(**environ)


def test_pacs_are_listed_without_their_addresses(client):
    response = client.get("/pacs")
    assert response.status_code == 200
    assert response.json == {
        "pacs": [
            {"name": "main", "description": "Radiology archive", "ae_title": "MAINPACS"},
            {"name": "old", "description": "", "ae_title": "OLD"},
        ]
    }


def test_a_gateway_without_named_pacs_lists_none():
    assert build().test_client().get("/pacs").json == {"pacs": []}


def test_a_name_stands_for_the_four_fields(client, queries):
    assert client.q(**BY_NAME).status_code == 200
    assert queries.asked == [
        StudyQuery(ApplicationEntity("192.0.2.7", 11112, "MAINPACS"), "HOSPITAL", "1112223333")
    ]


def test_a_retrieve_takes_a_name_too(client, retrieves):
    assert client.qr(**BY_NAME).status_code == 200
    [asked] = retrieves.asked
    assert asked.query.pacs.ae_title == "MAINPACS"
    assert asked.query.calling_ae_title == "HOSPITAL"


def test_the_quirks_of_a_pacs_go_with_the_query(client, queries):
    client.q(**{**BY_NAME, "pacs": "old"})
    assert queries.asked[0].pacs.quirks == Quirks(charset="ISO_IR 100")
    assert queries.asked[0].calling_ae_title == "QRGATEWAY"


def test_an_address_is_taken_beside_names_and_null_is_no_name(client, queries):
    assert client.q(pacs=None).status_code == 200
    assert queries.asked[0].pacs == ApplicationEntity("192.0.2.1", 104, "PACS")


@pytest.mark.parametrize("field", ADDRESS)
@pytest.mark.parametrize("value", ["keep", None])
def test_a_name_and_an_address_at_once_are_refused(client, queries, field, value):
    body = dict(BY_NAME)
    body[field] = client.body()[field] if value == "keep" else None
    errors = client.q(**body).json["errors"]
    assert errors["pacs"] == [
        "Give either pacs or all of pacs_ip, pacs_port, pacs_ae_title, c_find_ae_title, never both."
    ]
    assert queries.asked == []


@pytest.mark.parametrize("name", ["nobody", "main2", "a" * 32])
def test_an_unknown_name_in_a_body_is_400(client, queries, name):
    response = client.q(**{**BY_NAME, "pacs": name})
    assert response.status_code == 400
    assert response.json["errors"] == {
        "pacs": [
            "This gateway knows no PACS of that name: PACS_CONFIG names them, GET /pacs lists them."
        ]
    }
    assert queries.asked == []


@pytest.mark.parametrize("name", ["", "Main", "main ", "-main", "a" * 33, "mäin", "main\n"])
def test_what_is_no_name_is_refused(client, name):
    [sentence] = client.q(**{**BY_NAME, "pacs": name}).json["errors"]["pacs"]
    assert sentence.startswith("The name of a PACS is 1 to 32 of ")


@pytest.mark.parametrize("name", [1, True, [], {}, 1.5])
def test_a_name_of_another_type_is_refused(client, name):
    assert client.q(**{**BY_NAME, "pacs": name}).json["errors"] == {"pacs": ["Not a valid string."]}


def test_every_other_rule_is_reported_beside_the_name(client):
    response = client.q(**BY_NAME | {"pacs": "Main", "patient_id": "*", "more": 1})
    assert set(response.json["errors"]) == {"pacs", "patient_id", "more"}


def test_a_patient_id_that_the_character_set_of_the_pacs_cannot_say_is_refused(client, queries):
    body = {**BY_NAME, "pacs": "old"}
    assert client.q(**body, patient_id="Müller").status_code == 200
    response = client.q(**body, patient_id="山田")
    assert response.json["errors"] == {
        "patient_id": ["The character set that this PACS is asked in cannot say it."]
    }
    assert len(queries.asked) == 1


@pytest.fixture
def strict(environ):
    return build(**environ, NAMED_PACS_ONLY="true")


def test_named_pacs_only_refuses_every_address(strict):
    client = strict.test_client()
    for response in (client.q(), client.qr()):
        assert response.status_code == 403
        assert response.json["error"] == "target_not_allowed"
    assert strict.extensions["queries"].asked == []
    assert strict.extensions["retrieves"].asked == []


def test_named_pacs_only_takes_names_and_refuses_what_is_not_valid_first(strict):
    client = strict.test_client()
    assert client.q(**BY_NAME).status_code == 200
    assert client.q(pacs_ip="127.1").status_code == 400
