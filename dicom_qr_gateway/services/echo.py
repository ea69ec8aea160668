"""Does this PACS answer, what does it say of itself, and which services does it accept?

Rule: services are only asked for, by what one association proposes; nothing is sent on it but a
C-ECHO. A failure says how far it came.
"""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from dicom_qr_gateway.dicom.associate import UserInformation
from dicom_qr_gateway.dicom.c_echo import c_echo
from dicom_qr_gateway.dicom.phases import Phases
from dicom_qr_gateway.dicom.pool import Pool
from dicom_qr_gateway.dicom.status import SUCCESS, hex_status
from dicom_qr_gateway.dicom.types import ApplicationEntity
from dicom_qr_gateway.dicom.uids import (
    MODALITY_WORKLIST_FIND,
    PATIENT_ROOT_FIND,
    PATIENT_ROOT_GET,
    PATIENT_ROOT_MOVE,
    STORAGE,
    STUDY_ROOT_FIND,
    STUDY_ROOT_GET,
    STUDY_ROOT_MOVE,
    VERIFICATION,
)
from dicom_qr_gateway.errors import GatewayError, NoAcceptedContext
from dicom_qr_gateway.services.diagnosis import diagnosed

# What the answer calls a service -> the abstract syntaxes of which one is enough.
SERVICES: Final[Mapping[str, tuple[str, ...]]] = {
    "C-FIND": (STUDY_ROOT_FIND, PATIENT_ROOT_FIND),
    "C-MOVE": (STUDY_ROOT_MOVE, PATIENT_ROOT_MOVE),
    "C-GET": (STUDY_ROOT_GET, PATIENT_ROOT_GET),
    "MWL": (MODALITY_WORKLIST_FIND,),
    "STORE": STORAGE,
}
PROPOSAL: Final = (VERIFICATION, *(syntax for each in SERVICES.values() for syntax in each))


@dataclass(frozen=True, slots=True)
class Verification:
    """A valid request to verify a PACS."""

    pacs: ApplicationEntity
    calling_ae_title: str


@dataclass(frozen=True, slots=True)
class Verified:
    """A PACS that answered: the milliseconds of each phase, itself in its words, its services."""

    phases_ms: Mapping[str, float]
    peer: UserInformation
    services: Mapping[str, bool]

    def as_body(self) -> dict[str, Any]:
        """Return what POST /echo answers."""
        return {
            "operation": "C-ECHO",
            "status": "ok",
            "dimse_status": hex_status(SUCCESS),
            "phases_ms": self.phases_ms,
            "peer": {
                "implementation_class_uid": self.peer.implementation_class_uid,
                "implementation_version": self.peer.implementation_version,
                "max_pdu_length": self.peer.max_pdu_length,
            },
            "services": self.services,
        }


class EchoService:
    """Verifies that a PACS is reachable and speaks DICOM."""

    def __init__(self, pool: Pool) -> None:
        """Keep where associations come from."""
        self._pool = pool

    def echo(self, asked: Verification, client: socket.socket | None = None) -> Verified:
        """Return what was found out, when the PACS answered the C-ECHO with Success.

        Raises:
            GatewayError: it did not, see Pool.association and c_echo; ``extra`` has the ``phase``
                it failed in and ``phases_ms``, and the message says what to check.
        """
        phases = Phases()
        try:
            return self._echo(asked, client, phases)
        except GatewayError as error:
            raise diagnosed(error, phases) from error

    def _echo(self, asked: Verification, client: socket.socket | None, phases: Phases) -> Verified:
        with self._pool.association(
            asked.pacs, asked.calling_ae_title, PROPOSAL, client, phases=phases
        ) as association:
            if not association.accepts(VERIFICATION):
                raise NoAcceptedContext(
                    "The PACS accepted the association but not verification, so it answers no "
                    "C-ECHO."
                )
            phases.begin("echo")
            c_echo(association, self._pool.limits)
            phases.begin("release")
            association.release()
            phases.end()
            services = {name: association.accepts(*each) for name, each in SERVICES.items()}
            return Verified(phases.milliseconds, association.peer, services)
