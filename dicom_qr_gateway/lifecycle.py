"""From SIGTERM to the end of a worker, so that every running request still gets an answer.

Rule: a signal handler sets a flag and writes one byte, nothing else: it interrupts the main thread
anywhere, also while that thread holds a lock. A daemon thread, started beforehand, does the rest:

    SIGTERM              ``draining``: /ready says 503, everything is still served
    + drain_seconds      the server's own graceful stop: the listener closes
    + graceful_timeout   2 s before it, ``stop`` is set: DICOM operations end themselves
                         (C-CANCEL, A-ABORT) and their requests are answered

A worker that is replaced (SIGHUP) does not drain: the gateway stays ready.
"""

import ctypes
import mmap
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable

from dicom_qr_gateway.dicom.waiting import StopSignal

ANSWER_SECONDS = 2.0
PR_SET_PDEATHSIG = 1


class Lifecycle:
    """The stop of one process; ``create_app`` keeps it in ``app.extensions["lifecycle"]``.

    Under a server that never calls ``arm`` (mod_wsgi, uWSGI, flask run) it stays quiet.
    """

    def __init__(self, drain_seconds: float, graceful_timeout: float) -> None:
        """Take both periods in seconds; draining counts within ``graceful_timeout``."""
        self.draining = False
        self.stop = StopSignal()
        self._begun = StopSignal()
        self._stop_after = max(graceful_timeout - ANSWER_SECONDS, 0.0)
        self._drain_seconds = min(drain_seconds, self._stop_after)

    def arm(self, stop_accepting: Callable[[], None]) -> None:
        """Start the thread that will carry out the stop and call ``stop_accepting`` in it, once."""
        threading.Thread(
            target=self._carry_out, args=(stop_accepting,), name="lifecycle", daemon=True
        ).start()

    def begin(self, is_replaced: bool = False) -> None:
        """Begin the stop. Made for signal handlers: no lock, no log; a second call does nothing.

        Args:
            is_replaced: another process serves in place of this one.
        """
        if not self._begun.is_set():
            self.draining = not is_replaced
            self._begun.set()

    def _carry_out(self, stop_accepting: Callable[[], None]) -> None:
        select.select([self._begun], [], [])
        begun = time.monotonic()
        time.sleep(self._drain_seconds if self.draining else 0)
        stop_accepting()
        time.sleep(max(begun + self._stop_after - time.monotonic(), 0.0))
        self.stop.set()


class Reloads:
    """How often the workers were replaced: a number that the processes of a gateway share."""

    def __init__(self) -> None:
        """Begin with none."""
        self._count = mmap.mmap(-1, 1)

    @property
    def count(self) -> int:
        """Return the number, of which only changes mean something."""
        return self._count[0]

    def add(self) -> None:
        """Count one more."""
        self._count[0] = (self._count[0] + 1) % 256


def die_with_parent(parent: int, signal_number: int = signal.SIGKILL) -> None:
    """Have the kernel end this process when its parent does (Linux: prctl(2)).

    Args:
        parent: process id of the parent. If it is gone already, the signal comes at once.
        signal_number: what the kernel sends.

    Raises:
        OSError: the kernel refused.
    """
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal_number) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:
        os.kill(os.getpid(), signal_number)
