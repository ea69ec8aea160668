"""Walls between PACS, so that one that is dead or slow cannot take every thread or association.

Rule: whoever waits holds a thread too. So what runs and waits for one PACS never exceeds half of a
worker's threads, nor do all retrieves together; beyond that the answer is "busy", at once. A
quarter at most ends associations after their answers.
"""

import threading
import time
from collections import Counter
from typing import Final

from dicom_qr_gateway.dicom.slots import SHARED, Slot
from dicom_qr_gateway.dicom.types import Deadline, Limits
from dicom_qr_gateway.dicom.waiting import Waiter
from dicom_qr_gateway.errors import GatewayBusy

# Locks of the kernel cannot be polled, so a waiter looks again: soon at first, for a PACS that is
# quick, then seldom, for one that is dead costs processor time with every look.
LOOK_AGAIN: Final = 0.005  # seconds
LOOK_AGAIN_AT_MOST: Final = 0.08  # seconds

RETRIEVES: Final = "retrieves"


class Place:
    """A place of a worker, held while the context is entered."""

    def __init__(self, running: Counter[str], lock: threading.Lock, of: str, most: int) -> None:
        """Keep what is counted, and how far."""
        self._running, self._lock, self._of, self._most = running, lock, of, most

    def __enter__(self) -> None:
        """Take the place.

        Raises:
            GatewayBusy: all are held.
        """
        with self._lock:
            if self._running[self._of] >= self._most:
                raise GatewayBusy(
                    "Half of this gateway's threads are busy with the same: try again later."
                )
            self._running[self._of] += 1

    def __exit__(self, *_error: object) -> None:
        """Give the place back."""
        with self._lock:
            self._running[self._of] -= 1
            if not self._running[self._of]:
                del self._running[self._of]


class Bulkheads:
    """The limits of one worker, and its share of the limits of them all."""

    def __init__(self, limits: Limits, threads: int) -> None:
        """Begin with nothing running.

        Args:
            limits: MAX_ASSOCIATIONS_PER_PACS (over all workers) and QUEUE_TIMEOUT.
            threads: how many requests this worker can hold.
        """
        self._limits = limits
        self._running: Counter[str] = Counter()
        self._lock = threading.Lock()
        self.half, self.quarter = 1, 0
        self.set_threads(threads)

    def set_threads(self, threads: int) -> None:
        """Take the number of threads that the server really gave this worker."""
        self.half, self.quarter = max(threads // 2, 1), threads // 4

    def place(self, of: str, most: int | None = None) -> Place:
        """Return one of this worker's places of a kind: ``most`` are held at a time, or half.

        Entering it raises GatewayBusy if all are held.
        """
        return Place(self._running, self._lock, of, self.half if most is None else most)

    def association(
        self,
        address: str,
        port: int,
        waiter: Waiter,
        *deadlines: Deadline,
        most: int | None = None,
    ) -> Slot:
        """Return one of the associations that all workers together may have with a PACS.

        These are at most ``most``, by default MAX_ASSOCIATIONS_PER_PACS.

        Raises:
            GatewayBusy: none became free within QUEUE_TIMEOUT.
            PacsTimeout, ShuttingDown, ClientLeft: see Waiter.
        """
        end = time.monotonic() + self._limits.queue_timeout
        pause = LOOK_AGAIN
        while True:
            slot = self._take(f"{address} {port}", most or self._limits.max_associations_per_pacs)
            if slot is not None:
                return slot
            if time.monotonic() >= end:
                raise GatewayBusy(
                    "All associations that this gateway may have with the PACS are busy "
                    "(MAX_ASSOCIATIONS_PER_PACS): try again later."
                )
            waiter.pause(pause, *deadlines)
            pause = min(2 * pause, LOOK_AGAIN_AT_MOST)

    def _take(self, key: str, most: int) -> Slot | None:
        try:
            return SHARED.take(key, most)
        except OSError:
            raise GatewayBusy("The gateway has no file descriptor left.") from None
