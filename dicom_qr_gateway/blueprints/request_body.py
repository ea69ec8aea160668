"""The body of a request: read to its end, as strict JSON, its faults told by field.

Rule: nothing of a request is used before all of it was read and found valid.
"""

from collections.abc import Mapping
from typing import Any, Final, NoReturn

from flask import Request
from marshmallow import Schema, ValidationError
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import HTTPException

from dicom_qr_gateway.blueprints.strict_json import BODY, load_object, printable
from dicom_qr_gateway.errors import InvalidRequest, RequestTooLarge, UnsupportedMediaType

MAX_BODY: Final = 64 * 1024  # bytes


class StrictParser(FlaskParser):
    """Reads requests as the contract says: strict JSON and flat errors."""

    DEFAULT_VALIDATION_STATUS = 400

    def load_json(self, req: Request, schema: Schema) -> Any:
        """Return the body as an object."""
        if req.mimetype != "application/json":
            raise UnsupportedMediaType("Send the body as Content-Type: application/json.")
        return load_object(read_body(req))

    def handle_error(
        self, error: ValidationError, req: Request, schema: Schema, **_kwargs: Any
    ) -> NoReturn:
        """Report the rules that a schema found broken."""
        # webargs puts the messages under the place they come from: "json".
        by_location: dict[str, Any] = error.normalized_messages()  # type: ignore[no-untyped-call]
        [problems] = by_location.values()
        raise InvalidRequest(flat(problems)) from None


def read_body(request: Request) -> bytes:
    """Return the whole body.

    Raises:
        RequestTooLarge: it is longer than MAX_BODY; what is beyond is not read.
        InvalidRequest: it could not be read to its end.
    """
    # One byte more tells a body that fills the limit from one that goes beyond it, where no
    # length was announced.
    request.max_content_length = MAX_BODY + 1
    announced = request.content_length or 0
    if announced > MAX_BODY:
        raise RequestTooLarge(f"The body is larger than {MAX_BODY} bytes.")
    try:
        body = request.get_data(cache=False)
    except (HTTPException, MemoryError):
        raise
    except Exception:
        # Each server has its own exception for a broken chunk or trailer.
        raise InvalidRequest({BODY: ["The body is not framed as HTTP says."]}) from None
    if len(body) < announced:
        raise InvalidRequest({BODY: ["The body ended before its announced length."]})
    if len(body) > MAX_BODY:
        raise RequestTooLarge(f"The body is larger than {MAX_BODY} bytes.")
    return body


def flat(problems: Mapping[Any, Any]) -> dict[str, list[str]]:
    """Return marshmallow's messages as field -> sentences, items of a list under their field."""
    return {printable(name): _sentences(found) for name, found in problems.items()}


def _sentences(found: Any) -> list[str]:
    if isinstance(found, Mapping):
        return [
            f"Item {index + 1}: {sentence}"
            for index, sentences in found.items()
            for sentence in sentences
        ]
    return list(found)
