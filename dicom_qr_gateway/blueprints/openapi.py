"""flask-smorest, wrapped once: no other module imports it.

Rule: a decorator that changes what an endpoint does also documents it, and the documents say no
more than the endpoint does. Answers are documented by schemas, not dumped through them.
"""

import socket
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, Protocol, TypeVar

import flask_smorest  # type: ignore[import-untyped]
from flask import Flask, current_app, request
from flask.typing import ResponseReturnValue
from marshmallow import Schema
from werkzeug.http import HTTP_STATUS_CODES

from dicom_qr_gateway import __version__, log
from dicom_qr_gateway.blueprints import errors as error_answers
from dicom_qr_gateway.blueprints.plugins import FurtherRules, ResponsesInOrder
from dicom_qr_gateway.blueprints.request_body import StrictParser
from dicom_qr_gateway.correlation import HEADER as CORRELATION
from dicom_qr_gateway.schemas.errors import ErrorSchema
from dicom_qr_gateway.schemas.pacs import Asked, PacsSchema

SPECIFICATION: Mapping[str, Any] = {
    "title": "DICOM QR Gateway",
    "version": __version__,
    "openapi_version": "3.0.3",
    "info": {
        "description": "C-FIND and C-MOVE for applications that speak HTTP and JSON. The gateway "
        "keeps no state: the PACS to talk to comes with each request. A failure is never shown as "
        "an empty or complete result.",
        "license": {"name": "MIT"},
    },
    "servers": [{"url": "/"}],
}

MEANINGS: Mapping[int, str] = {
    400: "The request is not valid: see errors for each field. Nothing was sent to any PACS.",
    403: "The target is not allowed by this gateway's policy.",
    404: "There is no PACS of that name.",
    405: "The endpoint has another method.",
    406: "The client accepts none of the media types of the answer.",
    413: "The body is too large.",
    415: "The body is not `application/json`.",
    500: "A defect of the gateway.",
    502: "The DICOM operation failed.",
    503: "The PACS or the gateway is at its limit for the moment.",
    504: "The PACS did not answer in time.",
}
# A view that reads a body and talks to a PACS may end in all of these.
ANY_FAILURE = tuple(status for status in MEANINGS if status not in (404, 406))
# One that does neither, in these.
OWN_FAILURES = (405, 500)

CORRELATION_HEADER = {
    "description": "The id of this request on every log line: the caller's own, or a new one.",
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"},
}
FURTHER_HEADERS: Mapping[int, dict[str, Any]] = {
    405: {"Allow": {"description": "The methods there are.", "schema": {"type": "string"}}},
    503: {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}},
}

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])


class Decorator(Protocol):
    """Takes a view and returns it, doing or documenting more."""

    def __call__(self, view: View, /) -> View:
        """Return the decorated view."""


def client_socket() -> socket.socket | None:
    """Return the socket of this request's client where the server offers it (gunicorn does)."""
    offered: socket.socket | None = request.environ.get("gunicorn.socket")
    return offered


