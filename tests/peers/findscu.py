"""What a PACS answers, by other people's software: asked by findscu, read by pydicom.

Rule: nothing of the gateway is used here.
"""

import tempfile
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from .archives import GATEWAY, Archive
from .processes import output_of

# The contract's key -> the attribute's keyword.
KEYWORDS = {
    "PatientName": "PatientName",
    "PatientID": "PatientID",
    "DateOfBirth": "PatientBirthDate",
    "StudyInstanceUID": "StudyInstanceUID",
    "StudyDescription": "StudyDescription",
    "ModalitiesInStudy": "ModalitiesInStudy",
    "StudyDate": "StudyDate",
    "StudyTime": "StudyTime",
    "AccessionNumber": "AccessionNumber",
    "ReferringPhysicianName": "ReferringPhysicianName",
    "PerformingPhysicianName": "PerformingPhysicianName",
    "InstitutionName": "InstitutionName",
}

Study = dict[str, str | list[str]]


def studies_of(archive: Archive, patient_id: str) -> dict[str, Study]:
    """Return the patient's studies by StudyInstanceUID, with the contract's twelve keys."""
    keys = dict.fromkeys(KEYWORDS.values(), "") | {"PatientID": patient_id}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's files break rules, that is what they are for
        studies = [_study(match) for match in find(archive, "STUDY", keys)]
        for study in studies:
            if not study["ModalitiesInStudy"]:
                study["ModalitiesInStudy"] = _modalities(archive, str(study["StudyInstanceUID"]))
    return {str(study["StudyInstanceUID"]): study for study in studies}


def _study(match: Dataset) -> Study:
    study: Study = {key: _text(match.get(keyword)) for key, keyword in KEYWORDS.items()}
    modalities = str(study["ModalitiesInStudy"])
    study["ModalitiesInStudy"] = modalities.split("\\") if modalities else []
    return study


def _modalities(archive: Archive, study_instance_uid: str) -> list[str]:
    keys = {"StudyInstanceUID": study_instance_uid, "SeriesInstanceUID": "", "Modality": ""}
    found = [_text(match.get("Modality")) for match in find(archive, "SERIES", keys)]
    return list(dict.fromkeys(filter(None, found)))


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, MultiValue):
        return "\\".join(map(_text, value))
    return str(value).strip(" ")


def find(archive: Archive, level: str, keys: Mapping[str, str]) -> Iterator[Dataset]:
    """Yield what the archive returns in the Study Root, asked for the keys at a level."""
    with tempfile.TemporaryDirectory() as folder:
        output_of(
            *("findscu", "--study", "--aetitle", GATEWAY, "--call", archive.ae_title),
            *("--key", f"QueryRetrieveLevel={level}"),
            *(part for key, value in keys.items() for part in ("--key", f"{key}={value}")),
            *("--extract", "--output-directory", folder, "127.0.0.1", str(archive.port)),
        )
        for path in sorted(Path(folder).iterdir()):
            yield pydicom.dcmread(path)
