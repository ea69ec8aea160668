"""gunicorn's own log: what its master and workers say of themselves.

Rule: its lines look like the gateway's, so that one reader understands both.
"""

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

    return ServerLog
