"""The C-FINDs of one query, all on one association: studies, and what their matches lack.

Rule: a key goes out universal, with a single value, or as a list of UIDs; PACS drop or refuse what
they do not expect (docs/decisions/0003), so every other filter is applied by ``matching``. Where a
PACS does not answer a list of UIDs in full, it is asked UID by UID.
"""

import logging
from collections.abc import Generator, Sequence
from typing import Final

from dicom_qr_gateway.dicom.association import Association
from dicom_qr_gateway.dicom.budgets import FindBudget
from dicom_qr_gateway.dicom.c_find import c_find
from dicom_qr_gateway.dicom.types import NO_QUIRKS, Deadline, Limits, QueryRetrieveLevel, Quirks
from dicom_qr_gateway.dicom.uids import PATIENT_ROOT_FIND, STUDY_ROOT_FIND
from dicom_qr_gateway.errors import IdentifierRefused
from dicom_qr_gateway.services.matching import is_patient, wire_patient_id
from dicom_qr_gateway.services.study import KEYS, Study, study_from, values
from dicom_qr_gateway.services.uid_lists import ListUse, UidLists

log = logging.getLogger(__name__)

# Series attributes that most PACS answer at STUDY level too; some refuse the whole identifier.
_SERIES_KEYS: Final = ("PerformingPhysicianName", "InstitutionName")
# Orthanc opens a file of each study to answer it (docs/performance.md): asked for last, and only of
# the studies that the filters keep.
_DEAR_KEY: Final = "PerformingPhysicianName"
# In the Patient Root these are above STUDY level, where only unique keys may stand (PS3.4 C.4.1).
_PATIENT_KEYS: Final = ("PatientName", "PatientBirthDate")
_REFUSES_IDENTIFIER: Final = "0xA900"  # Identifier does not match SOP Class, PS3.4 table C.4-1

_Row = dict[str, str]


class StudyFinder:
    """Asks one PACS about one patient."""

    def __init__(
        self,
        association: Association,
        patient_id: str,
        limits: Limits,
        budget: FindBudget,
        lists: ListUse,
        *deadlines: Deadline,
        quirks: Quirks = NO_QUIRKS,
    ) -> None:
        """Use the Study Root where the PACS accepted it, else the Patient Root (PS3.4 C.3)."""
        self._association = association
        self._context = association.context_for(STUDY_ROOT_FIND, PATIENT_ROOT_FIND)
        self._patient_id = patient_id
        self._limits = limits
        self._deadlines = deadlines
        self._quirks = quirks
        self._budget = budget
        self._refused: tuple[str, ...] = ()
        self._dear_keys = UidLists(self._ask_for_dear_key, _study_of, lists)
        self._series = UidLists(self._ask_for_series, _study_of, lists)

    def studies(self, is_selective: bool) -> list[Study]:
        """Return the matches at STUDY level.

        Args:
            is_selective: fewer may be kept, so that the dear key is left to ``completed``.

        Raises:
            ProtocolError: a match has no valid StudyInstanceUID.
            GatewayError: see c_find.
        """
        keys = dict.fromkeys(KEYS.values(), "")
        keys["PatientID"] = wire_patient_id(self._patient_id)
        if is_selective:
            del keys[_DEAR_KEY]
        if self._quirks.modality_level is QueryRetrieveLevel.SERIES:
            del keys["ModalitiesInStudy"]
        try:
            return self._studies(keys)
        except IdentifierRefused as refusal:
            if refusal.dicom.get("status") != _REFUSES_IDENTIFIER:
                raise
        log.info("the PACS refuses keys of other levels at STUDY level, asked again without them")
        self._refused = _SERIES_KEYS + (_PATIENT_KEYS if self._is_patient_root else ())
        return self._studies({key: keys[key] for key in keys if key not in self._refused})

    def _studies(self, keys: dict[str, str]) -> list[Study]:
        found = []
        for match in self._find(QueryRetrieveLevel.STUDY, keys, self._budget):
            if "ModalitiesInStudy" not in keys:  # some send it all the same
                match.pop("ModalitiesInStudy", None)
            study = study_from(match)
            self._budget.rows.spend(len(study.row))
            found.append(study)
        return found

    def completed(self, studies: Sequence[Study]) -> list[Study]:
        """Return the studies with the value of the dear key.

        Raises:
            GatewayError: see c_find.
        """
        if _DEAR_KEY in self._refused:
            return list(studies)
        try:
            rows = self._dear_keys.rows([study.uid for study in studies])
        except IdentifierRefused:
            return list(studies)
        return [_with_dear_key(study, rows[study.uid], self._patient_id) for study in studies]

    def with_modalities(self, studies: Sequence[Study]) -> list[Study]:
        """Return the studies, with the modalities of its series where one comes without any.

        Raises:
            GatewayError: see c_find.
        """
        unknown = [study.uid for study in studies if not study.modalities]
        rows = self._series.rows(unknown)
        return [
            study
            if study.modalities
            else _with_modalities(study, rows[study.uid], self._patient_id)
            for study in studies
        ]

    @property
    def _is_patient_root(self) -> bool:
        return self._context.abstract_syntax == PATIENT_ROOT_FIND

    def _ask_for_dear_key(self, uids: str) -> Generator[_Row, None, None]:
        keys = {"PatientID": wire_patient_id(self._patient_id), _DEAR_KEY: ""}
        keys["StudyInstanceUID"] = uids
        return self._find(QueryRetrieveLevel.STUDY, keys, self._budget.further())

    def _ask_for_series(self, uids: str) -> Generator[_Row, None, None]:
        keys = {"StudyInstanceUID": uids, "SeriesInstanceUID": "", "Modality": ""}
        if self._is_patient_root:
            keys["PatientID"] = wire_patient_id(self._patient_id)
        return self._find(QueryRetrieveLevel.SERIES, keys, self._budget.further())

    def _find(
        self, level: QueryRetrieveLevel, keys: dict[str, str], budget: FindBudget
    ) -> Generator[_Row, None, None]:
        return c_find(
            self._association,
            self._context,
            {"QueryRetrieveLevel": level.value, **keys},
            self._limits,
            budget,
            *self._deadlines,
            quirks=self._quirks,
        )


def _study_of(row: _Row) -> str:
    return row.get("StudyInstanceUID", "")


def _with_modalities(study: Study, series: Sequence[_Row], patient_id: str) -> Study:
    own = [row for row in series if not _is_of_another(row, patient_id)]
    found = values("\\".join(row.get("Modality", "") for row in own))
    return study.completed(ModalitiesInStudy=found) if found else study


def _is_of_another(series: _Row, patient_id: str) -> bool:
    """Tell whether a series is said to be another patient's; not every PACS says whose it is."""
    stated = series.get("PatientID", "").strip(" ")
    return bool(stated) and not is_patient(stated, patient_id)


def _with_dear_key(study: Study, rows: Sequence[_Row], patient_id: str) -> Study:
    for row in rows:
        value = row.get(_DEAR_KEY, "")
        if value and is_patient(row.get("PatientID", ""), patient_id):
            return study.completed(**{_DEAR_KEY: value})
    return study
