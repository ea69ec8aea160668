"""C-FIND: ask for identifiers that match (PS3.4 C.4.1, PS3.7 9.1.2).

Rule: the matches of a query are yielded as they come and mean nothing until the iteration ends by
itself, which it does on Success alone; every other end raises. Whoever closes it early has the
operation cancelled, and an association that can serve another request or is aborted.
"""

import logging
from collections.abc import Callable, Generator, Mapping
from typing import Final, TypeVar

from dicom_qr_gateway.dicom.association import Association
from dicom_qr_gateway.dicom.budgets import ByteBudget, FindBudget
from dicom_qr_gateway.dicom.command_sets import CommandField
from dicom_qr_gateway.dicom.data_set import DataSet
from dicom_qr_gateway.dicom.elements import UNDEFINED, elements
from dicom_qr_gateway.dicom.identifier import decode_identifier, encode_identifier
from dicom_qr_gateway.dicom.status import SUCCESS, advice, hex_status, refuses_identifier
from dicom_qr_gateway.dicom.types import NO_QUIRKS, AcceptedContext, Deadline, Limits, Quirks
from dicom_qr_gateway.errors import (
    DimseFailure,
    IdentifierRefused,
    PacsError,
    ProtocolError,
    ResponseTimeout,
)

log = logging.getLogger(__name__)

Match = TypeVar("Match")

# SpecificCharacterSet, QueryRetrieveLevel and RetrieveAETitle say nothing of what was found.
_OF_NO_ENTITY: Final = frozenset((0x00080005, 0x00080052, 0x00080054))
CANCEL_WAIT: Final = 1.0  # seconds for the final response after a C-CANCEL
CANCEL_BYTES: Final = 1024 * 1024  # of matches that were under way


def c_find(
    association: Association,
    context: AcceptedContext,
    keys: Mapping[str, str],
    limits: Limits,
    budget: FindBudget,
    *deadlines: Deadline,
    quirks: Quirks = NO_QUIRKS,
) -> Generator[dict[str, str], None, None]:
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
        IdentifierRefused: the final status is 0xA9xx, and no match came before it.
        DimseFailure: the final status is another one than Success.
        ProtocolError: a pending response has no identifier, an empty or a broken one; the final
            one has a match, or more came behind it.
        TooManyMatches, ResponseTooLarge: the budget is spent.
        GatewayError: see Association.
    """
    request = encode_identifier(keys, context.is_explicit_vr, quirks.charset)
    return _matches(
        association,
        context,
        request,
        lambda data: decode_identifier(data, context.is_explicit_vr, quirks.assume_charset),
        limits,
        budget,
        *deadlines,
    )


def find_data_sets(
    association: Association,
    context: AcceptedContext,
    identifier: bytes,
    limits: Limits,
    budget: FindBudget,
    *deadlines: Deadline,
    assumed: str = "",
    asked_in: str = "",
) -> Generator[DataSet, None, None]:
    """Yield each match as a data set, for any information model of C-FIND.

    Args:
        association, context, limits, budget, deadlines: as in c_find.
        identifier: the request identifier, encoded as the context says.
        assumed, asked_in: see DataSet.

    Raises:
        GatewayError: as c_find.
    """
    return _matches(
        association,
        context,
        identifier,
        lambda data: DataSet(data, context.is_explicit_vr, assumed, asked_in),
        limits,
        budget,
        *deadlines,
    )


def _matches(
    association: Association,
    context: AcceptedContext,
    identifier: bytes,
    decode: Callable[[bytes], Match],
    limits: Limits,
    budget: FindBudget,
    *deadlines: Deadline,
) -> Generator[Match, None, None]:
    due = limits.response_deadline()
    message_id = association.send(CommandField.C_FIND_RQ, context, identifier, due, *deadlines)
    last: bytes | None = None
    try:
        while True:
            message = association.receive(
                CommandField.C_FIND_RQ, context, message_id, budget.bytes, due, *deadlines
            )
            if not message.response.is_pending:
                _check_final(message.response.status, has_matches=last is not None)
                said = message.identifier
                if said and _says_more(said, context, identifier, last or b""):
                    raise ProtocolError("The PACS sent a match with its final response.")
                return association.expect_no_more()
            for last in association.identifiers(message):
                if not last:
                    raise ProtocolError("The PACS sent a match without an identifier.")
                budget.matches.spend(1)
                yield decode(last)
            due = limits.response_deadline()
    except GeneratorExit:
        _cancel(association, context, message_id, *deadlines)
        raise


def _says_more(identifier: bytes, context: AcceptedContext, *known: bytes) -> bool:
    """Tell whether the data set of a final response, which has none, says what is not known.

    It may be the request, or the last match, once more.
    """
    return bool(_values(identifier, context).difference(*(_values(one, context) for one in known)))


def _values(identifier: bytes, context: AcceptedContext) -> set[tuple[int, bytes]]:
    """Return the values as they are encoded; of a sequence without a length that it is there."""
    values = set()
    for tag, (_, start, stop) in elements(identifier, context.is_explicit_vr).items():
        value = b"." if stop == UNDEFINED else identifier[start:stop].strip(b" \0")
        if value and tag not in _OF_NO_ENTITY:
            values.add((tag, value))
    return values


def _cancel(
    association: Association, context: AcceptedContext, message_id: int, *deadlines: Deadline
) -> None:
    """Send a C-CANCEL and read on to the final response (PS3.7 9.3.2.3), else abort."""
    if not association.is_open:
        return
    soon = Deadline.after(CANCEL_WAIT, ResponseTimeout, "no final response to the C-CANCEL")
    budget = ByteBudget(CANCEL_BYTES)
    try:
        association.cancel(context, message_id, soon, *deadlines)
        while association.receive(
            CommandField.C_FIND_RQ, context, message_id, budget, soon, *deadlines
        ).response.is_pending:
            continue
    except (PacsError, ResponseTimeout) as error:
        log.debug("the C-FIND could not be cancelled in order: %s", error.message)
        association.abort()


def _check_final(status: int, has_matches: bool) -> None:
    if status == SUCCESS:
        return
    is_refusal = refuses_identifier(status) and not has_matches
    failure = IdentifierRefused if is_refusal else DimseFailure
    raise failure(advice("C-FIND", status), dicom={"status": hex_status(status)})
