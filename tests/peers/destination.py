"""A move destination: takes whatever it is sent, and remembers the SOP Instance UIDs.

Rule: a test says beforehand what is refused and how long each instance is held.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pydicom.uid import (
    JPEG2000TransferSyntaxes,
    JPEGLSTransferSyntaxes,
    JPEGTransferSyntaxes,
    RLETransferSyntaxes,
    UncompressedTransferSyntaxes,
)
from pynetdicom import AE, evt
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.presentation import AllStoragePresentationContexts

SUCCESS = 0x0000
OUT_OF_RESOURCES = 0xA700

# Of still images: pynetdicom looks at each of them for each SOP class in each association.
TRANSFER_SYNTAXES = [
    *UncompressedTransferSyntaxes,
    *RLETransferSyntaxes,
    *JPEGTransferSyntaxes,
    *JPEGLSTransferSyntaxes,
    *JPEG2000TransferSyntaxes,
]


class MoveDestination:
    """A storage SCP (PS3.4 Annex B) on a free port."""

    def __init__(self) -> None:
        self.port = 0
        self.forget()

    def forget(self) -> None:
        """Begin anew: nothing arrived, nothing is refused, nothing is held."""
        self.arrived: list[str] = []
        self.refused: set[str] = set()
        self.holds_each_for = 0.0  # seconds
        self._never = threading.Event()

    def _store(self, event: evt.Event) -> int:
        assert isinstance(event.request, C_STORE)
        uid = str(event.request.AffectedSOPInstanceUID)
        self._never.wait(self.holds_each_for)
        if uid in self.refused:
            return OUT_OF_RESOURCES
        self.arrived.append(uid)
        return SUCCESS

    @contextmanager
    def listening(self) -> Iterator["MoveDestination"]:
        """Accept associations under any called AE title."""
        ae = AE()
        for context in AllStoragePresentationContexts:
            ae.add_supported_context(str(context.abstract_syntax), TRANSFER_SYNTAXES)
        server = ae.start_server(
            ("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, self._store)]
        )
        assert server is not None
        self.port = server.server_address[1]
        try:
            yield self
        finally:
            server.shutdown()
