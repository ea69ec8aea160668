"""Is the gateway alive, which one is it, does it take requests?"""

import platform
from functools import cache
from importlib.metadata import version

from flask import current_app

from dicom_qr_gateway import __version__
from dicom_qr_gateway.blueprints.openapi import OWN_FAILURES, Blueprint
from dicom_qr_gateway.errors import ShuttingDown
from dicom_qr_gateway.lifecycle import Lifecycle
from dicom_qr_gateway.schemas.system import StatusSchema, VersionSchema

DISTRIBUTION = "dicom-qr-gateway"

blueprint = Blueprint("system", __name__, description="The gateway itself.")


@blueprint.endpoint("GET", "/health")
@blueprint.answers(200, StatusSchema, "The process answers.")
@blueprint.fails(*OWN_FAILURES)
def health() -> dict[str, str]:
    """Tell that the process answers; nothing else is looked at."""
    return {"status": "ok"}


@blueprint.endpoint("GET", "/version")
@blueprint.answers(200, VersionSchema, "What is running.")
@blueprint.fails(*OWN_FAILURES)
def versions() -> dict[str, str]:
    """Tell the versions of the gateway, Python, pynetdicom and pydicom."""
    return _versions()


@cache
def _versions() -> dict[str, str]:
    return {
        "name": DISTRIBUTION,
        "version": __version__,
        "python": platform.python_version(),
        "pynetdicom": version("pynetdicom"),
        "pydicom": version("pydicom"),
    }


@blueprint.endpoint("GET", "/ready")
@blueprint.answers(200, StatusSchema, "Requests are welcome.")
@blueprint.fails(*OWN_FAILURES, 503)
def ready() -> dict[str, str]:
    """Tell whether requests are welcome: not once the gateway is being stopped."""
    lifecycle: Lifecycle = current_app.extensions["lifecycle"]
    if lifecycle.draining:
        raise ShuttingDown("The gateway is being stopped: send requests elsewhere.")
    return {"status": "ok"}
