"""Patients made for these tests: every character set, no date, several modalities and studies.

Rule: what a test expects stands here as plain data; dates are counted back from today.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

ROOT_UID = "1.2.826.0.1.3680043.8.498.20240"


def days_ago(days: int) -> str:
    return f"{date.today() - timedelta(days):%Y%m%d}"


@dataclass(frozen=True)
class MadeStudy:
    """A study with so many instances in one series for each modality."""

    uid: str
    study_date: str
    series: dict[str, int]
    description: str = "ABDOMEN"
    study_time: str = "083000"

    @property
    def sop_instance_uids(self) -> set[str]:
        return {
            f"{self.uid}.{series}.{instance}"
            for series, count in enumerate(self.series.values(), 1)
            for instance in range(1, count + 1)
        }


@dataclass(frozen=True)
class MadePatient:
    """A patient, whose text is encoded in one character set (PS3.3 C.12.1.1.2)."""

    patient_id: str
    name: str
    character_set: str | list[str]
    studies: list[MadeStudy] = field(default_factory=list)


RECENT = MadeStudy(f"{ROOT_UID}.1.1", days_ago(10), {"CT": 3, "SR": 1})
LAST_YEAR = MadeStudy(f"{ROOT_UID}.1.2", days_ago(400), {"MR": 2})
OLD = MadeStudy(f"{ROOT_UID}.1.3", days_ago(7300), {"CT": 1})
UNDATED = MadeStudy(f"{ROOT_UID}.1.4", "", {"US": 1, "CT": 1})

WITH_MANY_STUDIES = MadePatient(
    "PEERS-MANY", "Many^Studies", "ISO_IR 100", [OLD, UNDATED, RECENT, LAST_YEAR]
)
WESTERN = MadePatient(
    "PEERS-ISO-100",
    "Müller-Lüdenscheidt^Jürgen^^Dr.",
    "ISO_IR 100",
    [MadeStudy(f"{ROOT_UID}.2.1", "20240229", {"CT": 2}, "Schädel mit Größenmaß")],
)
UNICODE = MadePatient(
    "PEERS-UTF-8",
    "Παπαδόπουλος^Ελένη=田中^花子",
    "ISO_IR 192",
    [MadeStudy(f"{ROOT_UID}.3.1", "20230615", {"MR": 2}, "Мозг, 頭部, κεφάλι")],
)
JAPANESE = MadePatient(
    "PEERS-ISO-2022-87",
    "Yamada^Tarou=山田^太郎=やまだ^たろう",
    ["", "ISO 2022 IR 87"],
    [MadeStudy(f"{ROOT_UID}.4.1", "20220101", {"CR": 1}, "胸部")],
)
CHINESE = MadePatient(
    "PEERS-GB18030",
    "Zhang^Wei=张^伟",
    "GB18030",
    [MadeStudy(f"{ROOT_UID}.5.1", "20211231", {"CT": 1, "PT": 1}, "腹部增强")],
)
MADE_PATIENTS = (WITH_MANY_STUDIES, WESTERN, UNICODE, JAPANESE, CHINESE)


def write_instances(folder: Path, patients: Iterable[MadePatient] = MADE_PATIENTS) -> None:
    """Write one DICOM file for every instance of these patients."""
    for patient in patients:
        for study in patient.studies:
            for number, (modality, count) in enumerate(study.series.items(), 1):
                for instance in range(1, count + 1):
                    dataset = _instance(patient, study, f"{study.uid}.{number}", modality)
                    dataset.SOPInstanceUID = f"{dataset.SeriesInstanceUID}.{instance}"
                    dataset.InstanceNumber = instance
                    _write(dataset, folder)


def _instance(patient: MadePatient, study: MadeStudy, series_uid: str, modality: str) -> Dataset:
    dataset = Dataset()
    dataset.SpecificCharacterSet = patient.character_set
    dataset.SOPClassUID = CTImageStorage  # whatever the modality: no archive looks into images
    dataset.PatientID = patient.patient_id
    dataset.PatientName = patient.name
    dataset.PatientBirthDate = "19700101"
    dataset.StudyInstanceUID = study.uid
    dataset.StudyDate = study.study_date
    dataset.StudyTime = study.study_time
    dataset.StudyID = "1"
    dataset.StudyDescription = study.description
    dataset.AccessionNumber = "ACC-1"
    dataset.ReferringPhysicianName = "Referrer^Rita"
    dataset.InstitutionName = "Peers Hospital"
    dataset.SeriesInstanceUID = series_uid
    dataset.Modality = modality
    return dataset


def _write(dataset: Dataset, folder: Path) -> None:
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.save_as(folder / f"{dataset.SOPInstanceUID}.dcm", enforce_file_format=True)
