"""``GET /pacs``: which PACS may a request name?"""

from typing import Any

from flask import current_app

from dicom_qr_gateway.blueprints.openapi import OWN_FAILURES, Blueprint
from dicom_qr_gateway.named_pacs import PacsDirectory
from dicom_qr_gateway.schemas.pacs import PacsListSchema

blueprint = Blueprint("pacs", __name__, description="The PACS that requests may name.")


@blueprint.endpoint("GET", "/pacs")
@blueprint.answers(200, PacsListSchema, "Every PACS there is; none where none is configured.")
@blueprint.fails(*OWN_FAILURES)
def list_pacs() -> dict[str, Any]:
    """List the PACS that requests may name; no PACS is asked."""
    directory: PacsDirectory = current_app.extensions["pacs"]
    return {
        "pacs": [
            {"name": each.name, "description": each.description, "ae_title": each.peer.ae_title}
            for each in directory.all
        ]
    }
