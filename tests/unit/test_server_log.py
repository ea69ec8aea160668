"""What gunicorn says of itself, in the gateway's words."""

import logging

import pytest
from gunicorn.config import Config

from dicom_qr_gateway.server_log import server_log


def logged(error: Exception, caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    logger = logging.getLogger("gunicorn.error")
    before = list(logger.handlers)
    log = server_log("text")(Config())
    logger.propagate = True
    try:
        raise error
    except type(error):
        log.exception("Socket error processing request.")
    finally:
        for handler in set(logger.handlers) - set(before):
            logger.removeHandler(handler)
    return [(record.levelname, record.message) for record in caplog.records]


@pytest.mark.parametrize("error", [BlockingIOError(), TimeoutError()])
def test_a_client_that_is_too_slow_is_no_error_of_the_server(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    [(level, message)] = logged(error, caplog)
    assert (level, message) == ("INFO", "A client neither sent nor took anything for too long.")


def test_any_other_exception_is_one(caplog: pytest.LogCaptureFixture) -> None:
    assert logged(OSError(), caplog) == [("ERROR", "Socket error processing request.")]
