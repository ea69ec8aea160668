"""Associations that are kept for the next query, where the configuration of a PACS says so.

Rule 1: a kept association is one of those that its PACS may have, and of its ``idle_associations``,
both counted over all workers.
Rule 2: it is lent only if its PACS has said nothing since: whatever comes between two requests is
the end of the association.
Rule 3: it is released after KEPT_FOR seconds without use, and when the process ends.
"""

import atexit
import logging
import threading
import time
from collections import defaultdict
from collections.abc import Hashable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from dicom_qr_gateway.dicom.association import Association
from dicom_qr_gateway.dicom.slots import SHARED, Slot
from dicom_qr_gateway.dicom.waiting import Interrupts, StopSignal, Waiter

log = logging.getLogger(__name__)

KEPT_FOR: Final = 5.0  # seconds


@dataclass(slots=True)
class Kept:
    """An association that nobody uses.

    ``held`` releases it when it is closed, ``slot`` is its share of what may be kept.
    """

    association: Association
    held: ExitStack
    slot: Slot
    until: float


class KeptAssociations:
    """The kept associations of one worker."""

    def __init__(self, stop: StopSignal) -> None:
        """Begin with none."""
        self._stop = stop
        self._kept: defaultdict[Hashable, list[Kept]] = defaultdict(list)
        self._changed = threading.Condition()
        self._watcher: threading.Thread | None = None
        self._is_closed = False

    def take(self, key: Hashable) -> Kept | None:
        """Return an association that its PACS has not ended, None where there is none."""
        while True:
            with self._changed:
                kept = self._kept[key].pop() if self._kept.get(key) else None
            if kept is None:
                return None
            if not kept.association.has_ended():
                kept.slot.close()
                return kept
            log.debug("a kept association had been ended by its PACS")
            self._abort(kept)

    def keep(
        self, key: Hashable, association: Association, held: ExitStack, place: str, most: int
    ) -> bool:
        """Keep an association if that many are not kept yet, by all workers together; tell whether.

        What it was for is complete: whatever is missing to keep it is no error.

        Args:
            key: whom it is with, and what was proposed.
            association: it has no request under way.
            held: what is to be closed at its end; emptied if the association is kept.
            place: the PACS, as all workers name it.
            most: its ``idle_associations``.
        """
        slot = None if association.has_ended() else _share(place, most)
        if slot is None:
            return False
        with self._changed:
            if self._is_closed or not self._is_watched():
                slot.close()
                return False
            association.suspend()
            kept = Kept(association, held.pop_all(), slot, time.monotonic() + KEPT_FOR)
            self._kept[key].append(kept)
            self._changed.notify()
        return True

    def close(self) -> None:
        """Release all, and keep none any more."""
        with self._changed:
            self._is_closed = True
            ended = [kept for each in self._kept.values() for kept in each]
            self._kept.clear()
            self._changed.notify()
        self._release(ended)
        if self._watcher is not None:
            self._watcher.join()
        atexit.unregister(self.close)

    def _is_watched(self) -> bool:
        """Tell whether a thread releases what is kept in time; start it for the first."""
        if self._watcher is not None:
            return True
        watcher = threading.Thread(
            target=self._release_in_time, name="kept-associations", daemon=True
        )
        try:
            watcher.start()
        except RuntimeError:
            log.info("no thread is left to keep an association")
            return False
        self._watcher = watcher
        atexit.register(self.close)
        return True

    def _release_in_time(self) -> None:
        while True:
            with self._changed:
                if self._is_closed:
                    return
                every = [kept for each in self._kept.values() for kept in each]
                first = min((kept.until for kept in every), default=None)
                now = time.monotonic()
                if first is None or first > now:
                    self._changed.wait(None if first is None else first - now)
                    continue
                ended = [kept for kept in every if kept.until <= now]
                for each in self._kept.values():
                    each[:] = [kept for kept in each if kept.until > now]
            self._release(ended)

    def _release(self, ended: list[Kept]) -> None:
        for kept in ended:
            kept.association.resume(Waiter(Interrupts(self._stop)))
            kept.held.close()
            kept.slot.close()

    def _abort(self, kept: Kept) -> None:
        """End what its PACS has ended, or broken, without a wait: a query is about to begin."""
        kept.association.resume(Waiter(Interrupts(self._stop)))
        kept.association.abort()
        kept.held.close()
        kept.slot.close()


def _share(place: str, most: int) -> Slot | None:
    """Return one of the associations that may be kept, None where there is none."""
    try:
        return SHARED.take(f"idle {place}", most)
    except OSError:
        log.info("no file descriptor is left to keep an association")
        return None
