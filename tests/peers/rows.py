"""Answers of searches in the DICOM JSON Model, as tests look at them."""

from typing import Any

import requests

Rows = list[dict[str, Any]]


def value(row: dict[str, Any], tag: str) -> Any:
    """Return the first value of an attribute, None where it has none."""
    return row.get(tag, {}).get("Value", [None])[0]


def uids(rows: Rows, tag: str = "0020000D") -> set[str]:
    return {str(value(row, tag)) for row in rows}


def get(url: str, **parameters: str) -> Rows:
    """Return the rows of a search that succeeds."""
    response = requests.get(url, params=parameters, timeout=60)
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"] == "application/dicom+json"
    rows: Rows = response.json()
    return rows
