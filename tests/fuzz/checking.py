"""What holds for the answer to any request whatever."""

import json
from collections import Counter
from typing import Any, NoReturn

from openapi_schema_validator import OAS30Validator
from werkzeug.test import TestResponse

from dicom_qr_gateway.correlation import ACCEPTED
from tests.http.conftest import openapi_document

FAILURES_OF_THE_PACS = {502, 503, 504}
REFUSED_AS_INPUT = {400, 413, 415}

# Status -> how many answers had it.
SEEN: Counter[int] = Counter()


def check(response: TestResponse) -> None:
    """Check an answer; the client that asked has held it to the OpenAPI document already."""
    status = response.status_code
    SEEN[status] += 1
    assert (
        status in FAILURES_OF_THE_PACS
        or 200 <= status < 300
        or 400 <= status < 500
        or (status == 304 and response.request.path.startswith("/docs/assets/"))
    )
    [correlation_id] = response.headers.getlist("X-Correlation-ID")
    assert ACCEPTED.fullmatch(correlation_id)
    if response.data and (status >= 400 or response.mimetype == "application/json"):
        assert response.mimetype == "application/json"
        assert isinstance(strict_json(response.data), dict)


def strict_json(data: bytes) -> Any:
    """Return what the bytes say as JSON, and as nothing but JSON."""
    return json.loads(data.decode("utf-8"), parse_constant=no_json)


def no_json(constant: str) -> NoReturn:
    raise AssertionError(f"{constant} is not JSON")


def check_accepted(path: str, body: bytes) -> None:
    """Check that a body that was not refused is what the document allows."""
    document = openapi_document()
    content = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
    schema = {**content["schema"], "components": document["components"]}
    OAS30Validator(schema).validate(strict_json(body))
