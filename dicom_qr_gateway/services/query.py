"""Which studies has this patient? The clinical side of ``POST /q``.

Rule: one association serves the whole query (a second one where ``uid_lists`` says so), and an
answer exists only when all of it was read.
"""

import logging
import socket
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from dicom_qr_gateway.dicom.association import Association
from dicom_qr_gateway.dicom.budgets import FindBudget
from dicom_qr_gateway.dicom.pool import Pool
from dicom_qr_gateway.dicom.types import ApplicationEntity, Deadline
from dicom_qr_gateway.dicom.uids import PATIENT_ROOT_FIND, STUDY_ROOT_FIND
from dicom_qr_gateway.errors import (
    GatewayError,
    NoStudyMatched,
    PatientMismatch,
)
from dicom_qr_gateway.services.matching import (
    has_modality,
    is_of_patient,
    is_recent,
    most_recent_first,
)
from dicom_qr_gateway.services.study import Study, merge_duplicates
from dicom_qr_gateway.services.study_finder import StudyFinder
from dicom_qr_gateway.services.uid_lists import ListUse

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StudyQuery:
    """A valid request for the studies of one patient."""

    pacs: ApplicationEntity
    calling_ae_title: str
    patient_id: str
    modalities: tuple[str, ...] = ()
    max_years_old: int | None = None
    max_results: int | None = None

    @property
    def is_selective(self) -> bool:
        """Tell whether fewer studies may be kept than match."""
        return bool(self.modalities or self.max_years_old or self.max_results)


@dataclass(frozen=True, slots=True)
class FoundStudies:
    """The studies that match, most recent first, and how many matches were withheld."""

    studies: list[Study] = field(default_factory=list)
    withheld: int = 0

    def rows(self) -> list[dict[str, Any]]:
        """Return the contract's twelve keys of each study."""
        return [study.as_dict() for study in self.studies]


class QueryService:
    """Finds studies."""

    def __init__(self, pool: Pool) -> None:
        """Keep where associations come from."""
        self._pool = pool

    def find(
        self,
        query: StudyQuery,
        client: socket.socket | None,
        *deadlines: Deadline,
        after: ExitStack | None = None,
    ) -> FoundStudies:
        """Return the studies of the patient.

        Args:
            query: what is asked.
            client: the HTTP client's socket where the server offers it: a hang-up ends the query.
            deadlines: of what the query is a part of.
            after: where the end of the association may go, see Pool.query.

        Raises:
            NoStudyMatched: the PACS answered in full and nothing matches.
            PatientMismatch: every match is another patient's.
            GatewayError: the answer could not be had, see Pool.association and c_find.
        """
        whole = self._pool.limits.query_deadline()
        found = self._found(query, client, whole, *deadlines, after=after)
        if not found.studies:
            raise _no_study_matched(found.withheld)
        return found

    def _found(
        self,
        query: StudyQuery,
        client: socket.socket | None,
        *deadlines: Deadline,
        after: ExitStack | None,
    ) -> FoundStudies:
        budget, lists = FindBudget(self._pool.limits), ListUse()
        try:
            return self._asked(query, client, budget, lists, *deadlines, after=after)
        except GatewayError as error:
            if not lists.give_up_for(error):
                raise
        return self._asked(query, client, budget.further(), lists, *deadlines, after=after)

    def _asked(
        self,
        query: StudyQuery,
        client: socket.socket | None,
        budget: FindBudget,
        lists: ListUse,
        *deadlines: Deadline,
        after: ExitStack | None,
    ) -> FoundStudies:
        limits, quirks = self._pool.limits, query.pacs.quirks

        def work(association: Association) -> FoundStudies:
            finder = StudyFinder(
                association, query.patient_id, limits, budget, lists, *deadlines, quirks=quirks
            )
            return _find(query, finder)

        return self._pool.query(
            query.pacs,
            query.calling_ae_title,
            (STUDY_ROOT_FIND, PATIENT_ROOT_FIND),
            client,
            work,
            *deadlines,
            after=after,
        )


def _find(query: StudyQuery, finder: StudyFinder) -> FoundStudies:
    matches = finder.studies(query.is_selective)
    own = [study for study in matches if is_of_patient(study, query.patient_id)]
    withheld = _count_withheld(matches, own)
    return FoundStudies(_selected(query, own, finder), withheld)


def _count_withheld(matches: list[Study], own: list[Study]) -> int:
    withheld = len(matches) - len(own)
    if withheld:
        log.warning("%d matches of other patients withheld", withheld)
    if withheld and not own:
        raise PatientMismatch(
            "The PACS returned only studies of other patients: it may ignore the Patient ID key."
        )
    return withheld


def _selected(query: StudyQuery, own: list[Study], finder: StudyFinder) -> list[Study]:
    """Return the studies that the request's filters keep, most recent first.

    What the PACS left out costs further C-FINDs, so it is asked for last, and only of studies that
    everything else keeps.
    """
    candidates = most_recent_first(merge_duplicates(own))
    if query.max_years_old is not None:
        recent = _recent(own, query.max_years_old)
        candidates = [study for study in candidates if study.uid in recent]
    most = query.max_results or len(candidates)
    kept: list[Study] = []
    while candidates and len(kept) < most:
        needed = most - len(kept)
        several, candidates = candidates[:needed], candidates[needed:]
        kept += [
            study
            for study in finder.with_modalities(several)
            if not query.modalities or has_modality(study, query.modalities)
        ]
    return finder.completed(kept) if query.is_selective else kept


def _recent(matches: list[Study], max_years_old: int) -> set[str]:
    """Return the UIDs of the studies that are recent by any date: duplicates may contradict."""
    today = date.today()
    dated = {study.uid for study in matches if study.day}
    return {
        study.uid
        for study in matches
        if is_recent(study, max_years_old, today) and (study.day or study.uid not in dated)
    }


def _no_study_matched(withheld: int) -> NoStudyMatched:
    extra = {"withheld": withheld} if withheld else None
    return NoStudyMatched("The PACS has no study that matches.", extra=extra)
