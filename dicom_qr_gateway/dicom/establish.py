"""From addresses to an established association (PS3.8 7.1): connect, propose, judge the answer.

Rule: what the peer accepted is checked against what was proposed; a rejection that waiting may
cure is tried again, a few times and within ACSE_TIMEOUT, every other is the answer.
"""

import logging
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from dicom_qr_gateway.dicom.associate import (
    AnsweredContext,
    AssociateAC,
    AssociateRQ,
    ProposedContext,
    UserInformation,
)
from dicom_qr_gateway.dicom.association import Association
from dicom_qr_gateway.dicom.connection import Connection, connect
from dicom_qr_gateway.dicom.find_options import NO_OPTIONS, FindOptions
from dicom_qr_gateway.dicom.name_lookup import SocketAddress
from dicom_qr_gateway.dicom.pdu import Abort, AssociateRJ, Pdu, PduReader, encode_pdu
from dicom_qr_gateway.dicom.phases import Phases
from dicom_qr_gateway.dicom.rejection import is_transient, rejection_error
from dicom_qr_gateway.dicom.types import AcceptedContext, ApplicationEntity, Deadline, Limits
from dicom_qr_gateway.dicom.uids import (
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLEMENTATION_CLASS_UID,
    IMPLEMENTATION_VERSION_NAME,
    IMPLICIT_VR_LITTLE_ENDIAN,
)
from dicom_qr_gateway.dicom.waiting import Interrupts, Waiter
from dicom_qr_gateway.errors import (
    AssociationAborted,
    AssociationTimeout,
    NoAcceptedContext,
    ProtocolError,
)

log = logging.getLogger(__name__)

MAX_PDU_LENGTH: Final = 128 * 1024  # bytes, what we announce; DCMTK's own maximum
TRANSFER_SYNTAXES: Final = (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN)
RETRY_PAUSES: Final = (0.2, 0.6, 1.8)  # seconds before each new try after a transient rejection
# Below this no request could be cut into fragments at all; no real archive announces it.
_SMALLEST_PDU_LENGTH: Final = 64


@dataclass(frozen=True, slots=True)
class Proposal:
    """Whom to call at which addresses, in whose name, and what to propose.

    ``connection_timeout`` is what the name look-up left of CONNECTION_TIMEOUT, in seconds.
    """

    peer: ApplicationEntity
    calling_ae_title: str
    abstract_syntaxes: tuple[str, ...]
    addresses: list[SocketAddress]
    connection_timeout: float
    find_options: FindOptions = NO_OPTIONS

    def request(self) -> AssociateRQ:
        """Return the A-ASSOCIATE-RQ."""
        longest = self.peer.quirks.max_pdu_length or MAX_PDU_LENGTH
        return _request(
            self.peer.ae_title,
            self.calling_ae_title,
            self.abstract_syntaxes,
            longest,
            self.find_options.encode(),
        )


@lru_cache(maxsize=256)
def _request(
    called: str,
    calling: str,
    abstract_syntaxes: tuple[str, ...],
    longest: int,
    information: bytes,
) -> AssociateRQ:
    """Return the A-ASSOCIATE-RQ; ``information`` is what is proposed beyond the baseline."""
    contexts = tuple(
        ProposedContext(2 * index + 1, syntax, TRANSFER_SYNTAXES)
        for index, syntax in enumerate(abstract_syntaxes)
    )
    extended = tuple((syntax, information) for syntax in abstract_syntaxes) if information else ()
    user = UserInformation(longest, IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME, extended)
    return AssociateRQ(called, calling, contexts, user)


