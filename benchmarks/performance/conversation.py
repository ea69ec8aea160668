"""A C-FIND as bytes, from the first to the last, by the gateway's own codec: pure.

Rule: Implicit VR Little Endian alone is proposed, which every PACS must accept (PS3.5 10.1), so
that the identifier is known before the answer.
"""

from collections.abc import Iterable

from benchmarks.performance.peers import CALLING, Peer
from dicom_qr_gateway.dicom.associate import AssociateRQ, ProposedContext, UserInformation
from dicom_qr_gateway.dicom.command_sets import CommandField, Request
from dicom_qr_gateway.dicom.identifier import encode_identifier
from dicom_qr_gateway.dicom.messages import fragments
from dicom_qr_gateway.dicom.pdu import ReleaseRQ, encode_pdu
from dicom_qr_gateway.dicom.uids import (
    IMPLEMENTATION_CLASS_UID,
    IMPLICIT_VR_LITTLE_ENDIAN,
    STUDY_ROOT_FIND,
)

MAX_PDU_LENGTH = 128 * 1024


def find(peer: Peer, patient_id: str, keywords: Iterable[str]) -> bytes:
    """Return an association request, a C-FIND at STUDY level with these keys, and a release."""
    context = ProposedContext(1, STUDY_ROOT_FIND, (IMPLICIT_VR_LITTLE_ENDIAN,))
    user = UserInformation(MAX_PDU_LENGTH, IMPLEMENTATION_CLASS_UID)
    keys = {**dict.fromkeys(keywords, ""), "QueryRetrieveLevel": "STUDY", "PatientID": patient_id}
    identifier = encode_identifier(keys, explicit_vr=False)
    command = Request(CommandField.C_FIND_RQ, 1, STUDY_ROOT_FIND).encode()
    return (
        encode_pdu(AssociateRQ(peer.ae_title, CALLING, (context,), user))
        + fragments(1, command, identifier, 0)
        + encode_pdu(ReleaseRQ())
    )
