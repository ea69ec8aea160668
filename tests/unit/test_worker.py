"""What gunicorn's worker answers by itself, without a word of what it could not read."""

import errno
import json
import logging
import socket

import pytest
from gunicorn.http.errors import InvalidRequestLine, InvalidResponseHeader

from dicom_qr_gateway import worker as module
from dicom_qr_gateway.worker import Worker

CANARY = "DOE^JOHN"


def answer_to(error: Exception) -> tuple[bytes, dict[str, object]]:
    """Return head and body of what a worker sends for an error."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        Worker.handle_error(object.__new__(Worker), None, ours, ("127.0.0.1", 1), error)
        head, _, body = theirs.recv(65536).partition(b"\r\n\r\n")
    return head, json.loads(body)


@pytest.mark.parametrize(
    ("error", "status", "value"),
    [
        (InvalidRequestLine(CANARY), 400, "invalid_request"),
        (InvalidResponseHeader(CANARY), 500, "internal_error"),
        (ZeroDivisionError(CANARY), 500, "internal_error"),
    ],
)
def test_the_answer_is_the_common_error_body_and_repeats_nothing(
    error: Exception, status: int, value: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="dicom_qr_gateway.worker")
    head, body = answer_to(error)
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert (body["code"], body["error"]) == (status, value)
    assert f"X-Correlation-ID: {body['correlation_id']}".encode() in head
    assert CANARY not in f"{head!r}{body}{caplog.text}"
    assert type(error).__name__ in caplog.text


def test_a_client_that_is_gone_costs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="dicom_qr_gateway.worker")
    ours, theirs = socket.socketpair()
    ours.close()
    with theirs:
        Worker.handle_error(object.__new__(Worker), None, ours, ("", 1), InvalidRequestLine("x"))
    assert "could not be sent" in caplog.text


class NoDescriptor:
    """A listener of a process that has no descriptor left, or of one that is broken."""

    def __init__(self, code: int) -> None:
        self.code = code

    def accept(self) -> None:
        raise OSError(self.code, "")


def test_no_descriptor_left_does_not_end_the_worker(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_AGAIN", 0)
    Worker.accept(object.__new__(Worker), NoDescriptor(errno.EMFILE))
    assert "no descriptor" in caplog.text


def test_another_error_of_the_listener_is_not_hidden() -> None:
    with pytest.raises(OSError, match="Errno"):
        Worker.accept(object.__new__(Worker), NoDescriptor(errno.EBADF))
