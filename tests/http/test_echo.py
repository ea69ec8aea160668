"""POST /echo, from a valid request to the body of its answer."""

import pytest

from dicom_qr_gateway.dicom.associate import UserInformation
from dicom_qr_gateway.dicom.types import ApplicationEntity
from dicom_qr_gateway.errors import AssociationRejected
from dicom_qr_gateway.sandbox import Sandbox
from dicom_qr_gateway.services.echo import Verification, Verified

from .conftest import ContractClient, Service
from .real import a_gateway

PHASES = {"resolve": 0.1, "connect": 0.4, "associate": 1.3, "echo": 0.6, "release": 0.4}
SERVICES = {"C-FIND": True, "C-MOVE": True, "C-GET": False, "MWL": False, "STORE": True}


class Echoes(Service):
    def echo(self, asked: Verification, client: object) -> Verified:
        return self._answer(asked, client)


@pytest.fixture
def echoes(app) -> Echoes:
    service = Echoes(Verified(PHASES, UserInformation(16384, "1.2.276.0.1", "OFFIS"), SERVICES))
    app.extensions["echoes"] = service
    return service


def echo(client: ContractClient, **changes: object):
    body = client.body(patient_id=..., **changes)
    return client.post("/echo", json=body)


def test_the_answer_has_the_contracts_keys_in_the_contracts_order(client, echoes):
    response = echo(client)
    assert response.status_code == 200
    assert response.json == {
        "operation": "C-ECHO",
        "status": "ok",
        "dimse_status": "0x0000",
        "phases_ms": PHASES,
        "peer": {
            "implementation_class_uid": "1.2.276.0.1",
            "implementation_version": "OFFIS",
            "max_pdu_length": 16384,
        },
        "services": SERVICES,
    }
    assert list(response.json["phases_ms"]) == list(PHASES)
    assert list(response.json["services"]) == list(SERVICES)


def test_the_service_is_asked_for_the_pacs_and_nothing_else(client, echoes):
    echo(client)
    assert echoes.asked == [Verification(ApplicationEntity("192.0.2.1", 104, "PACS"), "GATEWAY")]


def test_a_failure_has_its_phase_and_the_times_so_far(client, echoes):
    extra = {"phase": "associate", "phases_ms": {"resolve": 0.1, "connect": 0.2, "associate": 3.0}}
    dicom = {"result": 1, "source": 1, "reason": 7}
    echoes.result = AssociationRejected("Called AE title not recognized.", dicom=dicom, extra=extra)
    response = echo(client)
    assert response.status_code == 502
    assert response.json == {
        "code": 502,
        "status": "Bad Gateway",
        "error": "association_rejected",
        "message": "Called AE title not recognized.",
        "dicom": dicom,
        **extra,
        "correlation_id": response.headers["X-Correlation-ID"],
    }


@pytest.mark.parametrize("field", ["pacs_ip", "pacs_port", "pacs_ae_title", "c_find_ae_title"])
def test_each_field_of_the_address_is_needed(client, echoes, field):
    assert set(echo(client, **{field: ...}).json["errors"]) == {field}
    assert echoes.asked == []


def test_a_field_of_another_endpoint_is_unknown(client, echoes):
    response = client.post("/echo", json=client.body())
    assert response.json["errors"] == {"patient_id": ["Unknown field."]}


def test_the_sandbox_answers_with_what_it_is():
    with Sandbox(port=0, destination_port=0) as sandbox:
        response = echo(
            a_gateway(),
            pacs_ip="127.0.0.1",
            pacs_port=sandbox.port,
            pacs_ae_title=sandbox.ae_title,
        )
    assert response.status_code == 200
    assert response.json["peer"]["implementation_version"].startswith("PYNETDICOM")
    assert response.json["services"]["C-FIND"]
