"""Answers as people read them in a terminal."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

STUDY_COLUMNS = {
    "Date": "StudyDate",
    "Time": "StudyTime",
    "Modalities": "ModalitiesInStudy",
    "Accession": "AccessionNumber",
    "Description": "StudyDescription",
    "Patient": "PatientName",
    "Study Instance UID": "StudyInstanceUID",
}
RETRIEVE_COLUMNS = {
    "Status": "status",
    "Completed": "completed",
    "Failed": "failed",
    "Study Instance UID": "StudyInstanceUID",
    "Message": "message",
}
CHECK_COLUMNS = {
    "Name": "name",
    "AE title": "ae_title",
    "Result": "error",
    "ms": "milliseconds",
    "Accepts": "services",
    "Message": "message",
}


def study_table(studies: Iterable[Mapping[str, Any]]) -> str:
    """Return a line for each study, below a line of headings."""
    return _table(STUDY_COLUMNS, studies)


def retrieve_table(details: Iterable[Mapping[str, Any]]) -> str:
    """Return a line for each study that was to be moved, below a line of headings."""
    return _table(RETRIEVE_COLUMNS, details)


def check_table(checks: Iterable[Mapping[str, Any]]) -> str:
    """Return a line for each named PACS, below a line of headings."""
    return _table(CHECK_COLUMNS, checks)


def accepted(services: Mapping[str, bool]) -> str:
    """Return the names of the services that a PACS accepts."""
    return ", ".join(name for name, is_accepted in services.items() if is_accepted)


def _table(columns: Mapping[str, str], rows: Iterable[Mapping[str, Any]]) -> str:
    lines = [list(columns), *([_cell(row[key]) for key in columns.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(_line(line, widths) for line in lines)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(map(str.ljust, cells, widths)).rstrip()


def _cell(value: Any) -> str:
    """Return printable text: a PACS may send control characters, which a terminal would obey."""
    text = "/".join(value) if isinstance(value, list) else "" if value is None else str(value)
    return "".join(each if each.isprintable() else "?" for each in text)
