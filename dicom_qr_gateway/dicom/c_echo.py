"""C-ECHO: is anybody there, and do they speak DICOM? (PS3.7 9.1.5, PS3.4 Annex A)"""

from dicom_qr_gateway.dicom.association import Association
from dicom_qr_gateway.dicom.budgets import ByteBudget
from dicom_qr_gateway.dicom.command_sets import CommandField
from dicom_qr_gateway.dicom.status import SUCCESS, advice, hex_status
from dicom_qr_gateway.dicom.types import Deadline, Limits
from dicom_qr_gateway.dicom.uids import VERIFICATION
from dicom_qr_gateway.errors import DimseFailure


def c_echo(association: Association, limits: Limits, *deadlines: Deadline) -> None:
    """Return when the PACS answered with Success.

    Raises:
        DimseFailure: it answered with another status.
        GatewayError: see Association.
    """
    context = association.context_for(VERIFICATION)
    within = (limits.response_deadline(), *deadlines)
    message_id = association.send(CommandField.C_ECHO_RQ, context, None, *within)
    budget = ByteBudget(limits.max_response_bytes)
    message = association.receive(CommandField.C_ECHO_RQ, context, message_id, budget, *within)
    status = message.response.status
    if status != SUCCESS:
        raise DimseFailure(advice("C-ECHO", status), dicom={"status": hex_status(status)})
