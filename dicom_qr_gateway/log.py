"""Log lines for people or machines: one line an event, the correlation id on each.

Rule: no patient data at any level. An exception is logged by its types and its places in the code,
never by its message, which may quote a data set. What a caller sent is written escaped, so that
nobody can forge a line.
"""

import json
import logging
import sys
import time
import traceback
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from http import HTTPMethod
from types import TracebackType
from typing import Any, TypeAlias

from flask import Flask, Response, g, request

from dicom_qr_gateway import correlation
from dicom_qr_gateway.config import Settings
from dicom_qr_gateway.dicom.types import ApplicationEntity

PACKAGE = "dicom_qr_gateway"
CONSOLE = f"{PACKAGE}.console"

access = logging.getLogger(f"{PACKAGE}.access")
defects = logging.getLogger(f"{PACKAGE}.defects")

ExcInfo: TypeAlias = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)


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
    handler.setFormatter(JsonFormatter() if settings.log_format == "json" else TextFormatter())
    return handler


def _add_correlation_id(record: logging.LogRecord) -> bool:
    record.correlation_id = correlation.current()
    return True


class TextFormatter(logging.Formatter):
    """``time level [correlation id] logger: message``; every line of a traceback likewise."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line, or one and a line for each place of a traceback."""
        prefix = (
            f"{_timestamp(record)} {record.levelname} "
            f"[{record.__dict__.get('correlation_id', correlation.NO_REQUEST)}] {record.name}: "
        )
        lines = [record.getMessage(), *_places(record.exc_info)]
        return "\n".join(prefix + _escape(line) for line in lines)


class JsonFormatter(logging.Formatter):
    """One JSON object a line; the facts of an access line are fields of it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the object, in ASCII."""
        facts = record.__dict__.get("facts")
        line: dict[str, Any] = {
            "time": _timestamp(record),
            "level": record.levelname,
            "correlation_id": record.__dict__.get("correlation_id", correlation.NO_REQUEST),
            "logger": record.name,
            **(facts or {"message": record.getMessage()}),
        }
        if record.exc_info:
            line["traceback"] = list(_places(record.exc_info))
        return json.dumps(line, default=str)


def _timestamp(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _escape(text: str) -> str:
    # As in a Python literal: control characters, line separators and all beyond ASCII.
    return text if text.isascii() and text.isprintable() else ascii(text)[1:-1]


def _places(exc_info: ExcInfo | None) -> Iterator[str]:
    """Yield the types of an exception and its causes, and where each was raised."""
    error = exc_info[1] if exc_info else None
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield f"{type(error).__module__}.{type(error).__qualname__}, raised through"
        for frame in traceback.extract_tb(error.__traceback__):
            yield f"  {frame.filename}:{frame.lineno} in {frame.name}"
        error = error.__cause__ or error.__context__


def defect(exc_info: ExcInfo) -> None:
    """Log an exception that nobody foresaw."""
    defects.error("A defect of the gateway.", exc_info=exc_info)


def init_app(app: Flask) -> None:
    """Write one access line for every request of the application."""
    app.before_request(_begin)
    app.after_request(_write_access_line)


def note(**facts: object) -> None:
    """Add facts to the access line of this request; None is left out, patient data never goes in.

    The names in use: operation, pacs, matches, withheld, moved, outcome, error,
    message, dicom, dimse_status.
    """
    g.facts.update({name: value for name, value in facts.items() if value is not None})


def note_pacs(pacs: ApplicationEntity) -> None:
    """Add the address of the PACS to the access line."""
    host = f"[{pacs.host}]" if ":" in pacs.host else pacs.host
    note(pacs=f"{host}:{pacs.port}")


def _begin() -> None:
    g.started = time.perf_counter()
    g.facts = {"operation": "-", "outcome": "ok"}


def _write_access_line(response: Response) -> Response:
    # The rule, not the path, and only methods of HTTP: what nobody knows may hold anything, a
    # patient ID too.
    facts = {
        "operation": g.facts.pop("operation"),
        "method": request.method if request.method in HTTPMethod.__members__ else "-",
        "path": request.url_rule.rule if request.url_rule else "-",
        "status": response.status_code,
        "duration_ms": round((time.perf_counter() - g.started) * 1000, 1),
        **g.facts,
    }
    access.info(_as_text(facts), extra={"facts": facts})
    return response


def _as_text(facts: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={_word(str(value))}" for name, value in facts.items())


def _word(value: str) -> str:
    return json.dumps(value) if not value or set(' "=') & set(value) else value
