"""What the gateway says to a PACS, taken down on its way: the floor says the same bytes.

Rule: only whole associations are taken down, one after the other, in the order of their begin.
"""

import contextlib
import select
import socket
import threading
from collections.abc import Callable
from pathlib import Path

from benchmarks.performance.peers import Peer

PATIENCE = 30.0  # seconds


class Relay:
    """Passes bytes between a gateway and a PACS on, and keeps the gateway's."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._said: list[bytearray] = []
        self._threads: list[threading.Thread] = []

    def record(self, ask: Callable[[Peer], None], file: Path) -> None:
        """Have a gateway ask the PACS through here; write what it says to the file."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(0.1)
            through = Peer(self._peer.name, self._peer.ae_title, listener.getsockname()[1])
            asking = threading.Thread(target=ask, args=(through,))
            asking.start()
            while asking.is_alive():
                self._take_next(listener)
            for thread in self._threads:
                thread.join(PATIENCE)
        file.write_bytes(b"".join(self._said))

    def _take_next(self, listener: socket.socket) -> None:
        try:
            gateway, _ = listener.accept()
        except TimeoutError:
            return
        said = bytearray()
        self._said.append(said)
        thread = threading.Thread(target=self._pass_on, args=(gateway, said))
        thread.start()
        self._threads.append(thread)

    def _pass_on(self, gateway: socket.socket, said: bytearray) -> None:
        address = ("127.0.0.1", self._peer.port)
        with gateway, socket.create_connection(address) as pacs, contextlib.suppress(OSError):
            others = {gateway: pacs, pacs: gateway}
            while True:
                for ready in select.select(list(others), [], [], PATIENCE)[0]:
                    data = ready.recv(1 << 16)
                    if not data:
                        return
                    if ready is gateway:
                        said += data
                    others[ready].sendall(data)
