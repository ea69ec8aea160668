"""gunicorn reads this file by itself in its working directory.

The settings live in the package, so that an installed gateway starts without this checkout.
"""

from dicom_qr_gateway.gunicorn_config import *  # noqa: F403
