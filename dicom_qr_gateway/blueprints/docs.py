"""The OpenAPI document and its two readers, Swagger UI and ReDoc, without any network.

Rule: a page loads nothing but what the gateway serves: files of installed packages and our own two
scripts. The pages' Content-Security-Policy makes browsers hold it.
"""

from functools import cache
from importlib.resources import files
from typing import Final

from flask import Blueprint, Response, jsonify, make_response, render_template, request

from dicom_qr_gateway.blueprints.openapi import document
from dicom_qr_gateway.errors import NoSuchEndpoint

SCRIPT: Final = "text/javascript"

# name -> (package, file in it, media type; the machine's own table may have a wrong one)
ASSETS: Final = {
    "swagger-ui.css": ("flask_swagger_ui", "dist/swagger-ui.css", "text/css"),
    "swagger-ui-bundle.js": ("flask_swagger_ui", "dist/swagger-ui-bundle.js", SCRIPT),
    "favicon.png": ("flask_swagger_ui", "dist/favicon-32x32.png", "image/png"),
    "redoc.js": ("mkdocs_redoc_tag", "redoc/javascripts/redoc.standalone.js", SCRIPT),
    "swagger-ui-init.js": ("dicom_qr_gateway", "static/swagger-ui-init.js", SCRIPT),
    "redoc-init.js": ("dicom_qr_gateway", "static/redoc-init.js", SCRIPT),
}

# ReDoc writes its styles into the page and searches in a worker that it makes from a blob.
PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "style-src 'self'{styles}; worker-src {workers}"
)

REDOC_LOGO: Final = b"https://cdn.redoc.ly/redoc/logo-mini.svg"

blueprint = Blueprint("docs", __name__)


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """Return the OpenAPI document; its server is the path prefix this request came under."""
    return jsonify(document(request.script_root or "/"))


@blueprint.get("/docs")
def swagger_ui() -> Response:
    """Return the page on which requests can be tried out."""
    return _page("swagger-ui.html", styles="", workers="'none'")


@blueprint.get("/redoc")
def redoc() -> Response:
    """Return the page that reads like a manual."""
    return _page("redoc.html", styles=" 'unsafe-inline'", workers="blob:")


@blueprint.get("/docs/assets/<name>")
def asset(name: str) -> Response:
    """Return a file that the pages load."""
    if name not in ASSETS:
        raise NoSuchEndpoint("There is no such file.")
    _, _, media_type = ASSETS[name]
    response = Response(_content(name), mimetype=media_type)
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response


@cache
def _content(name: str) -> bytes:
    """Return an asset; ReDoc shows our icon where it would load its maker's logo from a CDN."""
    package, path, _ = ASSETS[name]
    # The icon's address is relative to /redoc, so it is right under a path prefix too.
    return (files(package) / path).read_bytes().replace(REDOC_LOGO, b"docs/assets/favicon.png")


def _page(template: str, **sources: str) -> Response:
    page = make_response(render_template(template))
    page.headers["Content-Security-Policy"] = PAGE_POLICY.format(**sources)
    return page
