"""Every way a request can end badly, one class for each, split by who must act.

Rule: no HTTP in here (``blueprints/errors.py`` holds the one table to status codes) and no
patient data in any message: a message is shown to the caller and says what to check.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

DicomDetail = Mapping[str, int | str]


class GatewayError(Exception):
    """A request that has no truthful successful answer.

    ``error`` is the stable, machine-readable name of the outcome (the contract's closed list).
    """

    error: ClassVar[str] = "internal_error"

    def __init__(
        self,
        message: str,
        *,
        dicom: DicomDetail | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        """Keep what the caller is told.

        Args:
            message: plain words for an integrator: what happened and what to check.
            dicom: what the PACS itself said (``status``, or ``result``/``source``/``reason``).
            extra: further fields of the answer (``errors``, ``retrieve_details``, …).
        """
        super().__init__(message)
        self.message = message
        self.dicom = dict(dicom or {})
        self.extra = dict(extra or {})


# --- The caller must act -----------------------------------------------------------------------


class CallerError(GatewayError):
    """The request itself is wrong; nothing was sent to any PACS."""


class InvalidRequest(CallerError):
    """The request breaks a rule; ``errors`` maps each field to sentences."""

    error = "invalid_request"

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        """Take the broken rules as field -> list of sentences."""
        super().__init__(
            "The request is not valid: see errors for each field.", extra={"errors": errors}
        )


class TargetNotAllowed(CallerError):
    """This gateway's policy forbids the address."""

    error = "target_not_allowed"


class NoSuchEndpoint(CallerError):
    """There is no such path."""

    error = "no_such_endpoint"


class NoSuchPacs(CallerError):
    """No PACS of that name is configured."""

    error = "no_such_pacs"


class MethodNotAllowed(CallerError):
    """The path exists, the method does not."""

    error = "method_not_allowed"


class RequestTooLarge(CallerError):
    """The body is larger than the endpoint reads."""

    error = "request_too_large"


class NotAcceptable(CallerError):
    """The client accepts none of the media types that there are."""

    error = "not_acceptable"


class UnsupportedMediaType(CallerError):
    """The body is not ``application/json``."""

    error = "unsupported_media_type"


# --- Nobody must act: the PACS was asked, answered in full, and has no such study --------------


class NoStudyMatched(GatewayError):
    """The PACS answered the whole query and no study matches."""

    error = "not_found"


# --- The PACS, its network or its configuration must be looked at ------------------------------


class PacsError(GatewayError):
    """The DICOM operation failed; whatever arrived before is not a result."""


class NameNotResolved(PacsError):
    """The host name of the PACS has no address."""

    error = "name_not_resolved"


class ConnectionRefused(PacsError):
    """Nothing listens on the port."""

    error = "connection_refused"


class Unreachable(PacsError):
    """The network has no way to the host."""

    error = "unreachable"


class AssociationRejected(PacsError):
    """A-ASSOCIATE-RJ that will not go away by waiting (PS3.8 9.3.4)."""

    error = "association_rejected"


class AssociationAborted(PacsError):
    """The PACS sent an A-ABORT (PS3.8 9.3.8)."""

    error = "association_aborted"


class ConnectionLost(PacsError):
    """The PACS went away before its final answer: closed, reset, or released too early."""

    error = "connection_lost"


class NoAcceptedContext(PacsError):
    """The PACS offers none of the services that were proposed (PS3.8 7.1.1.14)."""

    error = "no_accepted_context"


class ProtocolError(PacsError):
    """The peer broke the DICOM protocol, or speaks another one."""

    error = "protocol_error"


class DimseFailure(PacsError):
    """The final DIMSE status is not Success (PS3.7 Annex C, PS3.4 Annex C)."""

    error = "dimse_failure"


class IdentifierRefused(DimseFailure):
    """The PACS does not accept the identifier of a C-FIND, and has returned no match to it."""


class PatientMismatch(PacsError):
    """The PACS returned only studies of other patients."""

    error = "patient_mismatch"


class ResponseTooLarge(PacsError):
    """The responses of one query exceed MAX_RESPONSE_BYTES."""

    error = "response_too_large"


class TooManyMatches(PacsError):
    """The query matches more than MAX_MATCHES."""

    error = "too_many_matches"


class MoveFailed(PacsError):
    """No study was moved, not even in part."""

    error = "move_failed"


# --- Waiting helps -----------------------------------------------------------------------------


class TemporaryError(GatewayError):
    """The PACS or the gateway is at its limit for the moment."""


class PacsBusy(TemporaryError):
    """The PACS rejected the association transiently, more than once (PS3.8 9.3.4)."""

    error = "pacs_busy"


class GatewayBusy(TemporaryError):
    """The gateway has no socket, thread or place in the queue left."""

    error = "gateway_busy"


class ShuttingDown(TemporaryError):
    """The gateway is being stopped and ended the request itself."""

    error = "shutting_down"


# --- The PACS did not answer in time -----------------------------------------------------------


class PacsTimeout(GatewayError):
    """A deadline passed; what the PACS would have said is unknown."""


class ConnectTimeout(PacsTimeout):
    """CONNECTION_TIMEOUT passed before the TCP connection stood."""

    error = "connect_timeout"


class NameLookupTimeout(PacsTimeout):
    """CONNECTION_TIMEOUT passed during the name look-up."""

    error = "name_lookup_timeout"


class AssociationTimeout(PacsTimeout):
    """ACSE_TIMEOUT passed before a complete A-ASSOCIATE-AC or -RJ."""

    error = "association_timeout"


class ResponseTimeout(PacsTimeout):
    """DIMSE_TIMEOUT (or NETWORK_TIMEOUT within a PDU) passed before a complete response."""

    error = "response_timeout"


class QueryTimeout(PacsTimeout):
    """QUERY_TIMEOUT passed before the query was complete."""

    error = "query_timeout"


class RetrieveTimeout(PacsTimeout):
    """RETRIEVE_TIMEOUT or RETRIEVE_IDLE_TIMEOUT passed during a retrieve."""

    error = "retrieve_timeout"


# --- Nobody is left to be told -----------------------------------------------------------------


class ClientLeft(Exception):
    """The HTTP client hung up: the DICOM operation is ended, no answer reaches anyone."""
