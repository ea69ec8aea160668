"""What is logged, and where: one access line for each request, the correlation id on every line.

Rule: no patient data at any level.
"""

import json
import logging
import re
import sys
import time
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from http import HTTPMethod
from typing import Any

from flask import Flask, Response, request

from dicom_qr_gateway import correlation
from dicom_qr_gateway.afterwards import afterwards
from dicom_qr_gateway.config import Settings
from dicom_qr_gateway.dicom.types import ApplicationEntity
from dicom_qr_gateway.log_formats import FORMATTERS, ExcInfo

PACKAGE = "dicom_qr_gateway"
CONSOLE = f"{PACKAGE}.console"
METHODS = frozenset(HTTPMethod)
PLAIN_WORD = re.compile('[^ "=]+')

access_log = logging.getLogger(f"{PACKAGE}.access")
defects = logging.getLogger(f"{PACKAGE}.defects")


@dataclass(slots=True)
class _Access:
    """What the access line of a request will say."""

    started: float
    facts: dict[str, object]


_access: ContextVar[_Access] = ContextVar("access")


def configure(settings: Settings) -> None:
    """Set level and handler of the package's loggers; calling it again changes nothing else."""
    logger = logging.getLogger(PACKAGE)
    logger.setLevel(logging.DEBUG if settings.dicom_debug else logging.INFO)
    for handler in list(logger.handlers):
        if handler.get_name() == CONSOLE:
            logger.removeHandler(handler)
    logger.addHandler(_handler(settings))


def _handler(settings: Settings) -> logging.Handler:
    handler: logging.Handler = logging.NullHandler()
    if settings.log_to_console:
        handler = logging.StreamHandler(sys.stdout)
    handler.set_name(CONSOLE)
    handler.addFilter(_add_correlation_id)
    handler.setFormatter(FORMATTERS[settings.log_format]())
    return handler


def _add_correlation_id(record: logging.LogRecord) -> bool:
    record.correlation_id = correlation.current()
    return True


def defect(exc_info: ExcInfo) -> None:
    """Log an exception that nobody foresaw."""
    defects.error("A defect of the gateway.", exc_info=exc_info)


def init_app(app: Flask) -> None:
    """Write one access line for every request of the application, once it is answered."""
    app.before_request(_begin)
    app.after_request(_leave_access_line)


def note(**facts: object) -> None:
    """Add facts to the access line of this request; None is left out, patient data never goes in.

    The names in use: operation, pacs, matches, withheld, moved, outcome, error,
    message, dicom, dimse_status.
    """
    _access.get().facts.update({name: value for name, value in facts.items() if value is not None})


def note_pacs(pacs: ApplicationEntity) -> None:
    """Add the address of the PACS to the access line."""
    host = f"[{pacs.host}]" if ":" in pacs.host else pacs.host
    note(pacs=f"{host}:{pacs.port}")


def _begin() -> None:
    _access.set(_Access(time.perf_counter(), {"operation": "-", "outcome": "ok"}))


def _leave_access_line(response: Response) -> Response:
    # The rule, not the path, and only methods of HTTP: what nobody knows may hold anything, a
    # patient ID too.
    access = _access.get()
    facts = {
        "operation": access.facts.pop("operation"),
        "method": request.method if request.method in METHODS else "-",
        "path": request.url_rule.rule if request.url_rule else "-",
        "status": response.status_code,
        "duration_ms": round((time.perf_counter() - access.started) * 1000, 1),
        **access.facts,
    }
    afterwards().callback(_write_access_line, facts)
    return response


def _write_access_line(facts: Mapping[str, Any]) -> None:
    access_log.info(_as_text(facts), extra={"facts": facts})


def _as_text(facts: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={_word(str(value))}" for name, value in facts.items())


def _word(value: str) -> str:
    return value if PLAIN_WORD.fullmatch(value) else json.dumps(value)
