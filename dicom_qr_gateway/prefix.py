"""The gateway under a path prefix of its own (SCRIPT_NAME), whatever server runs it.

Rule: a request below the prefix is served without it; every other one is an unknown path.
"""

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


class UnderPrefix:
    """WSGI middleware that takes the prefix off the path."""

    def __init__(self, app: WSGIApplication, prefix: str) -> None:
        """Serve the application under the prefix: "/" and segments, no slash at its end."""
        self._app = app
        self._prefix = prefix

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        path = environ.get("PATH_INFO", "")
        if path == self._prefix or path.startswith(f"{self._prefix}/"):
            environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + self._prefix
            environ["PATH_INFO"] = path.removeprefix(self._prefix)
        else:
            environ["PATH_INFO"] = "/"  # which the application does not serve
        return self._app(environ, start_response)
