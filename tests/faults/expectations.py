"""What the gateway must answer to each truth of the misbehaving PACS, by the contract's tables."""

import re
from dataclasses import dataclass

from dicom_qr_gateway.sandbox.misbehaving import Fault, Service, Truth

# A fault that ends by a time-out, or by a budget, has that one lowered and every other at its
# default, so the test knows which one ended it; all other faults end by themselves. What should
# never end anything here is still below the hang guard, so that one hang is not followed by others.
SECONDS = "0.4"
WHOLE = {"QUERY_TIMEOUT": "6", "RETRIEVE_TIMEOUT": "8"}
LOWERED: dict[Truth, dict[str, str]] = {
    Truth.CONNECT_TIMEOUT: {"CONNECTION_TIMEOUT": SECONDS},
    Truth.ASSOCIATION_TIMEOUT: {"ACSE_TIMEOUT": SECONDS},
    Truth.BUSY: {"ACSE_TIMEOUT": SECONDS},
    Truth.RESPONSE_TIMEOUT: {"DIMSE_TIMEOUT": SECONDS, "NETWORK_TIMEOUT": SECONDS},
    Truth.QUERY_TIMEOUT: {"QUERY_TIMEOUT": SECONDS},
    Truth.RETRIEVE_TIMEOUT: {"RETRIEVE_IDLE_TIMEOUT": SECONDS, "RETRIEVE_TIMEOUT": "1.2"},
    Truth.SENT_IN_PART: {"RETRIEVE_IDLE_TIMEOUT": SECONDS},
    Truth.TOO_MANY_MATCHES: {"MAX_MATCHES": "100"},
    Truth.TOO_LARGE: {"MAX_RESPONSE_BYTES": str(64 * 1024)},
}


def limits(truth: Truth) -> dict[str, str]:
    """Return the options of the gateway that is to tell that truth."""
    return WHOLE | LOWERED.get(truth, {})


def only(deadline: str) -> dict[str, str]:
    """Return the options of a gateway that only this one deadline ends, and that takes a crowd."""
    names = ("CONNECTION", "ACSE", "DIMSE", "NETWORK", "QUERY", "RETRIEVE_IDLE", "RETRIEVE")
    others = {f"{name}_TIMEOUT": "600" for name in names}
    crowd = {"WEB_THREADS": "1000", "MAX_ASSOCIATIONS_PER_PACS": "1000"}
    return others | crowd | {deadline: SECONDS}


_FAILURES = {
    Truth.CONNECTION_REFUSED: (502, "connection_refused"),
    Truth.CONNECT_TIMEOUT: (504, "connect_timeout"),
    Truth.CONNECTION_LOST: (502, "connection_lost"),
    Truth.ASSOCIATION_TIMEOUT: (504, "association_timeout"),
    Truth.REJECTED: (502, "association_rejected"),
    Truth.BUSY: (503, "pacs_busy"),
    Truth.ABORTED: (502, "association_aborted"),
    Truth.NO_CONTEXT: (502, "no_accepted_context"),
    Truth.PROTOCOL_ERROR: (502, "protocol_error"),
    Truth.RESPONSE_TIMEOUT: (504, "response_timeout"),
    Truth.QUERY_TIMEOUT: (504, "query_timeout"),
    Truth.RETRIEVE_TIMEOUT: (504, "retrieve_timeout"),
    Truth.FAILURE: (502, "dimse_failure"),
    Truth.OTHER_PATIENT: (502, "patient_mismatch"),
    Truth.TOO_MANY_MATCHES: (502, "too_many_matches"),
    Truth.TOO_LARGE: (502, "response_too_large"),
}
_SUCCESSES = {
    Truth.COMPLETE: (200, None),
    Truth.EMPTY: (404, None),
    Truth.ALL_SENT: (200, None),
    Truth.SENT_IN_PART: (207, None),
}
TIMEOUTS = [truth for truth, (status, _) in _FAILURES.items() if status == 504]


@dataclass(frozen=True)
class Expected:
    """Status code and ``error`` of an answer; ``study`` is the one study's in retrieve_details."""

    status: int
    error: str | None
    study: str | None = None


def expected(truth: Truth, service: Service, endpoint: str) -> Expected:
    """Return what the endpoint must answer when a client meets that truth in that service."""
    if endpoint == "qr" and service is Service.MOVE:
        return _of_a_move(truth)
    if truth in _SUCCESSES:
        study = "ok" if endpoint == "qr" and truth is Truth.COMPLETE else None
        return Expected(*_SUCCESSES[truth], study)
    return Expected(*_FAILURES[truth])


# Faults of one service that begin before anything is asked for: an echo, which proposes every
# service, meets them too.
_BEFORE_A_REQUEST = re.compile(
    r"M-(\w+-(BEFORE|IN|AFTER)-AC|HALF-AC|SLOW-1BPS|RJ-.+|NO-CONTEXT|JPEG|AC-.+)|DEFLATED-BOMB"
)


def truth_of_an_echo(fault: Fault) -> Truth:
    """Return what an echo finds out about that PACS, COMPLETE where it never meets the fault."""
    if fault.service is not Service.BOTH and not _BEFORE_A_REQUEST.fullmatch(fault.name):
        return Truth.COMPLETE
    return Truth.RESPONSE_TIMEOUT if fault.truth is Truth.RETRIEVE_TIMEOUT else fault.truth


def _of_a_move(truth: Truth) -> Expected:
    """Return what becomes of a retrieve whose one study ends with that truth."""
    if truth in (Truth.COMPLETE, Truth.ALL_SENT):
        return Expected(200, None, "ok")
    if truth is Truth.SENT_IN_PART:
        return Expected(207, None, "partial")
    if truth in TIMEOUTS:
        return Expected(*_FAILURES[truth], "failed")
    return Expected(502, "move_failed", "failed")
