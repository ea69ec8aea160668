"""Associations that end after the answer they were for.

Rule: an end holds a thread, and whoever asks next on the same connection waits for it. So a quarter
of a worker's threads at most ends associations that way, and none with a PACS that was slow to
release one.
"""

import time
from contextlib import ExitStack, suppress
from typing import Final

from dicom_qr_gateway.dicom.bulkheads import Bulkheads
from dicom_qr_gateway.errors import GatewayBusy

ENDINGS: Final = "endings"
SLOW: Final = 0.05  # seconds of an end
REMEMBERED_FOR: Final = 60.0  # seconds


class Endings:
    """The ends that one worker leaves for after its answers."""

    def __init__(self, bulkheads: Bulkheads) -> None:
        """Begin with nobody known as slow."""
        self._bulkheads = bulkheads
        self._slow_until: dict[str, float] = {}

    def leave(self, after: ExitStack, held: ExitStack, place: str) -> None:
        """Have ``after`` close what is held, if nobody has to wait for that; else leave it there.

        Args:
            after: closed when the answer has been sent.
            held: what ends the association when it is closed.
            place: the PACS, as all workers name it.
        """
        if self._slow_until.get(place, 0.0) > time.monotonic():
            return
        with suppress(GatewayBusy):
            after.enter_context(self._bulkheads.place(ENDINGS, self._bulkheads.quarter))
            after.callback(self._end, held.pop_all(), place)

    def _end(self, held: ExitStack, place: str) -> None:
        begun = time.monotonic()
        held.close()
        now = time.monotonic()
        if now - begun > SLOW:
            known = {each: until for each, until in self._slow_until.items() if until > now}
            self._slow_until = {**known, place: now + REMEMBERED_FOR}
