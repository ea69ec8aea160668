"""gunicorn's configuration with a system clock that jumps: row 14 starts the gateway by it.

Rule: ``time.time`` alone is falsified, in the master and in every worker: four times a second it
jumps a day ahead or back again. What reads ``time.monotonic`` notices nothing.
"""

import time

from dicom_qr_gateway.gunicorn_config import *  # noqa: F403

A_DAY = 86_400.0
_right_time = time.time


def jumping_time() -> float:
    """Return the time, or the time of tomorrow."""
    return _right_time() + A_DAY * (int(time.monotonic() * 4) % 2)


time.time = jumping_time
