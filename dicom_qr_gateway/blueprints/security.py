"""What every response tells browsers and caches.

Rule: answers hold patient data, so nobody keeps them; a response that is no page loads nothing.
"""

from typing import Final

from flask import Flask, Response

DEFAULTS: Final = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def init_app(app: Flask) -> None:
    """Give every response of the application the defaults it does not set itself."""
    app.after_request(_add_defaults)


def _add_defaults(response: Response) -> Response:
    own = {name.lower() for name, _ in response.headers}
    for name, value in DEFAULTS.items():
        if name.lower() not in own:
            response.headers.add(name, value)
    return response
