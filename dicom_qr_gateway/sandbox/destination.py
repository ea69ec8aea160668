"""The AE that receives what is moved: a workstation without a screen.

Rule: it keeps the SOP Instance UIDs it received, never an instance.
"""

from collections.abc import Iterable
from typing import cast

from pydicom.uid import UID
from pynetdicom import AE, AllStoragePresentationContexts, evt
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.events import Event
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

from dicom_qr_gateway.sandbox.archive import UNCOMPRESSED
from dicom_qr_gateway.sandbox.listener import Listener

_SUCCESS = 0x0000


class Destination(Listener):
    """A C-STORE SCP (PS3.4 Annex B) for every storage SOP class."""

    def __init__(self, ae_title: str, further_syntaxes: Iterable[UID] = ()) -> None:
        """Accept Explicit and Implicit VR Little Endian, and ``further_syntaxes``."""
        self.received: set[str] = set()
        ae = AE(ae_title)
        syntaxes = {*UNCOMPRESSED, *further_syntaxes}
        sop_class_uids = [context.abstract_syntax for context in AllStoragePresentationContexts]
        for sop_class_uid in (Verification, *filter(None, sop_class_uids)):
            ae.add_supported_context(sop_class_uid, [*syntaxes])
        super().__init__(ae, [(evt.EVT_C_STORE, self._store)])

    def _store(self, event: Event) -> int:
        request = cast(C_STORE, event.request)
        self.received.add(str(request.AffectedSOPInstanceUID))
        return _SUCCESS
