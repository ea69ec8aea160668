"""A PACS that misbehaves, to test DICOM clients with: every fault on request, over real sockets.

Rule: a fault is a small function that a stranger can read, and it says what a truthful client must
tell its caller.
"""

from dicom_qr_gateway.sandbox.misbehaving.fault import Family, Fault, Truth
from dicom_qr_gateway.sandbox.misbehaving.listing import as_markdown, as_text
from dicom_qr_gateway.sandbox.misbehaving.ports import PORT_FAULTS, PortFault
from dicom_qr_gateway.sandbox.misbehaving.proposal import Service
from dicom_qr_gateway.sandbox.misbehaving.registry import FAMILIES, FAULTS
from dicom_qr_gateway.sandbox.misbehaving.server import PACE, MisbehavingPacs
from dicom_qr_gateway.sandbox.misbehaving.serving import serve_misbehaving

__all__ = [
    "FAMILIES",
    "FAULTS",
    "PACE",
    "PORT_FAULTS",
    "Family",
    "Fault",
    "MisbehavingPacs",
    "PortFault",
    "Service",
    "Truth",
    "as_markdown",
    "as_text",
    "serve_misbehaving",
]
