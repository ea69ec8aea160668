"""Numbered places that all worker processes share, held by locks of the kernel.

Rule: no counter that somebody must put right. A place is a byte of a file without a name; who holds
the lock on it has the place, and a process that is killed gives all of its places back.

The file is made when this module is first imported. gunicorn's master does that before it forks its
workers, so all of them share it; processes that do not descend from one another share nothing.
"""

import fcntl
import hashlib
import os
import struct
import sys
import threading
from collections import Counter
from contextlib import ExitStack
from typing import Final, Protocol

MOST_SLOTS: Final = 4096  # of one key

# struct flock of fcntl(2): type, whence, start, length, process id.
_FLOCK: Final = struct.Struct("hhqqi0q")


class Slot(Protocol):
    """A place that is held until it is closed."""

    def close(self) -> None:
        """Give the place back."""


class SharedSlots:
    """Places by key, held by locks on open file descriptions (fcntl(2), Linux)."""

    def __init__(self) -> None:
        """Make the file."""
        self._file = os.memfd_create("dicom-qr-gateway-slots")

    def take(self, key: str, most: int) -> Slot | None:
        """Return one of the ``most`` places of the key, None if all are held.

        Raises:
            OSError: no file descriptor is left.
        """
        # Opened anew: the lock belongs to this opening, also among the threads of one process.
        file = open(f"/proc/self/fd/{self._file}", "r+b", buffering=0)  # noqa: SIM115
        start = int.from_bytes(hashlib.sha256(key.encode()).digest()[:6], "big") * MOST_SLOTS
        for number in range(most):
            if _lock(file.fileno(), start + number):
                return file
        file.close()
        return None


def _lock(descriptor: int, byte: int) -> bool:
    request = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, byte, 1, 0)
    try:
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, request)
    except BlockingIOError:
        return False
    return True


class ProcessSlots:
    """Places by key within one process, where the system has no such locks."""

    def __init__(self) -> None:
        """Begin with every place free."""
        self._held: Counter[str] = Counter()
        self._lock = threading.Lock()

    def take(self, key: str, most: int) -> Slot | None:
        """Return one of the ``most`` places of the key, None if all are held."""
        with self._lock:
            if self._held[key] >= most:
                return None
            self._held[key] += 1
        held = ExitStack()
        held.callback(self._give_back, key)
        return held

    def _give_back(self, key: str) -> None:
        with self._lock:
            self._held[key] -= 1
            if not self._held[key]:
                del self._held[key]


SHARED: Final = SharedSlots() if sys.platform == "linux" else ProcessSlots()
