"""Does this PACS answer? An association and a C-ECHO."""

import socket

from dicom_qr_gateway.dicom.c_echo import c_echo
from dicom_qr_gateway.dicom.pool import Pool
from dicom_qr_gateway.dicom.types import ApplicationEntity
from dicom_qr_gateway.dicom.uids import VERIFICATION


class EchoService:
    """Verifies that a PACS is reachable and speaks DICOM."""

    def __init__(self, pool: Pool) -> None:
        """Keep where associations come from."""
        self._pool = pool

    def echo(
        self, pacs: ApplicationEntity, calling_ae_title: str, client: socket.socket | None = None
    ) -> None:
        """Return when the PACS answered the C-ECHO with Success.

        Raises:
            GatewayError: it did not, see Pool.association and c_echo.
        """
        proposal = (VERIFICATION,)
        with self._pool.association(pacs, calling_ae_title, proposal, client) as association:
            c_echo(association, self._pool.limits)
