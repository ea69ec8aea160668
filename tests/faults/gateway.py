"""The gateway as a client meets it: one request, and everything that it leaves behind."""

import functools
import io
import json
import threading
from dataclasses import dataclass
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from dicom_qr_gateway.app import create_app
from tests.http.conftest import ContractClient, openapi_document, quiet_settings

PATIENT_ID = "CANARY-2718281828"
DESTINATION = "WORKSTATION"


@functools.cache
def gateway(environ: frozenset[tuple[str, str]]) -> Flask:
    """Return a gateway with these options; each answer of it is held to the OpenAPI document."""
    document = openapi_document()
    app = create_app(quiet_settings(**dict(environ)))
    app.extensions["document"] = document
    app.test_client_class = ContractClient
    return app


@dataclass(frozen=True)
class Asked:
    """Whom a request asks, at which endpoint, and under which correlation id."""

    endpoint: str
    port: int
    ae_title: str

    @property
    def correlation_id(self) -> str:
        return f"{self.endpoint}-{self.ae_title}-{self.port}"

    def of(self, app: Flask) -> TestResponse:
        """Send the request."""
        client = app.test_client()
        assert isinstance(client, ContractClient)
        client.environ_base["HTTP_X_CORRELATION_ID"] = self.correlation_id
        changes = {"pacs_ip": "127.0.0.1", "pacs_port": self.port, "pacs_ae_title": self.ae_title}
        if self.endpoint == "echo":
            return client.post("/echo", json=client.body(**changes, patient_id=...))
        if self.endpoint == "q":
            return client.q(**changes, patient_id=PATIENT_ID)
        return client.qr(**changes, patient_id=PATIENT_ID, c_move_ae_title=DESTINATION)


@dataclass(frozen=True)
class Answer:
    """An answer, and the log lines of its request."""

    status: int
    body: dict[str, Any]
    log: str

    @property
    def access_lines(self) -> list[dict[str, Any]]:
        lines = [line for line in self.log.splitlines() if ".access" in line]
        return [json.loads(line) for line in lines]

    @property
    def details(self) -> list[dict[str, Any]]:
        details: list[dict[str, Any]] = self.body["retrieve_details"]
        return details


class Gateway:
    """Asks a gateway, several questions at once."""

    def __init__(self, log: io.StringIO) -> None:
        """Take what the gateway's loggers write to, in JSON."""
        self._log = log

    def ask(self, *questions: Asked, **environ: str) -> list[Answer]:
        """Return the answers, in the order of the questions, of a gateway with these options."""
        app = gateway(frozenset(environ.items()))
        responses: dict[Asked, TestResponse] = {}

        def ask_one(question: Asked) -> None:
            responses[question] = question.of(app)

        threads = [
            threading.Thread(target=ask_one, args=(each,), daemon=True) for each in questions
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return [
            Answer(
                responses[each].status_code,
                responses[each].json,
                self._log_of(each.correlation_id),
            )
            for each in questions
        ]

    def _log_of(self, correlation_id: str) -> str:
        lines = self._log.getvalue().splitlines()
        return "\n".join(line for line in lines if f'"{correlation_id}"' in line)
