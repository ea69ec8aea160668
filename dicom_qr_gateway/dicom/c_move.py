"""C-MOVE: have the PACS send instances to a move destination (PS3.4 C.4.2, PS3.7 9.1.4).

Rule: each response is passed on as it comes, since its counts are true whatever happens next; an
operation that is ended from our side is cancelled first, and what the PACS still says is passed on.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from dicom_qr_gateway.dicom.association import Association
from dicom_qr_gateway.dicom.budgets import ByteBudget
from dicom_qr_gateway.dicom.command_sets import CommandField, Response
from dicom_qr_gateway.dicom.identifier import decode_identifier, encode_identifier
from dicom_qr_gateway.dicom.messages import MAX_IDENTIFIER, Message
from dicom_qr_gateway.dicom.types import AcceptedContext, Deadline, Limits, SubOperations
from dicom_qr_gateway.errors import (
    ClientLeft,
    GatewayError,
    ProtocolError,
    ResponseTooLarge,
    RetrieveTimeout,
    ShuttingDown,
)

MAX_RESPONSE: Final = 2 * MAX_IDENTIFIER  # with fragments and the responses before it
_UID: Final = re.compile(r"[0-9.]{1,64}")
CANCEL_WAIT: Final = 0.5  # seconds for the PACS to answer a C-CANCEL, before the abort


@dataclass(frozen=True, slots=True)
class MoveResponse:
    """A C-MOVE response; the one whose status is not pending is the last.

    ``has_failed_list`` says that something failed, also where its UIDs cannot be read.
    """

    status: int
    is_final: bool
    sub_operations: SubOperations
    has_failed_list: bool = False
    failed_sop_instance_uids: tuple[str, ...] = ()


def c_move(
    association: Association,
    context: AcceptedContext,
    keys: Mapping[str, str],
    move_destination: str,
    limits: Limits,
    lists: ByteBudget,
    *deadlines: Deadline,
    charset: str = "",
) -> Iterator[MoveResponse]:
    """Yield each response, the final one last.

    Args:
        association: an association on which the context was accepted.
        context: the Query/Retrieve MOVE context.
        keys: the request identifier, keyword -> value: unique keys only (PS3.4 C.4.2.1.4).
        move_destination: the AE title the PACS sends to, as the PACS knows it.
        limits: RETRIEVE_IDLE_TIMEOUT bounds each silence.
        lists: what the failed SOP Instance UID lists of the whole retrieve may take.
        deadlines: of the whole retrieve.
        charset: see encode_identifier.

    Raises:
        RetrieveTimeout: silence, or the end of the whole retrieve's time.
        ShuttingDown, ClientLeft: the operation was cancelled.
        ProtocolError: more came behind the final response.
        GatewayError: see Association.
    """
    request = encode_identifier(keys, context.is_explicit_vr, charset)
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
            response = _response(message, context, lists)
            is_final = response.is_final
            yield response
        association.expect_no_more(_is_late)
    except (GatewayError, ClientLeft) as error:
        yield from _begun(association, context, message_id)
        if isinstance(error, RetrieveTimeout | ShuttingDown | ClientLeft):
            yield from _cancelled(association, context, message_id, lists)
        raise


def _begun(
    association: Association, context: AcceptedContext, message_id: int
) -> Iterator[MoveResponse]:
    """Yield the counts of a response whose data set did not come: it is not final, but true."""
    begun = association.begun_response(context, message_id)
    if begun is not None and begun.command_field == CommandField.C_MOVE_RQ.response:
        yield MoveResponse(begun.status, False, begun.sub_operations)


def _idle_deadline(limits: Limits) -> Deadline:
    return Deadline.after(
        limits.retrieve_idle_timeout,
        RetrieveTimeout,
        "The PACS said nothing for RETRIEVE_IDLE_TIMEOUT while it was to send.",
    )


def _cancelled(
    association: Association, context: AcceptedContext, message_id: int, lists: ByteBudget
) -> Iterator[MoveResponse]:
    """Send a C-CANCEL and yield what the PACS still says, for a moment."""
    association.ignore_interrupts()
    soon = Deadline.after(CANCEL_WAIT, RetrieveTimeout, "no answer to the C-CANCEL")
    final = None
    try:
        association.cancel(context, message_id, soon)
        while True:
            message = association.receive(
                CommandField.C_MOVE_RQ, context, message_id, ByteBudget(MAX_RESPONSE), soon
            )
            response = _response(message, context, lists)
            if response.is_final:
                final = response
                association.expect_no_more(_is_late)
            yield response
            if response.is_final:
                return
    except GatewayError:
        # The reason for the C-CANCEL is what the caller raises. A final response that was not the
        # last word ends nothing, but its counts are true.
        if final is not None:
            yield replace(final, is_final=False)


def _is_late(response: Response) -> bool:
    """Tell whether a response is one of those that dcm4chee may send too late: no word of failure.

    Its thread for pending responses is not waited for before the final one is written.
    """
    return response.is_pending and not response.sub_operations.failed


def _response(message: Message, context: AcceptedContext, lists: ByteBudget) -> MoveResponse:
    failed = _failed_list(message.identifier, context, lists) if message.identifier else ()
    return MoveResponse(
        message.response.status,
        not message.response.is_pending,
        message.response.sub_operations,
        failed is None or bool(failed),
        failed or (),
    )


def _failed_list(
    identifier: bytes, context: AcceptedContext, lists: ByteBudget
) -> tuple[str, ...] | None:
    """Return the failed SOP Instance UID List (0008,0058), None where it cannot be read.

    Status and counts stand in the command set and are true whatever the identifier is. A value that
    is no UID may be anything, so it is not passed on.
    """
    try:
        lists.spend(len(identifier))
        values = decode_identifier(identifier, context.is_explicit_vr)
    except (ProtocolError, ResponseTooLarge):
        return None
    listed = [uid for uid in values.get("FailedSOPInstanceUIDList", "").split("\\") if uid]
    uids = tuple(uid for uid in listed if _UID.fullmatch(uid))
    return None if listed and not uids else uids
