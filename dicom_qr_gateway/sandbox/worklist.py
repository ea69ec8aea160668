"""The modality worklist of the sandbox: what is scheduled today (PS3.4 Annex K).

Rule: synthetic as the archive is; the first step is the one the README shows. Entries are never
changed once they are made.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from dicom_qr_gateway.sandbox.elements import tag_of
from dicom_qr_gateway.sandbox.instances import dicom_date, uid
from dicom_qr_gateway.sandbox.matching import matches
from dicom_qr_gateway.sandbox.patients import Patient
from dicom_qr_gateway.sandbox.roster import PATIENTS

_CHARSET = tag_of("SpecificCharacterSet")


@dataclass(frozen=True, slots=True)
class Step:
    """A procedure step that a station is to perform today."""

    patient_id: str
    station: str
    modality: str
    time: str
    description: str


STEPS = (
    Step("1112223333", "CT1", "CT", "083000", "CT ABDOMEN FOLLOW UP"),
    Step("SB-0002", "CT1", "CT", "091500", "CT THORAX"),
    Step("SB-0019", "CT1", "CT", "100000", "CT Schädel"),
    Step("SB-0003", "MR1", "MR", "084500", "MR KNEE"),
    Step("SB-0021", "MR1", "MR", "103000", "MR 頭部"),
    Step("SB-0014", "US1", "US", "093000", "US HEAD"),
)


class Worklist:
    """The steps of a day, found by the keys of a worklist query."""

    def __init__(self, today: date) -> None:
        """Schedule every step for ``today``."""
        patients = {patient.patient_id: patient for patient in PATIENTS}
        self._entries = [
            _entry(step, patients[step.patient_id], number, today)
            for number, step in enumerate(STEPS, 1)
        ]

    def __len__(self) -> int:
        """Return the number of steps."""
        return len(self._entries)

    @property
    def stations(self) -> Sequence[str]:
        """Return the AE titles of the stations, each once."""
        return list(dict.fromkeys(step.station for step in STEPS))

    def find(self, identifier: Dataset) -> Iterator[Dataset]:
        """Yield the answer for each step that matches (PS3.4 K.4.1)."""
        for entry in self._entries:
            if _matches(identifier, entry):
                answer = _answer(identifier, entry)
                if _CHARSET in entry:
                    answer[_CHARSET] = entry[_CHARSET]
                yield answer


def _entry(step: Step, patient: Patient, number: int, today: date) -> Dataset:
    entry = Dataset()
    if patient.charset:
        entry.SpecificCharacterSet = patient.charset.split("\\")
    entry.AccessionNumber = f"WL-{number}"
    entry.ReferringPhysicianName = "REF^MD"
    entry.PatientName = patient.name
    entry.PatientID = patient.patient_id
    entry.PatientBirthDate = dicom_date(patient.born, today)
    entry.PatientSex = patient.sex
    entry.StudyInstanceUID = uid("worklist", f"{today}", number)
    entry.RequestedProcedureID = f"RP-{number}"
    entry.RequestedProcedureDescription = step.description
    entry.RequestedProcedurePriority = "ROUTINE"
    entry.RequestingPhysician = "REQ^MD"
    entry.ScheduledProcedureStepSequence = Items([_scheduled(step, number, today)])
    return entry


def _scheduled(step: Step, number: int, today: date) -> Dataset:
    item = Dataset()
    item.Modality = step.modality
    item.ScheduledStationAETitle = step.station
    item.ScheduledProcedureStepStartDate = f"{today:%Y%m%d}"
    item.ScheduledProcedureStepStartTime = step.time
    item.ScheduledPerformingPhysicianName = "PERF^MD"
    item.ScheduledProcedureStepDescription = step.description
    item.ScheduledProcedureStepID = f"SPS-{number}"
    return item


def _matches(keys: Dataset, entry: Dataset) -> bool:
    """Tell whether all keys match that the entry has; others are ignored (PS3.4 C.2.2.1.3)."""
    return all(_key_matches(key, entry[key.tag]) for key in keys if key.tag in entry)


def _key_matches(key: DataElement, element: DataElement) -> bool:
    if key.tag == _CHARSET:
        return True
    if key.VR == "SQ":
        return all(any(_matches(item, each) for each in element.value) for item in key.value)
    return matches(key.VR, _text(key), _text(element))


def _answer(keys: Dataset, entry: Dataset) -> Dataset:
    """Return what was asked for; of a sequence with keys only those, without keys all of it."""
    answer = Dataset()
    for key in keys:
        if key.tag not in entry:
            answer.add_new(key.tag, key.VR, None)
        elif key.VR == "SQ" and key.value:
            items = [_answer(key.value[0], item) for item in entry[key.tag].value]
            answer.add_new(key.tag, "SQ", Items(items))
        else:
            answer[key.tag] = entry[key.tag]
    return answer


def _text(element: DataElement) -> str:
    value = element.value
    if element.VM > 1:
        return "\\".join(map(str, value))
    return "" if value is None else str(value)
