"""A twin of the gateway's ``/q`` made of FastAPI: what the framework costs, and the adapter.

Rule: the same body in, the same body out; TWIN_ADAPTER says who asks the PACS: ``ours``, the
gateway's own query service, or ``pynetdicom``, tuned by its event handlers.
"""

import os
from typing import Any

from fastapi import FastAPI
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from pydicom.dataset import Dataset

from benchmarks.performance.competitors import pynetdicom_find
from benchmarks.performance.peers import Peer
from dicom_qr_gateway.app import create_app
from dicom_qr_gateway.dicom.types import ApplicationEntity
from dicom_qr_gateway.services.matching import TEXT_KEYS
from dicom_qr_gateway.services.query import QueryService, StudyQuery


class Query(BaseModel, extra="forbid"):
    """The body of ``/q``, with the plain half of its rules."""

    pacs_ip: str
    pacs_port: int = Field(ge=1, le=65535)
    pacs_ae_title: str = Field(min_length=1, max_length=16)
    c_find_ae_title: str = Field(min_length=1, max_length=16)
    patient_id: str = Field(min_length=1, max_length=64)


def by_pynetdicom(query: Query) -> list[dict[str, Any]]:
    peer = Peer("", query.pacs_ae_title, query.pacs_port)
    matches = pynetdicom_find(peer, query.patient_id, tuned=True)
    return [_study(match) for match in matches]


def _study(match: Dataset) -> dict[str, Any]:
    study: dict[str, Any] = {
        key: str(match.get(keyword) or "") for key, keyword in TEXT_KEYS.items()
    }
    study["ModalitiesInStudy"] = [study["ModalitiesInStudy"]]
    return study


_queries: QueryService = create_app().extensions["queries"]


def by_our_adapter(query: Query) -> list[dict[str, Any]]:
    pacs = ApplicationEntity(query.pacs_ip, query.pacs_port, query.pacs_ae_title)
    asked = StudyQuery(pacs, query.c_find_ae_title, query.patient_id)
    return _queries.find(asked, None).studies


_find = {"ours": by_our_adapter, "pynetdicom": by_pynetdicom}[os.environ["TWIN_ADAPTER"]]
app = FastAPI()


@app.post("/q")
def find_studies(query: Query) -> JSONResponse:
    return JSONResponse(
        {
            "operation": "C-FIND",
            "status": "ok",
            "patient_id": query.patient_id,
            "study_details": _find(query),
        }
    )
