"""A request body as JSON, read strictly (RFC 8259): one meaning or none.

Rule: whatever the bytes are, the outcome is an object or InvalidRequest; nothing is repaired, and
no input makes the parser recurse deeply, loop long or raise anything else.
"""

import json
import re
from collections import Counter
from typing import Any, NoReturn

from dicom_qr_gateway.errors import InvalidRequest

MAX_DEPTH = 20
# Problems of the body as a whole are reported under this name.
BODY = "body"

# A string is one token, also one that never ends: the scan stays linear.
_STRUCTURE = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)
# 64 bits have 19 digits, and no field takes more than 16.
_MAX_DIGITS = 20
_BEYOND_EVERY_RANGE = 10**_MAX_DIGITS


def load_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object that the body is.

    Raises:
        InvalidRequest: the body is not UTF-8, not JSON, no object, nested too deeply, or names a
            field twice.
    """
    try:
        text = body.decode("utf-8")
        _check_depth(text)
        value = _DECODER.decode(text)
    except UnicodeDecodeError:
        _refuse("The body is not UTF-8.")
    except json.JSONDecodeError as error:
        _refuse(f"The body is not JSON: look at line {error.lineno}, column {error.colno}.")
    if not isinstance(value, dict):
        _refuse("The body must be a JSON object.")
    return value


def printable(name: str) -> str:
    """Return a field's name as UTF-8 can carry it: lone surrogates escaped."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def _refuse(sentence: str) -> NoReturn:
    raise InvalidRequest({BODY: [sentence]}) from None


def _check_depth(text: str) -> None:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for token in _STRUCTURE.finditer(text):
        opening = token[0] in "[{"
        depth += 1 if opening else -1 if token[0] in "]}" else 0
        if depth > MAX_DEPTH:
            _refuse(f"The body is nested deeper than {MAX_DEPTH} levels.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        counts = Counter(name for name, _ in pairs)
        raise InvalidRequest(
            {
                printable(name): ["This field is given more than once."]
                for name, count in counts.items()
                if count > 1
            }
        )
    return fields


def _integer(digits: str) -> int:
    # Python refuses to convert thousands of digits, and would take long for a few less.
    return int(digits) if len(digits) <= _MAX_DIGITS else _BEYOND_EVERY_RANGE


def _no_constant(name: str) -> NoReturn:
    _refuse(f"{name} is not JSON.")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_constant=_no_constant
)
