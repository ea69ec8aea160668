"""A study of an answer: what the rules look at, and its row, written as soon as it arrives.

Rule: a row is JSON text in UTF-8, about as large as what the PACS sent for it. Nothing else is kept
of a match, so that an answer needs the memory of its bytes, whatever script they are in.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from json.encoder import encode_basestring as quoted
from typing import Any, Final

from dicom_qr_gateway.dicom.identifier import MATCHED_UID
from dicom_qr_gateway.errors import ProtocolError

# The contract's key -> the attribute's keyword (PS3.6); ModalitiesInStudy becomes a list.
KEYS: Final = {
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
_KEYWORDS: Final = tuple(KEYS.values())
_MODALITIES: Final = _KEYWORDS.index("ModalitiesInStudy")
_ROW: Final = "{" + ",".join(f'"{key}":%s' for key in KEYS) + "}"
_DATE: Final = re.compile(r"(\d{4})(\.?)(\d{2})\2(\d{2})", re.ASCII)  # PS3.5 6.2, DA and its note


@dataclass(slots=True)
class Study:
    """A study that matches: its row, and those of the row's values that the rules look at."""

    row: bytes
    uid: str
    patient_id: str
    modalities: Sequence[str]
    day: date | None
    time: str

    def as_dict(self) -> dict[str, Any]:
        """Return the contract's twelve keys."""
        row: dict[str, Any] = json.loads(self.row)
        return row

    def completed(self, **keys: object) -> "Study":
        """Return the study with other values of some of its keys."""
        return study_of({**self.as_dict(), **keys})


def study_from(match: Mapping[str, str]) -> Study:
    """Return the study of a match, keyword -> text.

    Raises:
        ProtocolError: its StudyInstanceUID is absent or no UID.
    """
    if not MATCHED_UID.fullmatch(match.get("StudyInstanceUID", "")):
        raise ProtocolError("The PACS returned a match without a valid StudyInstanceUID.")
    texts = [match.get(keyword, "") for keyword in _KEYWORDS]
    return _study(texts, values(match.get("ModalitiesInStudy", "")))


def study_of(keys: Mapping[str, Any]) -> Study:
    """Return the study that has these values of the contract's twelve keys."""
    texts = {**keys, "ModalitiesInStudy": ""}
    return _study([texts[key] for key in KEYS], keys["ModalitiesInStudy"])


def _study(texts: Sequence[str], modalities: Sequence[str]) -> Study:
    """Write the row: the texts in the order of ``KEYS``, but the modalities as a list."""
    written = list(map(quoted, texts))
    written[_MODALITIES] = f"[{','.join(map(quoted, modalities))}]"
    row = (_ROW % tuple(written)).encode()
    _, patient_id, _, uid, _, _, day, time, *_ = texts
    return Study(row, uid, patient_id, modalities, read_date(day), time)


def values(text: str) -> list[str]:
    """Return the different values of a multi-valued attribute, in order, without empty ones."""
    if "\\" not in text:
        value = text.strip()
        return [value] if value else []
    return list(dict.fromkeys(filter(None, (value.strip() for value in text.split("\\")))))


@lru_cache(maxsize=4096)
def read_date(text: str) -> date | None:
    """Return the date of a DA value, None where it is absent or unreadable."""
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[3]), int(found[4]))
    except ValueError:
        return None


def merge_duplicates(studies: Sequence[Study]) -> list[Study]:
    """Return one study per StudyInstanceUID: the first, completed by what later ones add."""
    if len({study.uid for study in studies}) == len(studies):
        return list(studies)
    by_uid: dict[str, list[Study]] = {}
    for study in studies:
        by_uid.setdefault(study.uid, []).append(study)
    return [same[0] if len(same) == 1 else _merged(same) for same in by_uid.values()]


def _merged(same: Iterable[Study]) -> Study:
    keys: dict[str, Any] = {}
    modalities: dict[str, None] = {}  # in order, and quick to look into
    for study in same:
        modalities.update(dict.fromkeys(study.modalities))
        for key, value in study.as_dict().items():
            keys[key] = keys.get(key) or value
    return study_of({**keys, "ModalitiesInStudy": list(modalities)})
