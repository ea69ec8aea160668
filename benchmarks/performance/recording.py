"""What the gateway says to a PACS, taken down on its way: the floor says the same bytes.

Rule: whole associations are taken down, in the order of their begin. What reads a recording takes
each command set to be in one PDU, as the gateway sends it to every PACS of this bench.
"""

import contextlib
import select
import socket
import struct
import threading
from collections.abc import Callable

from benchmarks.performance.peers import Peer

PATIENCE = 30.0  # seconds
_HEADER = struct.Struct(">BxI")  # PS3.8 9.3.1
_DATA_TF = 0x04
_CONTROL_AT = 11  # the first fragment's message control header (PS3.8 Annex E.2)


class Relay:
    """Passes bytes between a gateway and a PACS on, and keeps the gateway's."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._said: list[bytearray] = []
        self._threads: list[threading.Thread] = []

    def record(self, ask: Callable[[Peer], None]) -> bytes:
        """Have a gateway ask the PACS through here; return what it says."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(0.1)
            through = Peer(self._peer.name, self._peer.ae_title, listener.getsockname()[1])
            asking = threading.Thread(target=ask, args=(through,))
            asking.start()
            while asking.is_alive():
                self._take_next(listener)
            for thread in self._threads:
                thread.join(PATIENCE)
        return b"".join(self._said)

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


def first_request_only(said: bytes) -> bytes:
    """Return one association with its first DIMSE request alone: what follows it is left out."""
    kept: list[bytes] = []
    requests = 0
    while said:
        pdu, said = _cut(said)
        is_data = pdu[0] == _DATA_TF
        requests += is_data and bool(pdu[_CONTROL_AT] & 1)
        if not is_data or requests == 1:
            kept.append(pdu)
    return b"".join(kept)


def _cut(said: bytes) -> tuple[bytes, bytes]:
    """Return the first PDU and the rest."""
    end = _HEADER.size + _HEADER.unpack_from(said)[1]
    return said[:end], said[end:]
