"""C-FIND: ask for identifiers that match (PS3.4 C.4.1, PS3.7 9.1.2).

Rule: the matches of a query are yielded as they come and mean nothing until the iteration ends by
itself, which it does on Success alone; every other end raises.
"""

from collections.abc import Iterator, Mapping

from dicom_qr_gateway.dicom.association import Association
from dicom_qr_gateway.dicom.budgets import FindBudget
from dicom_qr_gateway.dicom.identifier import decode_identifier, encode_identifier
from dicom_qr_gateway.dicom.messages import CommandField
from dicom_qr_gateway.dicom.status import SUCCESS, advice, hex_status
from dicom_qr_gateway.dicom.types import NO_QUIRKS, AcceptedContext, Deadline, Limits, Quirks
from dicom_qr_gateway.errors import DimseFailure, ProtocolError


def c_find(
    association: Association,
    context: AcceptedContext,
    keys: Mapping[str, str],
    limits: Limits,
    budget: FindBudget,
    *deadlines: Deadline,
    quirks: Quirks = NO_QUIRKS,
) -> Iterator[dict[str, str]]:
    """Yield each match as keyword -> text.

    Args:
        association: an association on which the context was accepted.
        context: the Query/Retrieve FIND context, which also says how identifiers are encoded.
        keys: the request identifier, keyword -> value ("" for a universal key).
        limits: DIMSE_TIMEOUT bounds the wait for each response.
        budget: shared by all C-FINDs of a query.
        deadlines: of the whole query.
        quirks: in which character sets the PACS is asked and answers.

    Raises:
        DimseFailure: the final status is not Success.
        ProtocolError: a pending response has no identifier, or a broken one.
        TooManyMatches, ResponseTooLarge: the budget is spent.
        GatewayError: see Association.
    """
    request = encode_identifier(keys, context.is_explicit_vr, quirks.charset)
    due = limits.response_deadline()
    message_id = association.send(CommandField.C_FIND_RQ, context, request, due, *deadlines)
    while True:
        message = association.receive(
            CommandField.C_FIND_RQ, context, message_id, budget.bytes, due, *deadlines
        )
        if not message.response.is_pending:
            return _check_final(message.response.status)
        if message.identifier is None:
            raise ProtocolError("The PACS sent a match without an identifier.")
        budget.count_match()
        yield decode_identifier(message.identifier, context.is_explicit_vr, quirks.assume_charset)
        due = limits.response_deadline()


def _check_final(status: int) -> None:
    if status != SUCCESS:
        raise DimseFailure(advice("C-FIND", status), dicom={"status": hex_status(status)})
