"""The pure rules of which studies are kept: whose, how old, which modality, in what order."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Final

from dicom_qr_gateway.dicom.text import UNREADABLE
from dicom_qr_gateway.services.study import Study

_WORD: Final = re.compile("[A-Z0-9_]+")
_TIME: Final = re.compile(r"\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?", re.ASCII)  # PS3.5 6.2, TM


def is_of_patient(study: Study, patient_id: str) -> bool:
    """Tell whether the study is that patient's."""
    return is_patient(study.patient_id, patient_id)


def is_patient(stated: str, patient_id: str) -> bool:
    """Tell whether what a match states is that Patient ID, but for surrounding spaces.

    One with characters that could not be read may be any.
    """
    return stated.strip(" ") == patient_id.strip(" ") and UNREADABLE not in stated


def wire_patient_id(patient_id: str) -> str:
    """Return the Patient ID as it is sent: surrounding spaces are not significant (LO, PS3.5 6.2).

    Some PACS compare the leading ones all the same, and would say that there is no such patient.
    """
    return patient_id.strip(" ")


def most_recent_first(studies: Iterable[Study]) -> list[Study]:
    """Sort by StudyDate, then StudyTime, latest first, undated last; equals keep their order."""
    return sorted(studies, key=_moment, reverse=True)


def _moment(study: Study) -> tuple[date, str]:
    time = study.time.replace(":", "")
    return study.day or date.min, time if _TIME.fullmatch(time) else ""


def is_recent(study: Study, max_years_old: int, today: date) -> bool:
    """Tell whether StudyDate is within so many years; an undated study counts as recent."""
    return study.day is None or study.day >= years_before(today, max_years_old)


def years_before(today: date, years: int) -> date:
    """Return the same day so many years ago; 29 February counts back to the 28th."""
    try:
        return today.replace(year=today.year - years)
    except ValueError:
        return today.replace(year=today.year - years, day=28)


def stated_modalities(values: Iterable[str]) -> set[str]:
    """Return the modalities that the values of ModalitiesInStudy (0008,0061) say.

    Some PACS write ``CT/MR`` or ``CT, MR`` as one value, which is none that exists: then they are
    its words too.
    """
    stated = {value.upper() for value in values}
    return stated.union(*map(_WORD.findall, stated))


def has_modality(study: Study, modalities: Iterable[str]) -> bool:
    """Tell whether the study has one of the modalities, or may have: they are unknown."""
    known = stated_modalities(study.modalities)
    return not known or not known.isdisjoint(modalities)
