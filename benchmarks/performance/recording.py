"""What the gateway says to a PACS, taken down on its way: the floor says the same bytes.

Rule: whole associations are taken down, in the order of their begin. What reads a recording takes
each command set to be in one PDU, as the gateway sends it to every PACS of this bench.
"""

import contextlib
import select
import socket
import struct
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from benchmarks.performance.peers import Peer
from dicom_qr_gateway.dicom.pdu import DataTF, PduReader

PATIENCE = 30.0  # seconds
_HEADER = struct.Struct(">BxI")  # PS3.8 9.3.1
_DATA_TF = 0x04
_CONTROL_AT = 11  # the first fragment's message control header (PS3.8 Annex E.2)


class Relay:
    """Passes bytes between a gateway and a PACS on, and keeps the gateway's."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._said: list[bytearray] = []

    def record(self, ask: Callable[[Peer], None]) -> bytes:
        """Have a gateway ask the PACS through here; return what it says.

        Raises:
            Exception: whatever asking raises.
        """
        with (
            socket.create_server(("127.0.0.1", 0)) as listener,
            ThreadPoolExecutor() as threads,
        ):
            listener.settimeout(0.1)
            through = Peer(self._peer.name, self._peer.ae_title, listener.getsockname()[1])
            asking = threads.submit(ask, through)
            while not asking.done():
                with contextlib.suppress(TimeoutError):
                    gateway, _ = listener.accept()
                    self._said.append(bytearray())
                    threads.submit(self._pass_on, gateway, self._said[-1])
            asking.result()
        return b"".join(self._said)

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


def first_identifier(said: bytes) -> bytes:
    """Return the identifier of the first DIMSE request."""
    reader = PduReader()
    reader.feed(said)
    identifier = b""
    while (pdu := reader.pop()) is not None:
        for fragment in pdu.fragments if isinstance(pdu, DataTF) else ():
            identifier += b"" if fragment.is_command else fragment.data
            if fragment.is_last and not fragment.is_command:
                return identifier
    return identifier


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