def _documenting(decorate: Callable[[Any], Any]) -> Decorator:
    """Return what documents a view as a decorator of flask-smorest does.

    Without the function that it puts around the view, through which every request would go.
    """

    def document(view: Any) -> Any:
        view._apidoc = decorate(view)._apidoc
        return view

    return document


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]
    """A group of endpoints and their documentation."""

    ARGUMENTS_PARSER = StrictParser()

    def endpoint(
        self,
        method: str,
        path: str,
        operation: str = "-",
        parameters: Sequence[dict[str, Any]] = (),
    ) -> Decorator:
        """Serve the view at the path; its docstring is the summary and the description.

        Args:
            method: the HTTP method.
            path: the URL rule.
            operation: the DICOM operation it stands for, as the access line names it.
            parameters: OpenAPI's of the path, beyond what the rule says.
        """

        def decorate(view: View) -> View:
            @wraps(view)
            def wrapper(*args: Any, **kwargs: Any) -> ResponseReturnValue:
                log.note(operation=operation)
                return view(*args, **kwargs)

            documented = self.doc(operationId=view.__name__)(wrapper)
            self.add_url_rule(
                path, view_func=documented, methods=[method], parameters=list(parameters)
            )
            return view

        return decorate

    @staticmethod
    def doc(**described: Any) -> Decorator:
        """Document more of the view, in OpenAPI's own words."""
        return _documenting(flask_smorest.Blueprint.doc(**described))

    def alt_response(self, *args: Any, **kwargs: Any) -> Decorator:
        """Document a response."""
        return _documenting(super().alt_response(*args, **kwargs))

    def takes(self, schema: type[PacsSchema], example: Mapping[str, Any]) -> Decorator:
        """Pass the body to the view as the schema's request, of the PACS that the body means."""

        def decorate(view: View) -> View:
            @wraps(view)
            def wrapper(asked: Asked) -> ResponseReturnValue:
                return view(asked.of(current_app.extensions["pacs"]))

            # An instance: webargs would make one a request, which costs more than the parsing.
            decorated: View = self.arguments(schema(), example=example)(wrapper)
            return decorated

        return decorate

    def answers(self, status: int, schema: type[Schema], description: str) -> Decorator:
        """Document what the view answers."""
        decorator: Decorator = self.alt_response(
            status,
            schema=schema,
            description=description,
            headers={CORRELATION: CORRELATION},
            success=True,
        )
        return decorator

    def described(self, status: int, response: Mapping[str, Any], **more: Any) -> Decorator:
        """Document an answer, and more of the operation, in OpenAPI's own words."""
        with_id = {**response, "headers": {CORRELATION: CORRELATION, **response["headers"]}}
        decorator: Decorator = self.doc(responses={status: with_id}, **more)
        return decorator

    def fails(self, *statuses: int) -> Decorator:
        """Document the failures that the table of ``errors.py`` gives these statuses."""
        decorator: Decorator = self.doc(
            responses={status: f"Failure{status}" for status in statuses}
        )
        return decorator


class Api(flask_smorest.Api):  # type: ignore[misc]
    """The application's one API: errors as the contract says, failures documented by the table."""

    ERROR_SCHEMA = ErrorSchema
    DEFAULT_ERROR_RESPONSE_NAME = None

    def __init__(self, app: Flask) -> None:
        """Set up documentation and errors of the application."""
        super().__init__(
            app,
            spec_kwargs={**SPECIFICATION, "extra_plugins": [ResponsesInOrder(), FurtherRules()]},
        )
        error_answers.init_app(app)
        # flask-smorest documents its pagination whether an endpoint pages or not.
        self.spec.components.schemas.pop("PaginationMetadata")
        self.spec.components.header(CORRELATION, CORRELATION_HEADER)
        for status in MEANINGS:
            self.spec.components.response(f"Failure{status}", failure(status), lazy=True)


def failure(status: int) -> dict[str, Any]:
    """Return the OpenAPI response object of a failure status."""
    values = error_answers.values_of(status)
    example = {
        "code": status,
        "status": HTTP_STATUS_CODES[status],
        "error": values[0],
        "message": MEANINGS[status],
        **(
            {"errors": {"pacs_port": ["Give an integer from 1 to 65535."]}} if status == 400 else {}
        ),
        "correlation_id": "7d1c5f0a9b3e4c6d8e2f1a0b9c8d7e6f",
    }
    return {
        "description": f"{MEANINGS[status]} `error`: {', '.join(f'`{each}`' for each in values)}.",
        "headers": {CORRELATION: CORRELATION, **FURTHER_HEADERS.get(status, {})},
        "content": {"application/json": {"schema": ErrorSchema, "example": example}},
    }


def document(server: str) -> dict[str, Any]:
    """Return the OpenAPI document, for a gateway whose paths begin at the server's URL."""
    api = current_app.extensions["flask-smorest"]["apis"][""]["ext_obj"]
    described: dict[str, Any] = api.spec.to_dict()
    return described | {"servers": [{"url": server}]}
