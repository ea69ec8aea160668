"""How a line of the log looks: for people, or as JSON for machines.

Rule: one line an event. An exception is logged by its types and its places in the code, never by
its message, which may quote a data set. What a caller sent is written escaped, so that nobody can
forge a line.
"""

import json
import logging
import traceback
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, TypeAlias

NO_REQUEST: Final = "-"  # the correlation id of what belongs to no request

ExcInfo: TypeAlias = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)


class TextFormatter(logging.Formatter):
    """``time level [correlation id] logger: message``; every line of a traceback likewise."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line, or one and a line for each place of a traceback."""
        prefix = (
            f"{_timestamp(record)} {record.levelname} "
            f"[{record.__dict__.get('correlation_id', NO_REQUEST)}] {record.name}: "
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
            "correlation_id": record.__dict__.get("correlation_id", NO_REQUEST),
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


FORMATTERS: Final[Mapping[str, type[logging.Formatter]]] = {
    "text": TextFormatter,
    "json": JsonFormatter,
}
