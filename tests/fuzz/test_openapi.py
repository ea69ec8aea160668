"""What a stranger's tool makes of /openapi.json: requests that hold to it, and that do not."""

from typing import Any

import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.http.real import a_gateway

from .checking import FAILURES_OF_THE_PACS, SEEN
from .conftest import OPTIONS, share

SCHEMA = schemathesis.openapi.from_wsgi("/openapi.json", a_gateway(**OPTIONS).application)


@SCHEMA.parametrize()
@share(10)
def test_every_operation_answers_as_the_document_says(case: schemathesis.Case) -> None:
    response = case.call()

    SEEN[response.status_code] += 1
    case.validate_response(response, excluded_checks=excluded(response))
    assert len(response.headers["x-correlation-id"]) == 1


def excluded(response: schemathesis.Response) -> list[Any]:
    """Return the checks that are wrong about this answer."""
    if response.status_code in FAILURES_OF_THE_PACS:
        return [not_a_server_error]  # a server error, but none of ours
    beyond_the_document = (
        # JSON Schema cannot say that items must differ in more than case and spaces,
        b'"errors":{"modalities":["Given more than once: ',
        # nor which PACS have a name.
        b'"errors":{"pacs":["This gateway knows no PACS of that name: ',
    )
    refused = any(each in response.content for each in beyond_the_document)
    return [positive_data_acceptance] if refused else []
