"""A thread that has answered stays with its client for a while: the next request finds it there.

Rule: only threads that nobody needs stay; a need is told at once, and never waits for a client.
"""

import os
import select
import socket
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import Final

# Clients that ask several questions ask the next one within this.
STAYS_AT_MOST: Final = 2.0  # seconds


class Standby:
    """The threads of one worker that wait with their clients."""

    def __init__(self, is_needed: Callable[[], bool]) -> None:
        """Keep who tells whether there is more to do than threads are free."""
        self._is_needed = is_needed
        self._called, self._call = os.pipe()
        os.set_blocking(self._called, False)
        os.set_blocking(self._call, False)
        for descriptor in (self._called, self._call):
            weakref.finalize(self, os.close, descriptor)

    def call(self) -> None:
        """Have the threads look whether they are needed."""
        with suppress(BlockingIOError):  # the pipe is full of calls
            os.write(self._call, b"\0")

    def stays(self, client: socket.socket) -> bool:
        """Wait with a client; tell whether it has said something.

        Returns:
            False when the thread is needed elsewhere, or the client was silent for too long.
        """
        end = time.monotonic() + STAYS_AT_MOST
        poll = select.poll()
        poll.register(client, select.POLLIN)
        poll.register(self._called, select.POLLIN)
        while not self._is_needed():
            ready = dict(poll.poll(max(end - time.monotonic(), 0) * 1000))
            if self._called not in ready:
                return bool(ready)
            with suppress(BlockingIOError):  # another thread was quicker
                os.read(self._called, select.PIPE_BUF)
        self.call()  # the others may be needed too
        return False
