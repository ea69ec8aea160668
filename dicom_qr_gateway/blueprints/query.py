"""``POST /q``: which studies has this patient?"""

from flask import Response, current_app

from dicom_qr_gateway import log
from dicom_qr_gateway.afterwards import afterwards
from dicom_qr_gateway.blueprints.answers import found, may_find_nothing
from dicom_qr_gateway.blueprints.openapi import ANY_FAILURE, Blueprint, client_socket
from dicom_qr_gateway.schemas.answers import FoundSchema
from dicom_qr_gateway.schemas.query import SANDBOX_QUERY, QuerySchema
from dicom_qr_gateway.services.query import QueryService, StudyQuery

blueprint = Blueprint("query", __name__, description="Find the studies of a patient.")


@blueprint.endpoint("POST", "/q", operation="C-FIND")
@blueprint.takes(QuerySchema, SANDBOX_QUERY)
@blueprint.answers(200, FoundSchema, "The studies that match, most recent first.")
@may_find_nothing(blueprint)
@blueprint.fails(*ANY_FAILURE)
def find_studies(query: StudyQuery) -> Response:
    """Find the studies of a patient.

    Asks the PACS by C-FIND, on one association. Undated studies come last; matches that belong to
    other patients are withheld and counted.
    """
    log.note_pacs(query.pacs)
    queries: QueryService = current_app.extensions["queries"]
    return found(query, queries.find(query, client_socket(), after=afterwards()))
