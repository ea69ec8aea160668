"""The C-FINDs of one query, all on one association: studies, and modalities where they lack.

Rule: a key goes out universal or with a single value; PACS drop or refuse what they do not expect
(docs/decisions/0003), so every filter beyond the Patient ID is applied by ``matching``.
"""

import logging
from collections.abc import Iterator
from typing import Final

from dicom_qr_gateway.dicom.association import Association
from dicom_qr_gateway.dicom.budgets import FindBudget
from dicom_qr_gateway.dicom.c_find import c_find
from dicom_qr_gateway.dicom.types import Deadline, Limits, QueryRetrieveLevel
from dicom_qr_gateway.dicom.uids import PATIENT_ROOT_FIND, STUDY_ROOT_FIND
from dicom_qr_gateway.errors import DimseFailure
from dicom_qr_gateway.services.matching import wire_patient_id
from dicom_qr_gateway.services.study import KEYS, Study, study_from, values

log = logging.getLogger(__name__)

# Series attributes that most PACS answer at STUDY level too; some refuse the whole identifier.
_SERIES_KEYS: Final = ("PerformingPhysicianName", "InstitutionName")
# In the Patient Root these are above STUDY level, where only unique keys may stand (PS3.4 C.4.1).
_PATIENT_KEYS: Final = ("PatientName", "PatientBirthDate")
_REFUSES_IDENTIFIER: Final = "0xA900"  # Identifier does not match SOP Class, PS3.4 table C.4-1


class StudyFinder:
    """Asks one PACS about one patient."""

    def __init__(self, association: Association, limits: Limits, *deadlines: Deadline) -> None:
        """Use the Study Root where the PACS accepted it, else the Patient Root (PS3.4 C.3)."""
        self._association = association
        self._context = association.context_for(STUDY_ROOT_FIND, PATIENT_ROOT_FIND)
        self._limits = limits
        self._deadlines = deadlines
        self._budget = FindBudget(limits)
        self._patient_keys: dict[str, str] = {}

    def studies(self, patient_id: str) -> list[Study]:
        """Return the matches at STUDY level.

        Raises:
            ProtocolError: a match has no valid StudyInstanceUID.
            GatewayError: see c_find.
        """
        if self._context.abstract_syntax == PATIENT_ROOT_FIND:
            self._patient_keys = {"PatientID": wire_patient_id(patient_id)}
        keys = dict.fromkeys(KEYS.values(), "")
        keys["PatientID"] = wire_patient_id(patient_id)
        try:
            return self._studies(keys)
        except DimseFailure as failure:
            if failure.dicom.get("status") != _REFUSES_IDENTIFIER:
                raise
        log.info("the PACS refuses keys of other levels at STUDY level, asked again without them")
        for keyword in _SERIES_KEYS + (_PATIENT_KEYS if self._patient_keys else ()):
            del keys[keyword]
        return self._studies(keys)

    def _studies(self, keys: dict[str, str]) -> list[Study]:
        found = []
        for match in self._find(QueryRetrieveLevel.STUDY, keys):
            study = study_from(match)
            self._budget.rows.spend(len(study.row))
            found.append(study)
        return found

    def modalities(self, study_instance_uid: str) -> list[str]:
        """Return the modalities of a study's series, empty where the PACS names none.

        Raises:
            GatewayError: see c_find.
        """
        keys = {
            **self._patient_keys,
            "StudyInstanceUID": study_instance_uid,
            "SeriesInstanceUID": "",
            "Modality": "",
        }
        matches = self._find(QueryRetrieveLevel.SERIES, keys)
        found = [
            match.get("Modality", "")
            for match in matches
            if match.get("StudyInstanceUID") in (study_instance_uid, "", None)
        ]
        return values("\\".join(found))

    def _find(self, level: QueryRetrieveLevel, keys: dict[str, str]) -> Iterator[dict[str, str]]:
        return c_find(
            self._association,
            self._context,
            {"QueryRetrieveLevel": level.value, **keys},
            self._limits,
            self._budget,
            *self._deadlines,
        )
