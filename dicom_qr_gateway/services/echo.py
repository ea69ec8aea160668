"""Does this PACS answer? An association and a C-ECHO."""

import socket

from dicom_qr_gateway.dicom.c_echo import c_echo
from dicom_qr_gateway.dicom.establish import open_association
from dicom_qr_gateway.dicom.types import ApplicationEntity, Limits
from dicom_qr_gateway.dicom.uids import VERIFICATION
from dicom_qr_gateway.dicom.waiting import Interrupts, StopSignal


class EchoService:
    """Verifies that a PACS is reachable and speaks DICOM."""

    def __init__(self, limits: Limits, stop: StopSignal) -> None:
        """Keep the time-outs, and what ends every wait."""
        self._limits = limits
        self._stop = stop

    def echo(
        self, pacs: ApplicationEntity, calling_ae_title: str, client: socket.socket | None = None
    ) -> None:
        """Return when the PACS answered the C-ECHO with Success.

        Raises:
            GatewayError: it did not, see open_association and c_echo.
        """
        with open_association(
            pacs,
            calling_ae_title,
            (VERIFICATION,),
            self._limits,
            Interrupts(self._stop, client),
        ) as association:
            c_echo(association, self._limits)
