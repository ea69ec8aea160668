"""``POST /echo``: is this PACS there, and what does it offer?"""

from flask import current_app

from dicom_qr_gateway import log
from dicom_qr_gateway.blueprints.answers import Body
from dicom_qr_gateway.blueprints.openapi import ANY_FAILURE, Blueprint, client_socket
from dicom_qr_gateway.schemas.echo import EchoSchema, VerifiedSchema
from dicom_qr_gateway.schemas.pacs import SANDBOX
from dicom_qr_gateway.services.echo import EchoService, Verification

blueprint = Blueprint("echo", __name__, description="Find out why a PACS does not answer.")


@blueprint.endpoint("POST", "/echo", operation="C-ECHO")
@blueprint.takes(EchoSchema, SANDBOX)
@blueprint.answers(200, VerifiedSchema, "The PACS answered.")
@blueprint.fails(*ANY_FAILURE)
def verify(asked: Verification) -> Body:
    """Verify a PACS.

    Asks the PACS by C-ECHO, and which services it accepts. A failure says in which `phase` it came,
    and its `message` what the administrator of the PACS must check.
    """
    log.note_pacs(asked.pacs)
    echoes: EchoService = current_app.extensions["echoes"]
    return echoes.echo(asked, client_socket()).as_body()
