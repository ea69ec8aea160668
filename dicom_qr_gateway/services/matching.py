"""The pure rules of what a match is: whose, how old, which modality, in what order. No I/O."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from dicom_qr_gateway.errors import ProtocolError

# The contract's key -> the attribute's keyword (PS3.6); ModalitiesInStudy becomes a list.
TEXT_KEYS: Final = {
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

_UID: Final = re.compile(r"[0-9.]{1,65534}")  # what an element that is sent back can hold
_DATE: Final = re.compile(r"(\d{4})(\.?)(\d{2})\2(\d{2})", re.ASCII)  # PS3.5 6.2, DA and its note
_TIME: Final = re.compile(r"\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?", re.ASCII)  # PS3.5 6.2, TM


Study = dict[str, Any]


def study_from(match: Mapping[str, str]) -> Study:
    """Return the contract's twelve keys of a match.

    Raises:
        ProtocolError: its StudyInstanceUID is absent or no UID.
    """
    uid = match.get("StudyInstanceUID", "")
    if not _UID.fullmatch(uid):
        raise ProtocolError("The PACS returned a match without a valid StudyInstanceUID.")
    study: Study = {key: match.get(keyword, "") for key, keyword in TEXT_KEYS.items()}
    study["ModalitiesInStudy"] = values(match.get("ModalitiesInStudy", ""))
    return study


def values(text: str) -> list[str]:
    """Return the different values of a multi-valued attribute, in order, without empty ones."""
    return list(dict.fromkeys(filter(None, (value.strip() for value in text.split("\\")))))


def is_of_patient(study: Study, patient_id: str) -> bool:
    """Tell whether the study is that patient's: same Patient ID but for surrounding spaces."""
    return bool(study["PatientID"].strip(" ") == patient_id.strip(" "))


def wire_patient_id(patient_id: str) -> str:
    """Return the Patient ID as it is sent: surrounding spaces are not significant (LO, PS3.5 6.2).

    Some PACS compare the leading ones all the same, and would say that there is no such patient.
    """
    return patient_id.strip(" ")


def merge_duplicates(studies: Iterable[Study]) -> list[Study]:
    """Return one study per StudyInstanceUID: the first, completed by what later ones add."""
    merged: dict[str, Study] = {}
    modalities: dict[str, dict[str, None]] = {}  # in order, and quick to look into
    for study in studies:
        uid = study["StudyInstanceUID"]
        _complete(merged.setdefault(uid, study), study)
        modalities.setdefault(uid, {}).update(dict.fromkeys(study["ModalitiesInStudy"]))
    return [{**study, "ModalitiesInStudy": list(modalities[uid])} for uid, study in merged.items()]


def _complete(study: Study, duplicate: Study) -> None:
    for key, value in duplicate.items():
        if not study[key]:
            study[key] = value


def read_date(text: str) -> date | None:
    """Return the date of a DA value, None where it is absent or unreadable."""
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[3]), int(found[4]))
    except ValueError:
        return None


def most_recent_first(studies: Iterable[Study]) -> list[Study]:
    """Sort by StudyDate, then StudyTime, latest first, undated last; equals keep their order."""
    return sorted(studies, key=_moment, reverse=True)


def _moment(study: Study) -> tuple[date, str]:
    time = study["StudyTime"].replace(":", "")
    return read_date(study["StudyDate"]) or date.min, time if _TIME.fullmatch(time) else ""


def is_recent(study: Study, max_years_old: int, today: date) -> bool:
    """Tell whether StudyDate is within so many years; an undated study counts as recent."""
    studied = read_date(study["StudyDate"])
    return studied is None or studied >= years_before(today, max_years_old)


def years_before(today: date, years: int) -> date:
    """Return the same day so many years ago; 29 February counts back to the 28th."""
    try:
        return today.replace(year=today.year - years)
    except ValueError:
        return today.replace(year=today.year - years, day=28)


def has_modality(study: Study, modalities: Iterable[str]) -> bool:
    """Tell whether the study has one of the modalities, or may have: they are unknown."""
    known = {modality.upper() for modality in study["ModalitiesInStudy"]}
    return not known or not known.isdisjoint(modalities)
