"""The one place where a request waits: one poll, on everything that may end the wait.

Rule: no wait without a deadline, none that the gateway's stop or a client's hang-up cannot end.
"""

import math
import os
import select
import socket
import weakref
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

from dicom_qr_gateway.dicom.types import Deadline
from dicom_qr_gateway.errors import ClientLeft, PacsTimeout, ShuttingDown

# Readable bytes are no reason to leave: a client may send its next request early (pipelining).
_HANG_UP: Final = getattr(select, "POLLRDHUP", select.POLLHUP)

_MOMENT: Final = attrgetter("at")


class StopSignal:
    """Set once, when the gateway itself ends what still runs; wakes every waiting request.

    A pipe that nobody reads: it stays readable for all who poll it.
    """

    def __init__(self) -> None:
        """Begin unset."""
        self._read_end, self._write_end = os.pipe()
        self._is_set = False
        weakref.finalize(self, _close_all, self._read_end, self._write_end)

    def set(self) -> None:
        """Wake all who wait, now and later."""
        self._is_set = True
        os.write(self._write_end, b"\0")

    def is_set(self) -> bool:
        """Tell whether the gateway ends its requests."""
        return self._is_set

    def fileno(self) -> int:
        """Return the descriptor to poll."""
        return self._read_end


def _close_all(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


@dataclass(frozen=True, slots=True)
class Interrupts:
    """What may end a request early: the gateway's stop, and its client's hang-up.

    ``client`` is the HTTP client's socket where the server offers it, else None.
    """

    stop: StopSignal
    client: socket.socket | None = None


class Waiter:
    """Waits for one descriptor at a time, on behalf of one request."""

    def __init__(self, interrupts: Interrupts) -> None:
        """Watch the stop signal and, where there is one, the client."""
        self._interrupts = interrupts  # a closed descriptor would be somebody else's
        self._poll = select.poll()
        self._stop = interrupts.stop.fileno()
        self._client = -1 if interrupts.client is None else interrupts.client.fileno()
        self._poll.register(self._stop, select.POLLIN)
        if self._client >= 0:
            self._poll.register(self._client, _HANG_UP)

    def watch(self, descriptor: int, events: int = select.POLLIN) -> None:
        """Let ``wait`` return when the descriptor is ready for these events."""
        self._poll.register(descriptor, events)

    def forget(self, descriptor: int) -> None:
        """Stop watching a descriptor, before it is closed."""
        self._poll.unregister(descriptor)

    def ignore_interrupts(self) -> None:
        """From now on let only the deadline end a wait: the request is being ended already."""
        for descriptor in (self._stop, self._client):
            if descriptor >= 0:
                self._poll.unregister(descriptor)
        self._stop = self._client = -1

    def wait(self, *deadlines: Deadline) -> None:
        """Return when a watched descriptor is ready, or broken.

        Raises:
            PacsTimeout: the error of the earliest deadline, when it passes first.
            ShuttingDown: the gateway ends its requests.
            ClientLeft: the HTTP client hung up.
        """
        deadline = min(deadlines, key=_MOMENT)
        remaining = deadline.remaining()
        ready = self._poll.poll(math.ceil(remaining * 1000)) if remaining > 0 else []
        if not ready:
            raise deadline.expired()
        self._raise_interrupt(ready)

    def check(self, *deadlines: Deadline) -> None:
        """Raise what has ended the request already; do not wait, nor ask the kernel.

        Raises:
            PacsTimeout, ShuttingDown: as ``wait`` does.
        """
        for deadline in deadlines:
            deadline.check()
        if self._interrupts.stop.is_set():
            raise _shutting_down()

    def _raise_interrupt(self, ready: list[tuple[int, int]]) -> None:
        for descriptor, _ in ready:
            if descriptor == self._stop:
                raise _shutting_down()
            if descriptor == self._client:
                raise ClientLeft

    def pause(self, seconds: float, *deadlines: Deadline) -> None:
        """Wait for nothing but the time, the deadlines and the interrupts.

        Raises:
            PacsTimeout: the error of the earliest deadline, when it passes first.
        """
        pause = Deadline.after(seconds, _PauseOver, "")
        try:
            self.wait(pause, *deadlines)
        except _PauseOver:
            return


def _shutting_down() -> ShuttingDown:
    return ShuttingDown("The gateway is being stopped and ended this request.")


class _PauseOver(PacsTimeout):
    """A pause has its full length."""
