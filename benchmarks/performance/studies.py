"""The studies that the PACS hold: synthetic, the same for all of them.

Rule: a patient's ID says how many studies the patient has.
"""

from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian
from pynetdicom.dsutils import encode

from benchmarks.common import wire
from dicom_qr_gateway.dicom.identifier import encode_identifier
from dicom_qr_gateway.dicom.pdu import DataTF, Fragment, encode_pdu

ROOT_UID = "1.2.826.0.1.3680043.8.498.7"
CANNED_PATIENT = "CANNED"
MOST_CANNED = 20_000
IMAGE_SIDE = 256  # pixels; 128 KiB a file


def patient_of(count: int) -> str:
    """Return the ID of the patient who has so many studies."""
    return f"STUDIES{count}"


def write_instances(count: int, folder: Path) -> None:
    """Write one instance for each study of the patient who has so many."""
    for number in range(1, count + 1):
        instance = a_study(f"{ROOT_UID}.{count}", patient_of(count), number)
        instance.SOPClassUID = CTImageStorage
        instance.SeriesInstanceUID = f"{instance.StudyInstanceUID}.1"
        instance.SOPInstanceUID = f"{instance.StudyInstanceUID}.1.1"
        instance.Modality = instance.ModalitiesInStudy
        del instance.ModalitiesInStudy
        _add_image(instance)
        instance.file_meta = FileMetaDataset()
        instance.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        instance.file_meta.MediaStorageSOPClassUID = instance.SOPClassUID
        instance.file_meta.MediaStorageSOPInstanceUID = instance.SOPInstanceUID
        instance.save_as(folder / f"{count}-{number}.dcm", enforce_file_format=True)


def _add_image(instance: Dataset) -> None:
    """Add a black image: an archive that opens a file to answer a key has something to read."""
    instance.Rows = instance.Columns = IMAGE_SIDE
    instance.BitsAllocated = instance.BitsStored = 16
    instance.HighBit, instance.PixelRepresentation = 15, 0
    instance.SamplesPerPixel, instance.PhotometricInterpretation = 1, "MONOCHROME2"
    instance.add_new("PixelData", "OW", bytes(2 * IMAGE_SIDE**2))


def a_study(root: str, patient_id: str, number: int) -> Dataset:
    """Return what a PACS answers to the contract's twelve keys."""
    study = Dataset()
    study.StudyDate = f"20{number % 25:02}{number % 12 + 1:02}{number % 28 + 1:02}"
    study.StudyTime = f"{number % 24:02}3000"
    study.AccessionNumber = f"ACC-{number}"
    study.ModalitiesInStudy = ("CT", "MR", "US")[number % 3]
    study.InstitutionName = "General Hospital"
    study.ReferringPhysicianName = "REFERRER^RITA"
    study.StudyDescription = f"ABDOMEN {number}"
    study.PerformingPhysicianName = "PERFORMER^PETE"
    study.PatientName = "DOE^JOHN"
    study.PatientID = patient_id
    study.PatientBirthDate = "19700101"
    study.StudyInstanceUID = f"{root}.{number}"
    return study


def encoded_match(number: int, **changed: str) -> bytes:
    """Return a match of the canned PACS, in Explicit VR Little Endian."""
    study = a_study(f"{ROOT_UID}.0", CANNED_PATIENT, number)
    values = {element.keyword: str(element.value) for element in study}
    return encode_identifier({"QueryRetrieveLevel": "STUDY", **values, **changed}, explicit_vr=True)


def encoded_row(number: int, explicit_vr: bool) -> bytes:
    """Return a match with what PS3.18 10.6.3.3 wants of a study, in Explicit or Implicit VR."""
    study = a_study(f"{ROOT_UID}.0", CANNED_PATIENT, number)
    for keyword in ("InstitutionName", "StudyDescription", "PerformingPhysicianName"):
        delattr(study, keyword)
    study.SpecificCharacterSet = "ISO_IR 192"
    study.QueryRetrieveLevel = "STUDY"
    study.RetrieveAETitle = "CANNED"
    study.PatientSex = "O"
    study.StudyID = str(number)
    study.NumberOfStudyRelatedSeries = study.NumberOfStudyRelatedInstances = 1
    return encode(study, not explicit_vr, True) or b""


def write_answers(file: Path) -> None:
    """Write what floor_pacs.c answers: to C-STORE, at the end of a C-FIND, and each match."""
    store = wire.Request(1, 0x0001, 1, b"")
    find = wire.Request(1, wire.C_FIND, 1, b"")
    pending = wire.response(find, wire.PENDING, b"")
    empty = encode_pdu(DataTF((Fragment(1, False, True, b""),)))
    command = pending.removesuffix(empty)
    with file.open("wb") as answers:
        answers.write(wire.response(store, wire.SUCCESS) + wire.response(find, wire.SUCCESS))
        for number in range(1, MOST_CANNED + 1):
            match = DataTF((Fragment(1, False, True, encoded_match(number)),))
            answers.write(command + encode_pdu(match))
