"""SOP instances of the synthetic patients, made in code: small, valid, with pixels.

Rule: UIDs are a function of what they name, so they stay the same from run to run and from day to
day (PS3.5 B.2: ``2.25.`` and a UUID as an integer).
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from uuid import UUID, uuid5

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    UID,
    ComputedRadiographyImageStorage,
    CTImageStorage,
    DigitalMammographyXRayImageStorageForPresentation,
    DigitalXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    MRImageStorage,
    NuclearMedicineImageStorage,
    PositronEmissionTomographyImageStorage,
    SecondaryCaptureImageStorage,
    UltrasoundImageStorage,
    XRayAngiographicImageStorage,
)

from dicom_qr_gateway.sandbox.patients import Day, Patient, Series, Study
from dicom_qr_gateway.sandbox.roster import PATIENTS
from dicom_qr_gateway.sandbox.stored import StoredInstance

_NAMESPACE = UUID("5b1f6a0e-7c7b-5d0c-9d5e-0d1c0a0b2a57")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an instance belongs; ``study_number`` and ``series_number`` start at 1."""

    patient: Patient
    study: Study
    study_number: int
    series: Series
    series_number: int

    def uid(self, *below: int) -> UID:
        """Return the UID of the study (no argument), a series or an instance below it."""
        return uid(self.patient.patient_id, self.study_number, *below)


def uid(*path: str | int) -> UID:
    """Return the UID of what ``path`` names: patient ID, then numbers of study, series, image."""
    return UID(f"2.25.{uuid5(_NAMESPACE, '/'.join(map(str, path))).int}")


def dicom_date(day: Day, today: date) -> str:
    """Return a day of ``patients.py`` as a DA value (PS3.5 6.2)."""
    return day if isinstance(day, str) else f"{today - timedelta(days=day):%Y%m%d}"


@lru_cache(maxsize=2)
def synthetic_instances(today: date) -> tuple[StoredInstance, ...]:
    """Return all instances of the synthetic patients as of ``today``."""
    return tuple(StoredInstance.from_dataset(dataset) for dataset in _datasets(today))


def _datasets(today: date) -> Iterator[Dataset]:
    for patient in PATIENTS:
        for study_number, study in enumerate(patient.studies, 1):
            for series_number, series in enumerate(study.series, 1):
                place = _Place(patient, study, study_number, series, series_number)
                for number in range(1, series.images + 1):
                    yield _dataset(place, number, today)


def _dataset(place: _Place, number: int, today: date) -> Dataset:
    sop_class_uid, add_pixels = _KINDS[place.series.modality]
    dataset = Dataset()
    dataset.SpecificCharacterSet = place.patient.charset.split("\\")
    _add_patient(dataset, place.patient, today)
    _add_study(dataset, place, today)
    _add_series(dataset, place)
    dataset.SOPClassUID = sop_class_uid
    dataset.SOPInstanceUID = place.uid(place.series_number, number)
    dataset.InstanceNumber = number
    dataset.ContentDate = dataset.StudyDate
    dataset.ContentTime = dataset.StudyTime
    add_pixels(dataset, number)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    if not place.patient.charset:
        del dataset.SpecificCharacterSet
    return dataset


def _add_patient(dataset: Dataset, patient: Patient, today: date) -> None:
    dataset.PatientName = patient.name
    dataset.PatientID = patient.patient_id
    dataset.PatientBirthDate = dicom_date(patient.born, today)
    dataset.PatientSex = patient.sex


def _add_study(dataset: Dataset, place: _Place, today: date) -> None:
    study = place.study
    accession_number = f"{place.patient.patient_id}-{place.study_number}"
    dataset.StudyInstanceUID = place.uid()
    dataset.StudyID = str(place.study_number)
    dataset.StudyDate = dicom_date(study.day, today)
    dataset.StudyTime = study.time
    dataset.StudyDescription = study.description
    dataset.AccessionNumber = study.accession_number or accession_number
    dataset.ReferringPhysicianName = study.referring_physician


def _add_series(dataset: Dataset, place: _Place) -> None:
    dataset.SeriesInstanceUID = place.uid(place.series_number)
    dataset.SeriesNumber = place.series_number
    dataset.SeriesDate = dataset.StudyDate
    dataset.SeriesTime = dataset.StudyTime
    dataset.Modality = place.series.modality
    dataset.SeriesDescription = place.series.description
    dataset.BodyPartExamined = place.series.body_part
    dataset.PerformingPhysicianName = place.study.performing_physician
    dataset.InstitutionName = place.study.institution
    dataset.Manufacturer = "DICOM QR Gateway sandbox"


def _add_slice(dataset: Dataset, number: int) -> None:
    """A 64x64 slice of 16 bits with its geometry, PS3.3 C.7.6.2: a gradient that turns."""
    shades = [(x * number + y * 16) % 4096 for y in range(64) for x in range(64)]
    _add_image(dataset, 64, "MONOCHROME2", 16, struct.pack("<4096H", *shades))
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.FrameOfReferenceUID = uid(dataset.StudyInstanceUID, "frame of reference")
    dataset.PixelSpacing = [1.5, 1.5]
    dataset.SliceThickness = 5
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.ImagePositionPatient = [-48, -48, 5 * number]
    dataset.RescaleIntercept = -1024
    dataset.RescaleSlope = 1


def _add_colour(dataset: Dataset, number: int) -> None:
    """A 64x64 RGB image, colour by pixel: PS3.3 C.7.6.3.1.3."""
    pixels = bytes(shade for y in range(64) for x in range(64) for shade in (4 * x, 4 * y, number))
    _add_image(dataset, 64, "RGB", 8, pixels)
    dataset.ImageType = ["ORIGINAL", "PRIMARY"]


def _add_tile(dataset: Dataset, number: int) -> None:
    """An 8x8 image of 8 bits, where the picture does not matter."""
    _add_image(dataset, 8, "MONOCHROME2", 8, bytes((number + 4 * i) % 256 for i in range(64)))
    dataset.ImageType = ["DERIVED", "SECONDARY"]


def _add_image(dataset: Dataset, side: int, photometric: str, bits: int, pixels: bytes) -> None:
    """Add the Image Pixel Module, PS3.3 C.7.6.3."""
    dataset.SamplesPerPixel = 3 if photometric == "RGB" else 1
    dataset.PhotometricInterpretation = photometric
    if photometric == "RGB":
        dataset.PlanarConfiguration = 0
    dataset.Rows = dataset.Columns = side
    dataset.BitsAllocated = bits
    dataset.BitsStored = 12 if bits == 16 else bits
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = 0
    dataset.PixelData = pixels
    dataset["PixelData"].VR = "OW" if bits == 16 else "OB"


_KINDS: dict[str, tuple[UID, Callable[[Dataset, int], None]]] = {
    "CT": (CTImageStorage, _add_slice),
    "MR": (MRImageStorage, _add_slice),
    "PT": (PositronEmissionTomographyImageStorage, _add_slice),
    "US": (UltrasoundImageStorage, _add_colour),
    "CR": (ComputedRadiographyImageStorage, _add_tile),
    "DX": (DigitalXRayImageStorageForPresentation, _add_tile),
    "MG": (DigitalMammographyXRayImageStorageForPresentation, _add_tile),
    "NM": (NuclearMedicineImageStorage, _add_tile),
    "XA": (XRayAngiographicImageStorage, _add_tile),
    "OT": (SecondaryCaptureImageStorage, _add_tile),
}
