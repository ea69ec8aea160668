"""``POST /qr``: find the studies of a patient and have the PACS send them somewhere."""

from flask import Response, current_app

from dicom_qr_gateway import log
from dicom_qr_gateway.blueprints.answers import may_find_nothing, retrieved
from dicom_qr_gateway.blueprints.openapi import ANY_FAILURE, Blueprint, client_socket
from dicom_qr_gateway.schemas.answers import RetrievedSchema
from dicom_qr_gateway.schemas.retrieve import SANDBOX_RETRIEVE, RetrieveSchema
from dicom_qr_gateway.services.retrieve import RetrieveService, StudyRetrieve

blueprint = Blueprint("retrieve", __name__, description="Have the studies of a patient sent.")


@blueprint.endpoint("POST", "/qr", operation="C-MOVE")
@blueprint.takes(RetrieveSchema, SANDBOX_RETRIEVE)
@blueprint.answers(200, RetrievedSchema, "Every matching study was moved completely.")
@blueprint.answers(207, RetrievedSchema, "Something was moved, not everything.")
@may_find_nothing(blueprint)
@blueprint.fails(*ANY_FAILURE)
def retrieve_studies(asked: StudyRetrieve) -> Response:
    """Find the studies of a patient and have the PACS send them.

    Finds the studies as `/q` does, then asks the PACS by C-MOVE, study by study, to send them to
    the move destination. Nothing moved at all: 502 or 504, with the counts and details reached.
    """
    log.note_pacs(asked.query.pacs)
    retrieves: RetrieveService = current_app.extensions["retrieves"]
    return retrieved(asked, retrieves.retrieve(asked, client_socket()))
