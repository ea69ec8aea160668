"""The gateway with services that answer as a test says; every response is held to the document."""

import functools
import json
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openapi_schema_validator import OAS30Validator
from werkzeug.test import TestResponse

from dicom_qr_gateway.app import create_app
from dicom_qr_gateway.config import Settings
from dicom_qr_gateway.services.query import FoundStudies, StudyQuery
from dicom_qr_gateway.services.retrieve import Retrieved, StudyRetrieve
from dicom_qr_gateway.services.study import study_of

STUDY = study_of(
    {
        "PatientName": "DOE^JOHN=山田^太郎",
        "PatientID": "1112223333",
        "DateOfBirth": "19700101",
        "StudyInstanceUID": "1.2.3.4",
        "StudyDescription": "CT ABDOMEN",
        "ModalitiesInStudy": ["CT"],
        "StudyDate": "20240101",
        "StudyTime": "120000",
        "AccessionNumber": "ACC-1",
        "ReferringPhysicianName": "REF^MD",
        "PerformingPhysicianName": "PERF^MD",
        "InstitutionName": "Hospital",
    }
)
DETAIL = {
    "StudyInstanceUID": "1.2.3.4",
    "status": "ok",
    "completed": 3,
    "failed": 0,
    "warning": 0,
    "remaining": None,
    "dimse_status": "0x0000",
    "failed_sop_instance_uids": [],
    "message": "All instances were sent.",
}


@dataclass
class Service:
    """Answers every call with ``result``, or raises it; keeps what it was asked."""

    result: Any
    asked: list[Any] = field(default_factory=list)
    clients: list[Any] = field(default_factory=list)

    def find(self, query: StudyQuery, client: object, *, after: ExitStack) -> Any:
        return self._answer(query, client)

    def retrieve(self, request: StudyRetrieve, client: object) -> Any:
        return self._answer(request, client)

    def _answer(self, asked: object, client: object) -> Any:
        self.asked.append(asked)
        self.clients.append(client)
        if isinstance(self.result, BaseException):
            raise self.result
        return self.result


class ContractClient(FlaskClient):
    """A client that accepts no response the OpenAPI document does not describe."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        response = super().open(*args, **{"buffered": True} | kwargs)
        assert response.headers["X-Correlation-ID"]
        if response.mimetype == "application/json" and response.data:
            check_against_document(self.application.extensions["document"], response)
        return response

    @staticmethod
    def body(**changes: Any) -> dict[str, Any]:
        """Return a valid body of /q with changes; ``...`` takes a field out."""
        body = {
            "pacs_ip": "192.0.2.1",
            "pacs_port": 104,
            "pacs_ae_title": "PACS",
            "c_find_ae_title": "GATEWAY",
            "patient_id": "1112223333",
        }
        return {name: value for name, value in (body | changes).items() if value is not ...}

    def q(self, **changes: Any) -> TestResponse:
        return self.raw(json.dumps(self.body(**changes)))

    def qr(self, **changes: Any) -> TestResponse:
        body = self.body(**({"c_move_ae_title": "WS"} | changes))
        return self.raw(json.dumps(body), path="/qr")

    def raw(
        self, body: bytes | str, content_type: str = "application/json", path: str = "/q"
    ) -> TestResponse:
        return self.post(path, data=body, content_type=content_type)


@functools.cache
def openapi_document() -> dict[str, Any]:
    app = create_app(quiet_settings())
    document: dict[str, Any] = app.test_client().get("/openapi.json").json
    return document


def check_against_document(document: dict[str, Any], response: TestResponse) -> None:
    request = response.request
    described = document["paths"].get(request.path, {}).get(request.method.lower())
    if described:
        schema = response_schema(document, described["responses"][str(response.status_code)])
    elif response.status_code >= 400:
        schema = {"$ref": "#/components/schemas/Error"}
    else:
        return
    OAS30Validator({**schema, "components": document["components"]}).validate(response.json)
    if response.status_code >= 400 and response.json.get("status") != "not_found":
        assert response.json["code"] == response.status_code
        assert response.json["correlation_id"] == response.headers["X-Correlation-ID"]


def response_schema(document: dict[str, Any], described: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in described:
        name = described["$ref"].rpartition("/")[2]
        described = document["components"]["responses"][name]
    schema: dict[str, Any] = described["content"]["application/json"]["schema"]
    return schema


def quiet_settings(**environ: str) -> Settings:
    return Settings.from_environ({"LOG_TO_CONSOLE": "false", **environ})


def build(**environ: str) -> Flask:
    """Return the gateway in front of services that find and move one study."""
    document = openapi_document()
    app = create_app(quiet_settings(**environ))
    app.extensions["document"] = document
    app.test_client_class = ContractClient
    app.extensions["queries"] = Service(FoundStudies([STUDY]))
    app.extensions["retrieves"] = Service(Retrieved([STUDY], 0, [DETAIL], 1, 1))
    return app


@pytest.fixture
def app() -> Flask:
    return build()


@pytest.fixture
def client(app: Flask) -> ContractClient:
    client = app.test_client()
    assert isinstance(client, ContractClient)
    return client


@pytest.fixture
def queries(app: Flask) -> Service:
    service: Service = app.extensions["queries"]
    return service


@pytest.fixture
def retrieves(app: Flask) -> Service:
    service: Service = app.extensions["retrieves"]
    return service
