"""What may end after the answer of a request: the client does not wait for it.

Rule: it ends when the answer has been sent, or when there is nobody left to send one to; before an
answer that a slow reader could keep waiting for long.
"""

from contextlib import ExitStack
from contextvars import ContextVar
from functools import partial
from typing import Final

from flask import Flask, Response

from dicom_qr_gateway import correlation

# Linux gives a socket no less of a buffer (tcp(7), tcp_wmem): so much is taken without the reader.
SENT_AT_ONCE: Final = 16 * 1024  # bytes

_left: ContextVar[tuple[ExitStack, str] | None] = ContextVar("left", default=None)


def afterwards() -> ExitStack:
    """Return what is closed once the answer of this request has been sent."""
    left = _left.get()
    if left is None:
        left = (ExitStack(), correlation.current())
        _left.set(left)
    return left[0]


def init_app(app: Flask) -> None:
    """Close what requests of the application leave for afterwards.

    Flask runs these in reverse: called before all others, this sees a response when nothing can
    replace it any more.
    """
    app.after_request(_close_after)
    app.teardown_request(_close_without_answer)


def _close_after(response: Response) -> Response:
    left = _left.get()
    _left.set(None)
    if left is None:
        return response
    close = partial(_close, *left)
    if (response.content_length or 0) > SENT_AT_ONCE:
        close()
    else:
        response.call_on_close(close)
    return response


def _close_without_answer(_error: BaseException | None) -> None:
    left = _left.get()
    if left is not None:
        _left.set(None)
        _close(*left)


def _close(stack: ExitStack, correlation_id: str) -> None:
    with correlation.during(correlation_id):
        stack.close()
