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
from dataclasses import dataclass
from functools import lru_cache
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
        # Openings that hold no lock, for the next who asks; fork(2) must hand none down, since a
        # lock belongs to its opening, whoever has a descriptor of it.
        self._free: list[int] = []
        os.register_at_fork(after_in_child=self._free.clear)

    def take(self, key: str, most: int) -> Slot | None:
        """Return one of the ``most`` places of the key, None if all are held.

        Raises:
            OSError: no file descriptor is left.
        """
        opening = self._opening()
        first = _first_byte(key)
        for byte in range(first, first + most):
            if _lock(opening, byte):
                return LockedByte(opening, byte, self._free)
        self._free.append(opening)
        return None

    def _opening(self) -> int:
        try:
            return self._free.pop()
        except IndexError:
            return os.open(f"/proc/self/fd/{self._file}", os.O_RDWR)


@dataclass(slots=True)
class LockedByte:
    """A place that is held by a lock; closed, it leaves its opening to others."""

    opening: int
    byte: int
    free: list[int]

    def close(self) -> None:
        """Give the place back."""
        fcntl.fcntl(self.opening, fcntl.F_OFD_SETLK, _request(fcntl.F_UNLCK, self.byte))
        self.free.append(self.opening)


@lru_cache(maxsize=1024)
def _first_byte(key: str) -> int:
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:6], "big") * MOST_SLOTS


def _lock(opening: int, byte: int) -> bool:
    try:
        fcntl.fcntl(opening, fcntl.F_OFD_SETLK, _request(fcntl.F_WRLCK, byte))
    except BlockingIOError:
        return False
    return True


def _request(kind: int, byte: int) -> bytes:
    return _FLOCK.pack(kind, os.SEEK_SET, byte, 1, 0)


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
