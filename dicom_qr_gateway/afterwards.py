"""What may end after the answer of a request: the client does not wait for it.

Rule: it ends when the answer has been sent, or when there is nobody left to send one to.
"""

from contextlib import ExitStack
from functools import partial

from flask import Flask, Response, g

from dicom_qr_gateway import correlation


def afterwards() -> ExitStack:
    """Return what is closed once the answer of this request has been sent."""
    if "afterwards" not in g:
        g.afterwards = ExitStack()
    stack: ExitStack = g.afterwards
    return stack


def init_app(app: Flask) -> None:
    """Close what requests of the application leave for afterwards.

    Flask runs these in reverse: called before all others, this sees a response when nothing can
    replace it any more.
    """
    app.after_request(_close_after)
    app.teardown_request(_close_without_answer)


def _close_after(response: Response) -> Response:
    stack: ExitStack | None = g.pop("afterwards", None)
    if stack is not None:
        response.call_on_close(partial(_close, stack, correlation.current()))
    return response


def _close_without_answer(_error: BaseException | None) -> None:
    stack: ExitStack | None = g.pop("afterwards", None)
    if stack is not None:
        stack.close()


def _close(stack: ExitStack, correlation_id: str) -> None:
    with correlation.during(correlation_id):
        stack.close()
