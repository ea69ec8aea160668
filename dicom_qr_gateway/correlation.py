"""One id a request: taken from the caller or made here, on every response and every log line.

Rule: the id lives in a context variable, which does not reach other threads by itself; code that
hands work to a thread passes ``current()`` along.
"""

import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from flask import Flask, Response, request

from dicom_qr_gateway.log_formats import NO_REQUEST

HEADER = "X-Correlation-ID"
ACCEPTED = re.compile(r"[A-Za-z0-9._-]{1,64}")

_current: ContextVar[str] = ContextVar("correlation_id", default=NO_REQUEST)


def current() -> str:
    """Return the id of the request being served, ``-`` outside of one."""
    return _current.get()


def new() -> str:
    """Return an id that nobody else has; it is no secret."""
    return f"{random.getrandbits(128):032x}"


def adopt(offered: str) -> str:
    """Make the caller's id the current one, or a new one where it is not acceptable.

    Args:
        offered: the value of the header, "" where there is none. It goes into headers and log
            lines, so nothing beyond 64 letters, digits, dots, underscores and hyphens is taken.
    """
    correlation_id = offered if ACCEPTED.fullmatch(offered) else new()
    _current.set(correlation_id)
    return correlation_id


@contextmanager
def during(correlation_id: str) -> Iterator[None]:
    """Make an id the current one for a while: the rest of an answer is sent after its request."""
    token = _current.set(correlation_id)
    try:
        yield
    finally:
        _current.reset(token)


def init_app(app: Flask) -> None:
    """Give every request of the application its id, and every response the header."""
    app.before_request(_begin)
    app.after_request(_mark)
    app.teardown_request(_end)


def _begin() -> None:
    adopt(request.headers.get(HEADER, ""))


def _mark(response: Response) -> Response:
    response.headers[HEADER] = current()
    return response


def _end(_error: BaseException | None) -> None:
    _current.set(NO_REQUEST)
