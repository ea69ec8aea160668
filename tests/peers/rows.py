"""Answers of searches in the DICOM JSON Model, as tests look at them."""

from typing import Any

Rows = list[dict[str, Any]]


def value(row: dict[str, Any], tag: str) -> Any:
    """Return the first value of an attribute, None where it has none."""
    return row.get(tag, {}).get("Value", [None])[0]


def uids(rows: Rows, tag: str = "0020000D") -> set[str]:
    return {str(value(row, tag)) for row in rows}
