"""The one study that this PACS has, of whatever patient it is asked for; all of it is made up."""

from pydicom.dataset import Dataset

from dicom_qr_gateway.sandbox.misbehaving.wire import Elements

STUDY_INSTANCE_UID = "2.25.314159265358979323846"
SOMEBODY_ELSE = "SOMEBODY-ELSE"  # a Patient ID that nobody asks for
FREE_TEXT = "DOE^JANE 19610203: see MISBEHAVING-1"  # what Error Comment (0000,0902) must not say
DEFAULT_PATIENT_ID = "MISBEHAVING-1"

STUDY = {
    "SpecificCharacterSet": "ISO_IR 192",
    "StudyDate": "20240102",
    "StudyTime": "101112",
    "AccessionNumber": "ACC-31415",
    "ModalitiesInStudy": "CT",
    "InstitutionName": "MISBEHAVING HOSPITAL",
    "ReferringPhysicianName": "REFERRING^MIS",
    "StudyDescription": "CT OF MISBEHAVIOUR",
    "PerformingPhysicianName": "PERFORMING^MIS",
    "PatientName": "DOE^JANE",
    "PatientBirthDate": "19610203",
    "StudyInstanceUID": STUDY_INSTANCE_UID,
}
SERIES = {
    "Modality": "CT",
    "StudyInstanceUID": STUDY_INSTANCE_UID,
    "SeriesInstanceUID": f"{STUDY_INSTANCE_UID}.1",
}


def study_of(identifier: Dataset) -> Elements:
    """Return the match for a request identifier, of the patient and at the level it names."""
    level = str(identifier.get("QueryRetrieveLevel", "STUDY"))
    found = SERIES if level == "SERIES" else STUDY
    return {"QueryRetrieveLevel": level, "PatientID": patient_id_of(identifier), **found}


def patient_id_of(identifier: Dataset) -> str:
    """Return the Patient ID that a request asks for, one of ours where it asks for any."""
    patient_id = str(identifier.get("PatientID", ""))
    is_any = not patient_id or bool(set("*?") & set(patient_id))
    return DEFAULT_PATIENT_ID if is_any else patient_id
