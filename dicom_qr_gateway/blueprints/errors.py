"""Exceptions become answers here, and only here.

Rule: ``STATUS`` is the one table from classes of errors to HTTP; the most specific class counts.
What an unforeseen exception says is never shown: it may quote a data set.
"""

import gc
from collections.abc import Callable, Mapping
from typing import Any, Final

from flask import Flask, Response, jsonify
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES

from dicom_qr_gateway import correlation, errors, log
from dicom_qr_gateway.schemas.errors import outcomes

STATUS: Final[Mapping[type[errors.GatewayError], int]] = {
    errors.InvalidRequest: 400,
    errors.TargetNotAllowed: 403,
    errors.NoSuchEndpoint: 404,
    errors.NoSuchPacs: 404,
    errors.MethodNotAllowed: 405,
    errors.NotAcceptable: 406,
    errors.RequestTooLarge: 413,
    errors.UnsupportedMediaType: 415,
    errors.GatewayError: 500,
    errors.PacsError: 502,
    errors.TemporaryError: 503,
    errors.PacsTimeout: 504,
}

# What Flask finds out by itself; any other code it comes with is a defect of ours.
FOUND_BY_FLASK: Final[Mapping[int, Callable[[], errors.GatewayError]]] = {
    400: lambda: errors.InvalidRequest({"body": ["The request is not framed as HTTP says."]}),
    404: lambda: errors.NoSuchEndpoint("There is no such endpoint: /docs lists those there are."),
    405: lambda: errors.MethodNotAllowed("Use a method that the header Allow names."),
    413: lambda: errors.RequestTooLarge("The body is larger than this endpoint reads."),
}

RETRY_AFTER_SECONDS: Final = 5


def init_app(app: Flask) -> None:
    """Let every exception of the application end here."""
    app.register_error_handler(errors.GatewayError, answer)
    app.register_error_handler(errors.ClientLeft, answer_nobody)
    app.register_error_handler(MemoryError, answer_without_memory)
    app.register_error_handler(HTTPException, answer_http_exception)


def status_of(error: type[errors.GatewayError]) -> int:
    """Return the HTTP status of the most specific class in the table."""
    return next(STATUS[each] for each in error.__mro__ if each in STATUS)


def values_of(status: int) -> list[str]:
    """Return the values of ``error`` that come with a status."""
    return list(dict.fromkeys(each.error for each in outcomes() if status_of(each) == status))


def answer(error: errors.GatewayError) -> Response:
    """Return the contract's common error body, with what the error has to add."""
    status = status_of(type(error))
    log.note(outcome="error", error=error.error, message=error.message)
    log.note(dicom=_as_words(error.dicom), dimse_status=_statuses(error.extra))
    response = jsonify(_body(error, status))
    response.status_code = status
    if status == 503:
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def _as_words(detail: Mapping[str, int | str]) -> str | None:
    return ",".join(f"{name}:{value}" for name, value in detail.items()) or None


def _statuses(extra: Mapping[str, Any]) -> str | None:
    """Return the different final statuses of a retrieve's studies, for the log."""
    found = {str(detail["dimse_status"]) for detail in extra.get("retrieve_details", ())}
    return ",".join(sorted(found)) or None


def _body(error: errors.GatewayError, status: int) -> dict[str, Any]:
    return {
        "code": status,
        "status": HTTP_STATUS_CODES[status],
        "error": error.error,
        "message": error.message,
        **({"dicom": error.dicom} if error.dicom else {}),
        **error.extra,
        "correlation_id": correlation.current(),
    }


def answer_nobody(_error: errors.ClientLeft) -> Response:
    """Answer a client that hung up.

    Nobody reads it, unless the client closed only its sending side: then the truth is that the
    gateway ended the request early and that asking again helps, which is 503 ``shutting_down``.
    """
    response = answer(
        errors.ShuttingDown("The client closed its connection: the DICOM operation was ended.")
    )
    log.note(outcome="client_left")
    return response


def answer_without_memory(_error: MemoryError) -> Response:
    """Answer 503, and free what this and other failed requests still hold in cycles."""
    gc.collect()
    return answer(errors.GatewayBusy("The gateway has no memory left: ask for less, or later."))


def answer_http_exception(error: HTTPException) -> Response:
    """Return the common error body for what Flask found out, and for every defect."""
    defect = errors.GatewayError(
        "The gateway has a defect: report it with the correlation_id of this answer."
    )
    response = answer(FOUND_BY_FLASK.get(error.code or 500, lambda: defect)())
    for name, value in error.get_headers():
        if name == "Allow":
            response.headers[name] = value
    return response
