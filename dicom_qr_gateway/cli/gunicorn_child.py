"""The settings of a gunicorn that ends with the command that started it, even by kill -9."""

import os
import signal

from dicom_qr_gateway.gunicorn_config import *  # noqa: F403
from dicom_qr_gateway.gunicorn_config import Master
from dicom_qr_gateway.lifecycle import die_with_parent


def on_starting(_master: Master) -> None:
    """Have the kernel stop this master when its parent ends."""
    die_with_parent(os.getppid(), signal.SIGTERM)
