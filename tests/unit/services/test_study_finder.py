"""The keys of each C-FIND of a query, without a network."""

from collections.abc import Generator
from typing import Any

import pytest

from dicom_qr_gateway.dicom.budgets import FindBudget
from dicom_qr_gateway.dicom.types import (
    NO_QUIRKS,
    AcceptedContext,
    Limits,
    QueryRetrieveLevel,
    Quirks,
)
from dicom_qr_gateway.dicom.uids import PATIENT_ROOT_FIND, STUDY_ROOT_FIND
from dicom_qr_gateway.errors import DimseFailure, IdentifierRefused
from dicom_qr_gateway.services import study_finder as module
from dicom_qr_gateway.services.study import Study, study_from
from dicom_qr_gateway.services.study_finder import StudyFinder
from dicom_qr_gateway.services.uid_lists import ListUse

Answer = list[dict[str, str]] | Exception


class Pacs:
    """Answers each C-FIND with the next of its answers, and keeps the keys it was asked for."""

    def __init__(self, model: str, *answers: Answer) -> None:
        self.context = AcceptedContext(1, model, False)
        self.answers = list(answers)
        self.keys: list[dict[str, str]] = []
        self.budgets: set[FindBudget] = set()
        self.cancelled: list[dict[str, str]] = []

    def context_for(self, *abstract_syntaxes: str) -> AcceptedContext:
        assert abstract_syntaxes == (STUDY_ROOT_FIND, PATIENT_ROOT_FIND)
        return self.context

    def c_find(
        self,
        _: object,
        context: object,
        keys: dict[str, str],
        limits: object,
        budget: FindBudget,
        quirks: Quirks,
    ) -> Generator[dict[str, str], None, None]:
        assert context is self.context
        self.keys.append(keys)
        self.budgets.add(budget)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        try:
            yield from answer
        except GeneratorExit:
            self.cancelled.append(keys)
            raise


def finder(pacs: Pacs, monkeypatch: pytest.MonkeyPatch, quirks: Quirks = NO_QUIRKS) -> StudyFinder:
    monkeypatch.setattr(module, "c_find", pacs.c_find)
    association: Any = pacs
    limits = Limits()
    return StudyFinder(association, "P1", limits, FindBudget(limits), ListUse(), quirks=quirks)


def studies(*uids: str) -> list[Study]:
    return [study_from({"StudyInstanceUID": uid, "PatientID": "P1"}) for uid in uids]


def series(uid: str, *modalities: str) -> list[dict[str, str]]:
    return [{"StudyInstanceUID": uid, "Modality": modality} for modality in modalities]


def modalities(found: list[Study]) -> dict[str, list[str]]:
    return {study.uid: list(study.modalities) for study in found}


def failure(status: str) -> DimseFailure:
    kind = IdentifierRefused if status.startswith("0xA9") else DimseFailure
    return kind("refused", dicom={"status": status})


