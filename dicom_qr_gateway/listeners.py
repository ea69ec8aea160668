"""How a worker stops listening, so that whoever could connect is served.

Rule: nobody is accepted by the kernel and then reset. The last of the processes that share a
listener closes it, and with it the connections that still wait in its queue: so it first lets the
kernel drop what would connect anew (a filter of the classic BPF, socket(7)), then takes what waits.
The dropped clients ask again a second later, by TCP itself, and are refused: a proxy then asks
another instance, which it would not do after a reset.
"""

import ctypes
import os
import select
import socket
import struct
import sys
from typing import Any, Final, Protocol

SO_ATTACH_FILTER: Final = 26  # <asm-generic/socket.h>
SO_DETACH_FILTER: Final = 27
# One instruction, BPF_RET: keep 0 bytes of what arrives, that is nothing.
DROP_ALL: Final = struct.pack("HBBI", 0x06, 0, 0, 0)


class Worker(Protocol):
    """What is used of gunicorn's worker."""

    ppid: int
    sockets: list[Any]

    def accept(self, listener: Any) -> None:
        """Take a connection, if one waits."""

    def set_accept_enabled(self, enabled: bool) -> None:
        """Begin or end to watch the listeners."""


def close_listeners(worker: Worker) -> None:
    """Take what waits in the listeners' queues, refuse everything after that.

    gunicorn would keep the listeners open, unwatched, until the last request has ended: who
    connects meanwhile would wait and then be reset.
    """
    for listener in worker.sockets:
        # The master keeps them for new workers when it only replaces the old ones (SIGHUP).
        if not is_held_by(worker.ppid, listener):
            drop_newcomers(listener)
        while select.select([listener], [], [], 0)[0]:
            worker.accept(listener)
    worker.set_accept_enabled(False)
    for listener in worker.sockets:
        listener.close()
    worker.sockets = []


def is_held_by(pid: int, listener: Any) -> bool:
    """Tell whether that process has the listener open; what cannot be seen counts as open."""
    name = f"socket:[{os.fstat(listener.fileno()).st_ino}]"
    folder = f"/proc/{pid}/fd"
    try:
        return any(os.readlink(f"{folder}/{each}") == name for each in os.listdir(folder))
    except OSError:
        return True


def drop_newcomers(listener: Any) -> None:
    """Let the kernel drop every segment to the listener, for all who share it."""
    if sys.platform != "linux":
        return
    code = ctypes.create_string_buffer(DROP_ALL, len(DROP_ALL))
    program = struct.pack("HL", 1, ctypes.addressof(code))
    listener.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)


def admit_newcomers(listener: Any) -> None:
    """Take the filter off a listener that was handed over by a former gateway (systemd, USR2)."""
    if sys.platform != "linux":
        return
    try:
        listener.setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)
    except FileNotFoundError:
        return  # there is none, as nearly always
