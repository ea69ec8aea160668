"""What every response tells browsers and caches.

Rule: answers hold patient data, so nobody keeps them; a response that is no page loads nothing.
"""

from collections.abc import Iterable
from typing import Any, Final
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

DEFAULTS: Final = {
    "content-security-policy": (
        "Content-Security-Policy",
        "default-src 'none'; frame-ancestors 'none'",
    ),
    "x-content-type-options": ("X-Content-Type-Options", "nosniff"),
    "referrer-policy": ("Referrer-Policy", "no-referrer"),
    "cache-control": ("Cache-Control", "no-store"),
}


class Secured:
    """WSGI middleware that gives every response the defaults it does not set itself."""

    def __init__(self, app: WSGIApplication) -> None:
        """Serve the application so."""
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""

        def start(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Any:
            missing = DEFAULTS.keys() - {name.lower() for name, _ in headers}
            defaults = [DEFAULTS[name] for name in DEFAULTS if name in missing]
            return start_response(status, headers + defaults, *exc_info)

        return self._app(environ, start)
