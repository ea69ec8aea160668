"""Answers of a search: an array of rows that are text already (PS3.18 10.6.3).

Rule: an answer that is whole announces its length. A longer one is sent while it is read, and
breaks off where that fails: no reader takes it for complete.
"""

import errno
import logging
import socket
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, islice
from typing import Final

from flask import Response
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from dicom_qr_gateway import correlation, log
from dicom_qr_gateway.blueprints.openapi import client_socket
from dicom_qr_gateway.blueprints.rows import ROWS_AT_A_TIME, pieces
from dicom_qr_gateway.errors import ClientLeft, GatewayError, InvalidRequest, NotAcceptable
from dicom_qr_gateway.services.qido import Answer

answers = logging.getLogger(__name__)

DICOM_JSON: Final = "application/dicom+json"
JSON: Final = "application/json"
_AGENT: Final = "dicom-qr-gateway"
_AT_LEAST: Final = 0.001  # seconds of a send; 0 would mean another thing


def negotiated(header: str, parameters: Sequence[str]) -> str:
    """Return the media type of the answer; the parameter ``accept`` counts before the header.

    Raises:
        InvalidRequest: the parameter comes more than once.
        NotAcceptable: the client accepts no JSON.
    """
    if len(parameters) > 1:
        raise InvalidRequest({"accept": ["The parameter is given more than once."]})
    # In a query string a plus stands for a space, and many write it unescaped.
    wanted = parameters[0].replace(" ", "+") if parameters else header
    if not wanted.strip():
        return DICOM_JSON
    # Neither has parameters (RFC 8259 11): what clients add, like charset, changes nothing.
    accepted = MIMEAccept(
        (media_range.partition(";")[0], quality)
        for media_range, quality in parse_accept_header(wanted, MIMEAccept)
    )
    chosen = accepted.best_match((DICOM_JSON, JSON))
    if chosen is None:
        raise NotAcceptable(f"Answers are {DICOM_JSON} or {JSON}: accept one of them.")
    return chosen


def found(answer: Answer, media_type: str, warnings: Iterable[str] = ()) -> Response:
    """Return the answer of a search; ``warnings`` are those of its query string."""
    is_whole = answer.rest is None
    log.note(matches=len(answer.rows) if is_whole else None)
    log.note(outcome="streamed" if not is_whole else None)
    correlation_id = correlation.current()
    batches = _batches(answer, correlation_id)
    if not is_whole:
        batches = _in_time(batches, answer, client_socket())
    response = Response(pieces(b"[", batches, b"]"), mimetype=media_type)
    response.call_on_close(partial(_close, answer, correlation_id))
    for warning in chain(warnings, answer.warnings):
        response.headers.add("Warning", f'299 {_AGENT} "{warning}"')
    if is_whole:
        between = max(len(answer.rows) - 1, 0)
        response.content_length = 2 + between + sum(map(len, answer.rows))
    return response


def _batches(answer: Answer, correlation_id: str) -> Iterator[list[bytes]]:
    """Yield many rows at a time.

    Raises:
        ConnectionResetError: the rest of the rows could not be had. Servers break off the answer on
            any exception; on this one gunicorn adds no traceback to what is logged here.
    """
    rows = chain(answer.rows, answer.rest or iter(()))
    while batch := _batch(rows, correlation_id):
        yield batch


def _in_time(
    batches: Iterator[list[bytes]], answer: Answer, client: socket.socket | None
) -> Iterator[list[bytes]]:
    """Yield the batches; a client that does not take them in time would hold the PACS for ever."""
    for batch in batches:
        if client is not None:
            client.settimeout(max(answer.seconds_left(), _AT_LEAST))
        yield batch


def _batch(rows: Iterator[bytes], correlation_id: str) -> list[bytes]:
    """Return the next rows; log where they break off, since the answer can no longer say it."""
    with correlation.during(correlation_id):
        try:
            return list(islice(rows, ROWS_AT_A_TIME))
        except (GatewayError, ClientLeft) as error:
            _tell("an answer broke off", error)
            raise ConnectionResetError(errno.ECONNRESET, "an answer broke off") from error


def _close(answer: Answer, correlation_id: str) -> None:
    """End what a stream still holds; nobody is left to be told of a failure."""
    with correlation.during(correlation_id):
        try:
            answer.close()
        except (GatewayError, ClientLeft) as error:
            _tell("a query was not ended in order", error)


def _tell(what: str, error: GatewayError | ClientLeft) -> None:
    if isinstance(error, ClientLeft):
        answers.info("%s: the client left", what)
    else:
        answers.error("%s: %s", what, error.error)
