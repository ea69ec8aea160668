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

SENT_AT_ONCE: Final = 64 * 1024  # bytes; a socket takes them without a wait for the reader

_afterwards: ContextVar[ExitStack | None] = ContextVar("afterwards", default=None)


def afterwards() -> ExitStack:
    """Return what is closed once the answer of this request has been sent."""
    stack = _afterwards.get()
    if stack is None:
        stack = ExitStack()
        _afterwards.set(stack)
    return stack


def init_app(app: Flask) -> None:
    """Close what requests of the application leave for afterwards.

    Flask runs these in reverse: called before all others, this sees a response when nothing can
    replace it any more.
    """
    app.after_request(_close_after)
    app.teardown_request(_close_without_answer)


def _close_after(response: Response) -> Response:
    close = partial(_close, afterwards(), correlation.current())
    _afterwards.set(None)
    if (response.content_length or 0) > SENT_AT_ONCE:
        close()
    else:
        response.call_on_close(close)
    return response


def _close_without_answer(_error: BaseException | None) -> None:
    stack = _afterwards.get()
    if stack is not None:
        _afterwards.set(None)
        stack.close()


def _close(stack: ExitStack, correlation_id: str) -> None:
    with correlation.during(correlation_id):
        stack.close()