def establish(
    proposal: Proposal,
    limits: Limits,
    interrupts: Interrupts,
    phases: Phases,
    *deadlines: Deadline,
) -> Association:
    """Return an association on which at least one of the abstract syntaxes was accepted.

    ``phases`` is told how far this comes.

    Raises:
        PacsBusy: still rejected transiently after all retries.
        AssociationRejected, AssociationAborted, ConnectionLost, NoAcceptedContext, ProtocolError:
            the PACS' answer to the proposal.
        ConnectionRefused, Unreachable, GatewayBusy: see connect.
        PacsTimeout: the error of the deadline that passed first.
    """
    request = proposal.request()
    phases.begin("connect")
    connection = _connect(proposal, limits, interrupts, *deadlines)
    acse = Deadline.after(
        limits.acse_timeout,
        AssociationTimeout,
        "What listens on the PACS' port accepted the connection but did not answer the association "
        "request in time: check that it is the DICOM port, and that the PACS is not overloaded.",
    )
    phases.begin("associate")
    answer = _negotiate(connection, request, acse, *deadlines)
    for pause in RETRY_PAUSES:
        if isinstance(answer, Association) or not is_transient(answer):
            break
        if acse.remaining() <= pause:
            break
        log.debug("rejected transiently, trying again in %.1f s", pause)
        Waiter(interrupts).pause(pause, acse, *deadlines)
        phases.begin("connect")
        connection = _connect(proposal, limits, interrupts, acse, *deadlines)
        phases.begin("associate")
        answer = _negotiate(connection, request, acse, *deadlines)
    phases.end()
    if isinstance(answer, AssociateRJ):
        raise rejection_error(answer, request.called_ae_title, request.calling_ae_title)
    return answer


def _connect(
    proposal: Proposal, limits: Limits, interrupts: Interrupts, *deadlines: Deadline
) -> Connection:
    return connect(
        proposal.addresses,
        Waiter(interrupts),
        proposal.connection_timeout,
        limits.network_timeout,
        *deadlines,
    )


def _negotiate(
    connection: Connection, request: AssociateRQ, *deadlines: Deadline
) -> Association | AssociateRJ:
    """Propose; return the association, or the rejection. The connection never stays behind."""
    reader = PduReader()
    try:
        proposal = encode_pdu(request)
        log.debug("AssociateRQ sent, %d bytes", len(proposal))
        connection.send(proposal, AssociationTimeout, *deadlines)
        answer = _answer(connection, reader, *deadlines)
        if isinstance(answer, AssociateAC):
            accepted = accepted_contexts(request, answer)
            return Association(connection, reader, accepted, answer.user)
    except BaseException:
        connection.send_and_close(encode_pdu(Abort(source=0, reason=0)))
        raise
    connection.close()
    return answer


def _answer(
    connection: Connection, reader: PduReader, *deadlines: Deadline
) -> AssociateAC | AssociateRJ:
    pdu: Pdu | None = None
    while pdu is None:
        reader.feed(connection.receive(reader.is_incomplete, AssociationTimeout, *deadlines))
        pdu = reader.pop()
    log.debug("%s received, %d bytes", type(pdu).__name__, reader.length)
    if isinstance(pdu, AssociateAC | AssociateRJ):
        return pdu
    if isinstance(pdu, Abort):
        raise AssociationAborted(
            "The PACS aborted the association during its negotiation: its own log says why.",
            dicom={"source": pdu.source, "reason": pdu.reason},
        )
    raise ProtocolError("The PACS answered the association request with another PDU.")


def accepted_contexts(request: AssociateRQ, answer: AssociateAC) -> dict[str, AcceptedContext]:
    """Return what was accepted, abstract syntax -> context, checked against the proposal.

    Raises:
        NoAcceptedContext: every context was refused.
        ProtocolError: the answer names a context or a transfer syntax that was not proposed.
    """
    if 0 < answer.user.max_pdu_length < _SMALLEST_PDU_LENGTH:
        raise ProtocolError("The PACS announces a maximum PDU length that fits no message.")
    proposed = {context.context_id: context for context in request.contexts}
    accepted = [_accepted(proposed, context) for context in answer.contexts if context.result == 0]
    if not accepted:
        raise NoAcceptedContext(
            "The PACS accepted the association but none of the services: check that it offers "
            "them to this gateway's AE title."
        )
    return {context.abstract_syntax: context for context in accepted}


def _accepted(proposed: dict[int, ProposedContext], answer: AnsweredContext) -> AcceptedContext:
    context = proposed.get(answer.context_id)
    if context is None or answer.transfer_syntax not in context.transfer_syntaxes:
        raise ProtocolError(
            "The PACS accepted a presentation context or a transfer syntax never proposed."
        )
    is_explicit = answer.transfer_syntax == EXPLICIT_VR_LITTLE_ENDIAN
    return AcceptedContext(context.context_id, context.abstract_syntax, is_explicit)
