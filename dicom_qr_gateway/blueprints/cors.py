"""Who may read searches from a page of another origin: CORS (the Fetch standard, 3.2).

Rule: nobody unless CORS_ORIGINS says so, and only below ``/dicom-web``: viewers run in browsers,
whoever sends C-MOVEs does not.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

from flask import Flask, Response, request

ANY: Final = "*"
_BELOW: Final = "/dicom-web/"
_ALLOWED: Final = {
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "Accept, Authorization, Content-Type, X-Correlation-ID",
    "Access-Control-Expose-Headers": "Warning, Retry-After, X-Correlation-ID",
    "Access-Control-Max-Age": "600",
}


def init_app(app: Flask, origins: frozenset[str]) -> None:
    """Let pages of these origins read searches; ``*`` stands for every page."""
    if origins:
        add: Callable[[Response], Response] = partial(_add_headers, origins)
        app.after_request(add)


def _add_headers(origins: frozenset[str], response: Response) -> Response:
    if not request.path.startswith(_BELOW):
        return response
    response.vary.add("Origin")
    origin = request.headers.get("Origin", "")
    if origin and (ANY in origins or origin in origins):
        response.headers["Access-Control-Allow-Origin"] = ANY if ANY in origins else origin
        response.headers.update(_ALLOWED)
    return response
