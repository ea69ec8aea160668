"""The gateway as its clients see it: JSON to ``/q`` and ``/qr``."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from .archives import DESTINATION, GATEWAY, Archive


@dataclass(frozen=True)
class Gateway:
    """Asks about a patient of an archive; ``fields`` are further fields of the body."""

    client: FlaskClient

    def q(self, archive: Archive, patient_id: str, **fields: Any) -> TestResponse:
        return self._post("/q", archive, patient_id, fields)

    def qr(
        self, archive: Archive, patient_id: str, destination: str = DESTINATION, **fields: Any
    ) -> TestResponse:
        fields["c_move_ae_title"] = destination
        return self._post("/qr", archive, patient_id, fields)

    def _post(
        self, path: str, archive: Archive, patient_id: str, fields: Mapping[str, Any]
    ) -> TestResponse:
        body = {
            "pacs_ip": "127.0.0.1",
            "pacs_port": archive.port,
            "pacs_ae_title": archive.ae_title,
            "c_find_ae_title": GATEWAY,
            "patient_id": patient_id,
            **fields,
        }
        return self.client.post(path, json=body)
