"""A twin of the gateway's ``/q`` made of FastAPI: what the framework costs, and the adapter.

Rule: the same body in, the same body out; TWIN_ADAPTER says who asks the PACS: ``ours``, the
gateway's own query service, or ``pynetdicom``, tuned by its event handlers.
"""

import json
import os
from typing import Any

from fastapi import FastAPI, Response
from pydantic import BaseModel, Field
from pydicom.dataset import Dataset

from benchmarks.performance.competitors import pynetdicom_find
from benchmarks.performance.peers import Peer
from dicom_qr_gateway.app import create_app
from dicom_qr_gateway.dicom.types import ApplicationEntity
from dicom_qr_gateway.services.query import QueryService, StudyQuery
from dicom_qr_gateway.services.study import KEYS


class Query(BaseModel, extra="forbid"):
    """The body of ``/q``, with the plain half of its rules."""

    pacs_ip: str
    pacs_port: int = Field(ge=1, le=65535)
    pacs_ae_title: str = Field(min_length=1, max_length=16)
    c_find_ae_title: str = Field(min_length=1, max_length=16)
    patient_id: str = Field(min_length=1, max_length=64)


def by_pynetdicom(query: Query) -> bytes:
    peer = Peer("", query.pacs_ae_title, query.pacs_port)
    matches = pynetdicom_find(peer, query.patient_id, tuned=True)
    return json.dumps([_study(match) for match in matches]).encode()


def _study(match: Dataset) -> dict[str, Any]:
    study: dict[str, Any] = {key: str(match.get(keyword) or "") for key, keyword in KEYS.items()}
    study["ModalitiesInStudy"] = [study["ModalitiesInStudy"]]
    return study


_queries: QueryService = create_app().extensions["queries"]


def by_our_adapter(query: Query) -> bytes:
    pacs = ApplicationEntity(query.pacs_ip, query.pacs_port, query.pacs_ae_title)
    found = _queries.find(StudyQuery(pacs, query.c_find_ae_title, query.patient_id), None)
    return b"[" + b",".join(study.row for study in found.studies) + b"]"


_find = {"ours": by_our_adapter, "pynetdicom": by_pynetdicom}[os.environ["TWIN_ADAPTER"]]
app = FastAPI()


@app.post("/q")
def find_studies(query: Query) -> Response:
    before = {"operation": "C-FIND", "status": "ok", "patient_id": query.patient_id}
    head = json.dumps(before).encode().removesuffix(b"}")
    body = head + b',"study_details":' + _find(query) + b"}"
    return Response(body, media_type="application/json")
