"""Why a PACS does not answer, in words for whoever must do something about it.

Rule: this is the one table of advice. ``/echo``, ``dicom-qr-gateway echo`` and ``pacs check`` say
what is in it, and docs/troubleshooting.md explains each entry.
"""

from collections.abc import Mapping
from typing import Final

from dicom_qr_gateway.dicom.phases import Phases
from dicom_qr_gateway.errors import GatewayError

# The value of ``error`` -> what to check, beyond what the message of the error says.
ADVICE: Final[Mapping[str, str]] = {
    "name_not_resolved": "Or give the IP address: the PACS administrator knows it.",
    "name_lookup_timeout": "Check the DNS server that the gateway's machine asks, or give the IP "
    "address.",
    "connection_refused": "Ask the PACS administrator whether its DICOM service runs, and which "
    "port it has: 104 and 11112 are frequent, 4242 in Orthanc.",
    "unreachable": "Ask those who run the network for a way from the gateway's machine to the "
    "PACS.",
    "connect_timeout": "Ask the PACS administrator, and those who run the firewall, to let the "
    "gateway's IP address connect to the DICOM port of the PACS.",
    "association_timeout": "Ask the PACS administrator whether this is the port for DICOM, without "
    "TLS, and how many associations are open.",
    "association_rejected": "The PACS administrator finds the request, with the AE titles that "
    "came, in the DICOM log of the PACS.",
    "pacs_busy": "If it lasts, ask the PACS administrator how many associations the PACS allows, "
    "in all and to this gateway.",
    "association_aborted": "Ask the PACS administrator whether this gateway's AE title and IP "
    "address are among the known nodes.",
    "connection_lost": "Some PACS close the connection on whom they do not know: ask the PACS "
    "administrator whether this gateway's AE title and IP address are among the known nodes.",
    "no_accepted_context": "Ask the PACS administrator to allow verification, query and retrieve "
    "to this gateway's AE title.",
    "protocol_error": "Ask the PACS administrator which port is the one for DICOM without TLS; if "
    "it is this one, the vendor of the PACS must look at it.",
    "dimse_failure": "Ask the PACS administrator what the log of the PACS says at this time.",
    "response_timeout": "Ask the PACS administrator whether the PACS is overloaded: it takes "
    "associations, but does not answer on them.",
    "response_too_large": "The vendor of the PACS must look at it: the answer to a C-ECHO has no "
    "content.",
}


def diagnosed(error: GatewayError, phases: Phases) -> GatewayError:
    """Return the error with advice in its message, the phase it came in and the times so far."""
    phases.end()
    return type(error)(
        " ".join(filter(None, (error.message, ADVICE.get(error.error)))),
        dicom=error.dicom,
        extra={**error.extra, "phase": phases.current, "phases_ms": phases.milliseconds},
    )
