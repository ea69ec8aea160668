"""The UIDs this gateway says or understands (PS3.6 Annex A)."""

from typing import Final

IMPLICIT_VR_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2"
EXPLICIT_VR_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2.1"

VERIFICATION: Final = "1.2.840.10008.1.1"
PATIENT_ROOT_FIND: Final = "1.2.840.10008.5.1.4.1.2.1.1"
PATIENT_ROOT_MOVE: Final = "1.2.840.10008.5.1.4.1.2.1.2"
STUDY_ROOT_FIND: Final = "1.2.840.10008.5.1.4.1.2.2.1"
STUDY_ROOT_MOVE: Final = "1.2.840.10008.5.1.4.1.2.2.2"
PATIENT_ROOT_GET: Final = "1.2.840.10008.5.1.4.1.2.1.3"
STUDY_ROOT_GET: Final = "1.2.840.10008.5.1.4.1.2.2.3"
MODALITY_WORKLIST_FIND: Final = "1.2.840.10008.5.1.4.31"

# Storage of what most archives have: CR, CT, MR, US, Secondary Capture, XA, NM, DX, PDF.
STORAGE: Final = (
    "1.2.840.10008.5.1.4.1.1.1",
    "1.2.840.10008.5.1.4.1.1.2",
    "1.2.840.10008.5.1.4.1.1.4",
    "1.2.840.10008.5.1.4.1.1.6.1",
    "1.2.840.10008.5.1.4.1.1.7",
    "1.2.840.10008.5.1.4.1.1.12.1",
    "1.2.840.10008.5.1.4.1.1.20",
    "1.2.840.10008.5.1.4.1.1.1.1",
    "1.2.840.10008.5.1.4.1.1.104.1",
)

# This implementation's own name in association negotiation (PS3.7 D.3.3.2): a UUID-derived UID.
IMPLEMENTATION_CLASS_UID: Final = "2.25.246571062390391803573371541563487264157"
IMPLEMENTATION_VERSION_NAME: Final = "DICOM_QR_GATEWAY"
