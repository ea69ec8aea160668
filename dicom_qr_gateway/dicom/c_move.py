"""C-MOVE: have the PACS send instances to a move destination (PS3.4 C.4.2, PS3.7 9.1.4).

Rule: each response is passed on as it comes, since its counts are true whatever happens next; an
operation that is ended from our side is cancelled first, and what the PACS still says is passed on.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from dicom_qr_gateway.dicom.association import Association
from dicom_qr_gateway.dicom.budgets import ByteBudget
from dicom_qr_gateway.dicom.identifier import decode_identifier, encode_identifier
from dicom_qr_gateway.dicom.messages import CommandField, Message
from dicom_qr_gateway.dicom.types import AcceptedContext, Deadline, Limits, SubOperations
from dicom_qr_gateway.errors import ClientLeft, GatewayError, RetrieveTimeout, ShuttingDown

# The longest response there can be: a list of 65,535 failed SOP Instance UIDs.
MAX_RESPONSE: Final = 5 * 1024 * 1024
CANCEL_WAIT: Final = 0.5  # seconds for the PACS to answer a C-CANCEL, before the abort


@dataclass(frozen=True, slots=True)
class MoveResponse:
    """A C-MOVE response; the one whose status is not pending is the last."""

    status: int
    is_final: bool
    sub_operations: SubOperations
    failed_sop_instance_uids: tuple[str, ...] = ()


def c_move(
    association: Association,
    context: AcceptedContext,
    keys: Mapping[str, str],
    move_destination: str,
    limits: Limits,
    *deadlines: Deadline,
) -> Iterator[MoveResponse]:
    """Yield each response, the final one last.

    Args:
        association: an association on which the context was accepted.
        context: the Query/Retrieve MOVE context.
        keys: the request identifier, keyword -> value: unique keys only (PS3.4 C.4.2.1.4).
        move_destination: the AE title the PACS sends to, as the PACS knows it.
        limits: RETRIEVE_IDLE_TIMEOUT bounds each silence.
        deadlines: of the whole retrieve.

    Raises:
        RetrieveTimeout: silence, or the end of the whole retrieve's time.
        ShuttingDown, ClientLeft: the operation was cancelled.
        GatewayError: see Association.
    """
    request = encode_identifier(keys, context.is_explicit_vr)
    message_id = association.send(
        CommandField.C_MOVE_RQ,
        context,
        request,
        _idle_deadline(limits),
        *deadlines,
        move_destination=move_destination,
    )
    try:
        is_final = False
        while not is_final:
            message = association.receive(
                CommandField.C_MOVE_RQ,
                context,
                message_id,
                ByteBudget(MAX_RESPONSE),
                _idle_deadline(limits),
                *deadlines,
            )
            response = _response(message, context)
            is_final = response.is_final
            yield response
    except (RetrieveTimeout, ShuttingDown, ClientLeft):
        yield from _cancelled(association, context, message_id)
        raise


def _idle_deadline(limits: Limits) -> Deadline:
    return Deadline.after(
        limits.retrieve_idle_timeout,
        RetrieveTimeout,
        "The PACS said nothing for RETRIEVE_IDLE_TIMEOUT while it was to send.",
    )


def _cancelled(
    association: Association, context: AcceptedContext, message_id: int
) -> Iterator[MoveResponse]:
    """Send a C-CANCEL and yield what the PACS still says, for a moment."""
    association.ignore_interrupts()
    soon = Deadline.after(CANCEL_WAIT, RetrieveTimeout, "no answer to the C-CANCEL")
    try:
        association.cancel(context, message_id, soon)
        while True:
            message = association.receive(
                CommandField.C_MOVE_RQ, context, message_id, ByteBudget(MAX_RESPONSE), soon
            )
            response = _response(message, context)
            yield response
            if response.is_final:
                return
    except GatewayError:
        return  # the reason for the C-CANCEL is what the caller raises


def _response(message: Message, context: AcceptedContext) -> MoveResponse:
    failed = ""
    if message.identifier:
        values = decode_identifier(message.identifier, context.is_explicit_vr)
        failed = values.get("FailedSOPInstanceUIDList", "")
    return MoveResponse(
        message.response.status,
        not message.response.is_pending,
        message.response.sub_operations,
        tuple(filter(None, failed.split("\\"))),
    )
