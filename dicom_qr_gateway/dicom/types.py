"""The nouns that the adapter, the services and the sandbox share; nobody changes one.

(A frozen dataclass takes three times as long to make: those of which a response needs one are not.)
"""

import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from dicom_qr_gateway.errors import PacsTimeout, QueryTimeout, ResponseTimeout


class QueryRetrieveLevel(StrEnum):
    """Query/Retrieve Level (0008,0052), PS3.4 C.6."""

    PATIENT = "PATIENT"
    STUDY = "STUDY"
    SERIES = "SERIES"
    IMAGE = "IMAGE"


@dataclass(frozen=True, slots=True)
class Quirks:
    """In what a PACS must be treated otherwise than others; the defaults are no quirk.

    ``charset`` and ``assume_charset`` are values of (0008,0005), "" for none; ``max_pdu_length``
    is in bytes, None for this gateway's own; ``relational`` is None for "as negotiated".
    """

    charset: str = ""
    assume_charset: str = ""
    modality_level: QueryRetrieveLevel = QueryRetrieveLevel.STUDY
    relational: bool | None = None
    max_pdu_length: int | None = None
    wildcards: bool = True


NO_QUIRKS: Final = Quirks()


@dataclass(frozen=True, slots=True)
class ApplicationEntity:
    """A DICOM peer: where it listens and what it is called there (PS3.8 7.1.1.4)."""

    host: str
    port: int
    ae_title: str
    quirks: Quirks = NO_QUIRKS


@dataclass(frozen=True, slots=True)
class SubOperations:
    """C-STORE sub-operation counts of a C-MOVE response; None where the PACS sent none.

    PS3.7 9.1.4.1.7 to 9.1.4.1.10.
    """

    remaining: int | None = None
    completed: int | None = None
    failed: int | None = None
    warning: int | None = None


@dataclass(slots=True)
class Deadline:
    """A moment of the monotonic clock, and the error that is raised when it passes."""

    at: float
    error: type[PacsTimeout]
    message: str

    @classmethod
    def after(cls, seconds: float, error: type[PacsTimeout], message: str) -> "Deadline":
        """Return the deadline ``seconds`` from now."""
        return cls(time.monotonic() + seconds, error, message)

    def remaining(self) -> float:
        """Return the seconds left, negative once it has passed."""
        return self.at - time.monotonic()

    def check(self) -> None:
        """Raise this deadline's error if it has passed."""
        if self.remaining() <= 0:
            raise self.expired()

    def expired(self) -> PacsTimeout:
        """Return the error to raise."""
        return self.error(self.message)


@dataclass(frozen=True, slots=True)
class Limits:
    """Time-outs in seconds and budgets of DICOM operations; the contract's table names each."""

    acse_timeout: float = 10.0
    dimse_timeout: float = 10.0
    network_timeout: float = 10.0
    connection_timeout: float = 10.0
    query_timeout: float = 60.0
    retrieve_idle_timeout: float = 300.0
    retrieve_timeout: float = 3600.0
    max_matches: int = 50_000
    max_response_bytes: int = 64 * 1024 * 1024
    max_associations_per_pacs: int = 8
    queue_timeout: float = 5.0

    def query_deadline(self) -> Deadline:
        """Return when a whole query, which begins now, has to be over."""
        return Deadline.after(
            self.query_timeout,
            QueryTimeout,
            "The query took longer than QUERY_TIMEOUT: ask for less, or look at the PACS' load.",
        )

    def response_deadline(self) -> Deadline:
        """Return when the next complete response of a C-FIND or C-ECHO is due."""
        return Deadline.after(
            self.dimse_timeout,
            ResponseTimeout,
            "The PACS accepted the request but did not answer in time.",
        )


@dataclass(frozen=True, slots=True)
class AcceptedContext:
    """A presentation context that the peer accepted (PS3.8 7.1.1.14)."""

    context_id: int
    abstract_syntax: str
    is_explicit_vr: bool
