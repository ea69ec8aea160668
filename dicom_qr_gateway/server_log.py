"""gunicorn's own log: what its master and workers say of themselves.

Rule: its lines look like the gateway's, so that one reader understands both; a client that is slow
is no error of the server.
"""

import sys
from typing import Any

from gunicorn.glogging import Logger

from dicom_qr_gateway.log_formats import FORMATTERS


def server_log(log_format: str) -> type[Logger]:
    """Return the class of a log with lines of this format, for gunicorn's ``logger_class``."""

    class ServerLog(Logger):  # type: ignore[misc]
        def setup(self, cfg: Any) -> None:
            super().setup(cfg)
            for handler in self.error_log.handlers:
                handler.setFormatter(FORMATTERS[log_format]())

        def exception(self, msg: str, *args: Any, **kwargs: Any) -> None:
            if isinstance(sys.exc_info()[1], BlockingIOError | TimeoutError):
                self.info("A client neither sent nor took anything for too long.")
            else:
                super().exception(msg, *args, **kwargs)

    return ServerLog
