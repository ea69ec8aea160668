"""What the tests of searches call, and how they read an answer."""

import json
from collections.abc import Callable
from typing import Any

from dicom_qr_gateway.services.qido import Answer

from .scripted_pacs import ScriptedPacs

MakePacs = Callable[..., ScriptedPacs]
Search = Callable[..., Answer]


def values(answer: Answer, tag: str = "0020000D") -> list[Any]:
    """Return the first value of an attribute in each row."""
    rows = [json.loads(row) for row in answer.rows]
    return [row.get(tag, {}).get("Value", [None])[0] for row in rows]


def a_row(answer: Answer) -> dict[str, Any]:
    [row] = answer.rows
    found: dict[str, Any] = json.loads(row)
    return found
