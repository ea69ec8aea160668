"""The query service around its association: what it opens, and under which deadlines."""

from contextlib import ExitStack
from typing import Any, cast

import pytest

from dicom_qr_gateway.dicom.budgets import FindBudget
from dicom_qr_gateway.dicom.pool import Pool
from dicom_qr_gateway.dicom.types import ApplicationEntity, Deadline, Limits, Quirks
from dicom_qr_gateway.dicom.uids import PATIENT_ROOT_FIND, STUDY_ROOT_FIND
from dicom_qr_gateway.errors import NoStudyMatched, PatientMismatch, QueryTimeout, RetrieveTimeout
from dicom_qr_gateway.services import query as module
from dicom_qr_gateway.services.query import FoundStudies, QueryService, StudyQuery
from dicom_qr_gateway.services.study import Study, study_from
from dicom_qr_gateway.services.uid_lists import ListUse

PACS = ApplicationEntity("192.0.2.1", 104, "PACS")


class Finder:
    """What a PACS would say; remembers how it was made and what it was asked."""

    def __init__(self, *matches: dict[str, str], modalities: list[str] | None = None) -> None:
        self.matches = list(matches)
        self.known_modalities = modalities or []
        self.opened: list[Any] = []
        self.deadlines: tuple[Deadline, ...] = ()
        self.asked_modalities: list[str] = []
        self.asked_completion: list[str] = []

    limits = Limits(query_timeout=7)

    def query(self, *arguments: Any, after: ExitStack | None) -> Any:
        *self.opened, work = arguments[:5]
        self.opened += arguments[5:]
        return work("an association")

    def made(
        self,
        association: object,
        patient_id: str,
        limits: Limits,
        budget: FindBudget,
        lists: ListUse,
        *deadlines: Deadline,
        quirks: Quirks,
    ) -> "Finder":
        assert (association, patient_id) == ("an association", "P1")
        self.deadlines = deadlines
        return self

    def studies(self, is_selective: bool) -> list[Study]:
        self.is_selective = is_selective
        return [study_from(match) for match in self.matches]

    def with_modalities(self, studies: list[Study]) -> list[Study]:
        self.asked_modalities += [study.uid for study in studies if not study.modalities]
        return [
            study if study.modalities else study.completed(ModalitiesInStudy=self.known_modalities)
            for study in studies
        ]

    def completed(self, studies: list[Study]) -> list[Study]:
        self.asked_completion += [study.uid for study in studies]
        return studies


def a_match(uid: str, patient_id: str = "P1", **keys: str) -> dict[str, str]:
    return {"StudyInstanceUID": uid, "PatientID": patient_id, "ModalitiesInStudy": "CT", **keys}


def ask(
    finder: Finder, monkeypatch: pytest.MonkeyPatch, *deadlines: Deadline, **fields: Any
) -> FoundStudies:
    monkeypatch.setattr(module, "StudyFinder", finder.made)
    query = StudyQuery(PACS, "GATEWAY", **{"patient_id": "P1", **fields})
    return QueryService(cast(Pool, finder)).find(query, None, *deadlines)


def uids(found: FoundStudies) -> list[str]:
    return [study.uid for study in found.studies]


def test_one_association_is_opened_for_both_models(monkeypatch: pytest.MonkeyPatch) -> None:
    finder = Finder(a_match("1.1"))
    ask(finder, monkeypatch)
    assert finder.opened[:3] == [PACS, "GATEWAY", (STUDY_ROOT_FIND, PATIENT_ROOT_FIND)]


def test_the_query_timeout_and_the_callers_deadlines_bound_everything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = Deadline.after(60, RetrieveTimeout, "")
    finder = Finder(a_match("1.1"))
    ask(finder, monkeypatch, whole)
    own, given = finder.deadlines
    assert own.error is QueryTimeout
    assert own.remaining() <= 7
    assert given is whole
    assert tuple(finder.opened[-2:]) == finder.deadlines


def test_max_results_count_what_the_filters_keep(monkeypatch: pytest.MonkeyPatch) -> None:
    finder = Finder(
        a_match("1.1", StudyDate="20240105", ModalitiesInStudy="MR"),
        a_match("1.2", StudyDate="20240104"),
        a_match("1.3", StudyDate="20240103", ModalitiesInStudy="US"),
        a_match("1.4", StudyDate="20240102"),
        a_match("1.5", StudyDate="20240101"),
    )
    found = ask(finder, monkeypatch, modalities=("CT",), max_results=2)
    assert uids(found) == ["1.2", "1.4"]


def test_no_modality_is_asked_for_beyond_max_results(monkeypatch: pytest.MonkeyPatch) -> None:
    matches = [a_match(f"1.{number}", ModalitiesInStudy="") for number in range(5)]
    finder = Finder(*matches, modalities=["CT"])
    ask(finder, monkeypatch, modalities=("CT",), max_results=2)
    assert finder.asked_modalities == ["1.0", "1.1"]


def test_modalities_beyond_max_results_are_asked_for_where_a_filter_drops_some(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    matches = [a_match(f"1.{number}", ModalitiesInStudy="") for number in range(5)]
    finder = Finder(*matches, modalities=["US"])
    with pytest.raises(NoStudyMatched):
        ask(finder, monkeypatch, modalities=("CT",), max_results=2)
    assert finder.asked_modalities == ["1.0", "1.1", "1.2", "1.3", "1.4"]


@pytest.mark.parametrize(
    "filters", [{"modalities": ("CT",)}, {"max_years_old": 200}, {"max_results": 1}]
)
def test_a_filter_leaves_the_dear_key_to_what_is_kept(
    monkeypatch: pytest.MonkeyPatch, filters: dict[str, Any]
) -> None:
    finder = Finder(a_match("1.1"))
    ask(finder, monkeypatch, **filters)
    assert (finder.is_selective, finder.asked_completion) == (True, ["1.1"])


def test_without_a_filter_everything_is_asked_for_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    finder = Finder(a_match("1.1"))
    ask(finder, monkeypatch)
    assert (finder.is_selective, finder.asked_completion) == (False, [])


def test_duplicates_are_merged_before_anything_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    finder = Finder(a_match("1.1", ModalitiesInStudy=""), a_match("1.1"))
    assert len(ask(finder, monkeypatch).studies) == 1
    assert finder.asked_modalities == []


def test_a_study_of_another_patient_is_never_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    finder = Finder(a_match("1.1"), a_match("1.2", "P2", ModalitiesInStudy=""))
    assert ask(finder, monkeypatch).withheld == 1
    assert finder.asked_modalities == []


def test_no_match_and_no_match_of_this_patient_are_told_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(NoStudyMatched) as caught:
        ask(Finder(), monkeypatch)
    assert caught.value.extra == {}
    with pytest.raises(PatientMismatch):
        ask(Finder(a_match("1.1", "P2")), monkeypatch)
