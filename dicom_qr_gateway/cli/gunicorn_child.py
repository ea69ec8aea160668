"""The settings of a gunicorn that ends with the command that started it, even by kill -9.

Its workers know the sandbox PACS beside it by a name.
"""

import os
import signal

from dicom_qr_gateway import gunicorn_config
from dicom_qr_gateway.cli.named_sandbox import name_the_sandbox
from dicom_qr_gateway.gunicorn_config import *  # noqa: F403
from dicom_qr_gateway.gunicorn_config import Master, pacs
from dicom_qr_gateway.lifecycle import die_with_parent


def on_starting(_master: Master) -> None:
    """Have the kernel stop this master when its parent ends; name the sandbox."""
    die_with_parent(os.getppid(), signal.SIGTERM)
    name_the_sandbox(pacs)


def on_reload(master: Master) -> None:  # type: ignore[no-redef]
    """Read PACS_CONFIG again, and name the sandbox again."""
    gunicorn_config.on_reload(master)
    name_the_sandbox(pacs)
