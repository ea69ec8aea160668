"""Flask, with the few of its habits changed that the contract does not allow.

Rule: every exception ends in an answer, also in tests and under ``flask run``; what it says is
neither shown nor logged.
"""

from collections.abc import Callable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask
from flask.json.provider import DefaultJSONProvider

from dicom_qr_gateway import log


class Json(DefaultJSONProvider):
    """Answers in UTF-8, compact, in the order they are written."""

    sort_keys = False
    ensure_ascii = False
    compact = True


class Application(Flask):
    """The gateway's WSGI application."""

    json_provider_class = Json

    def __init__(self) -> None:
        """Serve nothing but what blueprints add; a path is known or unknown, never redirected."""
        super().__init__("dicom_qr_gateway", static_folder=None)
        self.config["PROPAGATE_EXCEPTIONS"] = False
        self.url_map.merge_slashes = False

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function: none here is asynchronous, and Flask would ask each time."""
        return func

    def log_exception(self, exc_info: Any) -> None:
        """Log where a defect was raised; Flask's own line has the path, which may say anything."""
        log.defect(exc_info)

    def wsgi_app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        """Serve one request. werkzeug takes //q for /q, where a proxy's rule for /q would not."""
        if environ.get("PATH_INFO", "").startswith("//"):
            environ["PATH_INFO"] = "/"
        return super().wsgi_app(environ, start_response)