def test_no_key_of_a_study_query_has_a_value_but_the_patient(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pacs = Pacs(STUDY_ROOT_FIND, [])
    finder(pacs, monkeypatch).studies(False)
    valued = {keyword: value for keyword, value in pacs.keys[0].items() if value}
    assert valued == {"QueryRetrieveLevel": "STUDY", "PatientID": "P1"}


def test_all_queries_share_one_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    pacs = Pacs(STUDY_ROOT_FIND, failure("0xA900"), [], [], [])
    asking = finder(pacs, monkeypatch)
    asking.studies(False)
    asking.with_modalities(studies("1.1"))
    assert len({budget.bytes for budget in pacs.budgets}) == 1


def test_only_the_refusal_of_the_identifier_is_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for status in ("0xA700", "0xA901", "0xC000", "0xFE00", "0xB001"):
        pacs = Pacs(STUDY_ROOT_FIND, failure(status))
        with pytest.raises(DimseFailure):
            finder(pacs, monkeypatch).studies(False)
        assert len(pacs.keys) == 1


def test_the_second_try_leaves_out_two_series_attributes_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pacs = Pacs(STUDY_ROOT_FIND, failure("0xA900"), [{"StudyInstanceUID": "1.2.3"}])
    assert modalities(finder(pacs, monkeypatch).studies(False)) == {"1.2.3": []}
    first, second = pacs.keys
    assert first == {**second, "PerformingPhysicianName": "", "InstitutionName": ""}
    assert len(first) == 13


@pytest.mark.parametrize(
    ("model", "expected"), [(STUDY_ROOT_FIND, False), (PATIENT_ROOT_FIND, True)]
)
def test_the_patient_is_a_unique_key_of_the_series_level_under_the_patient_root_alone(
    monkeypatch: pytest.MonkeyPatch, model: str, expected: bool
) -> None:
    pacs = Pacs(model, [])
    finder(pacs, monkeypatch).with_modalities(studies("1.1"))
    assert (pacs.keys[0].get("PatientID") == "P1") is expected


def test_modalities_are_those_of_the_studys_series_once_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer = [
        {"Modality": "MR"},
        {"Modality": "", "StudyInstanceUID": "1.2.3"},
        {"StudyInstanceUID": "1.2.3"},
        {"Modality": "CT", "StudyInstanceUID": ""},
        {"Modality": "MR", "StudyInstanceUID": "1.2.3"},
        {"Modality": "US", "StudyInstanceUID": "1.2.4"},
    ]
    found = finder(Pacs(STUDY_ROOT_FIND, answer), monkeypatch).with_modalities(studies("1.2.3"))
    assert modalities(found) == {"1.2.3": ["MR", "CT"]}


def test_modalities_of_another_patients_series_are_not_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    patients = {"MR": "P2", "CT": " P1 ", "US": "P1\\P2", "XA": "", "OT": "p1"}
    answer = [
        {"Modality": modality, "PatientID": patient} for modality, patient in patients.items()
    ]
    pacs = Pacs(STUDY_ROOT_FIND, [*answer, {"Modality": "SR"}])
    found = finder(pacs, monkeypatch).with_modalities(studies("1.2.3"))
    assert modalities(found) == {"1.2.3": ["CT", "XA", "SR"]}


def test_the_modalities_of_several_studies_are_one_question(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pacs = Pacs(STUDY_ROOT_FIND, series("1.2", "MR") + series("1.1", "CT", "SR"))
    known = studies("1.3")[0].completed(ModalitiesInStudy=["US"])
    found = finder(pacs, monkeypatch).with_modalities([*studies("1.1"), known, *studies("1.2")])
    assert modalities(found) == {"1.1": ["CT", "SR"], "1.3": ["US"], "1.2": ["MR"]}
    assert [keys["StudyInstanceUID"] for keys in pacs.keys] == ["1.1\\1.2"]


def test_nothing_is_asked_where_every_study_says_its_modalities(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pacs = Pacs(STUDY_ROOT_FIND)
    assert finder(pacs, monkeypatch).with_modalities([]) == []
    assert pacs.keys == []


def test_a_long_list_is_asked_for_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    uids = [f"1.{number}" for number in range(250)]
    answers = [[row for uid in uids[at : at + 100] for row in series(uid, "CT")]
               for at in (0, 100, 200)]  # fmt: skip
    pacs = Pacs(STUDY_ROOT_FIND, *answers)
    found = finder(pacs, monkeypatch).with_modalities(studies(*uids))
    assert modalities(found) == {uid: ["CT"] for uid in uids}
    assert [len(keys["StudyInstanceUID"].split("\\")) for keys in pacs.keys] == [100, 100, 50]


def test_where_a_list_leaves_one_out_all_are_asked_for_one_by_one_and_no_list_any_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, other = series("1.1", "CT", "SR"), series("1.2", "MR")
    pacs = Pacs(STUDY_ROOT_FIND, series("1.1", "CT"), one, other, one, other)
    asking = finder(pacs, monkeypatch)
    assert modalities(asking.with_modalities(studies("1.1", "1.2"))) == {
        "1.1": ["CT", "SR"], "1.2": ["MR"],
    }  # fmt: skip
    asking.with_modalities(studies("1.1", "1.2"))
    assert [keys["StudyInstanceUID"] for keys in pacs.keys] == [
        "1.1\\1.2", "1.1", "1.2", "1.1", "1.2",
    ]  # fmt: skip


def test_a_list_that_is_taken_for_any_uid_is_cancelled_and_asked_one_by_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    everything = series("1.1", "CT") + series("9.9", "XA") + series("1.1", "SR")
    pacs = Pacs(STUDY_ROOT_FIND, everything, series("1.1", "CT", "SR"), series("1.2", "MR"))
    found = finder(pacs, monkeypatch).with_modalities(studies("1.1", "1.2"))
    assert modalities(found) == {"1.1": ["CT", "SR"], "1.2": ["MR"]}
    assert pacs.cancelled == pacs.keys[:1]


def test_a_list_that_is_refused_is_asked_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    pacs = Pacs(STUDY_ROOT_FIND, failure("0xC000"), series("1.1", "CT"), series("1.2", "MR"))
    found = finder(pacs, monkeypatch).with_modalities(studies("1.1", "1.2"))
    assert modalities(found) == {"1.1": ["CT"], "1.2": ["MR"]}


def test_a_single_study_that_is_refused_fails_the_query(monkeypatch: pytest.MonkeyPatch) -> None:
    pacs = Pacs(STUDY_ROOT_FIND, failure("0xC000"), failure("0xC000"))
    with pytest.raises(DimseFailure):
        finder(pacs, monkeypatch).with_modalities(studies("1.1", "1.2"))


def performed(uid: str, physician: str, patient_id: str = "P1") -> dict[str, str]:
    return {"StudyInstanceUID": uid, "PatientID": patient_id,
            "PerformingPhysicianName": physician}  # fmt: skip


def test_a_selective_query_asks_for_the_dear_key_of_what_is_kept_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    match = {"StudyInstanceUID": "1.1", "PatientID": "P1"}
    pacs = Pacs(STUDY_ROOT_FIND, [match], [performed("1.1", "PERF^MD")])
    asking = finder(pacs, monkeypatch)
    [study] = asking.completed(asking.studies(True))
    assert study.as_dict()["PerformingPhysicianName"] == "PERF^MD"
    first, second = pacs.keys
    assert "PerformingPhysicianName" not in first
    assert len(first) == 12
    assert second == {"QueryRetrieveLevel": "STUDY", **performed("1.1", "")}


def test_the_dear_key_of_another_patients_study_is_not_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = [performed("1.1", "OTHER^MD", "P2"), performed("1.1", ""), performed("1.1", "PERF^MD")]
    [study] = finder(Pacs(STUDY_ROOT_FIND, rows), monkeypatch).completed(studies("1.1"))
    assert study.as_dict()["PerformingPhysicianName"] == "PERF^MD"


def test_a_pacs_that_refuses_the_dear_key_is_not_asked_for_it_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pacs = Pacs(STUDY_ROOT_FIND, failure("0xA900"), [{"StudyInstanceUID": "1.1"}])
    asking = finder(pacs, monkeypatch)
    assert len(asking.completed(asking.studies(True))) == 1
    pacs = Pacs(STUDY_ROOT_FIND, IdentifierRefused("refused", dicom={"status": "0xA900"}))
    assert len(finder(pacs, monkeypatch).completed(studies("1.1"))) == 1


# After a match 0xA900 is no refusal of the key: the value may be there.
@pytest.mark.parametrize("status", ["0xA700", "0xA900"])
def test_a_failure_of_the_dear_key_fails_the_query(
    monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    pacs = Pacs(STUDY_ROOT_FIND, DimseFailure("failed", dicom={"status": status}))
    with pytest.raises(DimseFailure):
        finder(pacs, monkeypatch).completed(studies("1.1"))


def test_a_pacs_whose_modalities_are_only_at_series_level_is_not_asked_for_them_above(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pacs = Pacs(STUDY_ROOT_FIND, [{"StudyInstanceUID": "1.2", "ModalitiesInStudy": "OT"}])
    quirks = Quirks(modality_level=QueryRetrieveLevel.SERIES)
    [study] = finder(pacs, monkeypatch, quirks).studies(False)
    assert study.modalities == []
    assert "ModalitiesInStudy" not in pacs.keys[0]
