"""Does this PACS answer? An association and a C-ECHO."""

import socket
from dataclasses import dataclass

from dicom_qr_gateway.dicom.c_echo import c_echo
from dicom_qr_gateway.dicom.pool import Pool
from dicom_qr_gateway.dicom.types import ApplicationEntity
from dicom_qr_gateway.dicom.uids import VERIFICATION


@dataclass(frozen=True, slots=True)
class Verification:
    """A valid request to verify a PACS."""

    pacs: ApplicationEntity
    calling_ae_title: str


class EchoService:
    """Verifies that a PACS is reachable and speaks DICOM."""

    def __init__(self, pool: Pool) -> None:
        """Keep where associations come from."""
        self._pool = pool

    def echo(self, asked: Verification, client: socket.socket | None = None) -> None:
        """Return when the PACS answered the C-ECHO with Success.

        Raises:
            GatewayError: it did not, see Pool.association and c_echo.
        """
        proposal = (VERIFICATION,)
        with self._pool.association(
            asked.pacs, asked.calling_ae_title, proposal, client
        ) as association:
            c_echo(association, self._pool.limits)
