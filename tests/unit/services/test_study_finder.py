"""The keys of each C-FIND of a query, without a network."""

from collections.abc import Iterator
from typing import Any

import pytest

from dicom_qr_gateway.dicom.budgets import FindBudget
from dicom_qr_gateway.dicom.types import AcceptedContext, Limits
from dicom_qr_gateway.dicom.uids import PATIENT_ROOT_FIND, STUDY_ROOT_FIND
from dicom_qr_gateway.errors import DimseFailure
from dicom_qr_gateway.services import study_finder as module
from dicom_qr_gateway.services.study_finder import StudyFinder

Answer = list[dict[str, str]] | Exception


class Pacs:
    """Answers each C-FIND with the next of its answers, and keeps the keys it was asked for."""

    def __init__(self, model: str, *answers: Answer) -> None:
        self.context = AcceptedContext(1, model, False)
        self.answers = list(answers)
        self.keys: list[dict[str, str]] = []
        self.budgets: set[FindBudget] = set()

    def context_for(self, *abstract_syntaxes: str) -> AcceptedContext:
        assert abstract_syntaxes == (STUDY_ROOT_FIND, PATIENT_ROOT_FIND)
        return self.context

    def c_find(
        self, _: object, context: object, keys: dict[str, str], limits: object, budget: FindBudget
    ) -> Iterator[dict[str, str]]:
        assert context is self.context
        self.keys.append(keys)
        self.budgets.add(budget)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        yield from answer


def finder(pacs: Pacs, monkeypatch: pytest.MonkeyPatch) -> StudyFinder:
    monkeypatch.setattr(module, "c_find", pacs.c_find)
    association: Any = pacs
    return StudyFinder(association, Limits())


def failure(status: str) -> DimseFailure:
    return DimseFailure("refused", dicom={"status": status})


def test_no_key_has_more_than_one_value(monkeypatch: pytest.MonkeyPatch) -> None:
    pacs = Pacs(STUDY_ROOT_FIND, [], [])
    asking = finder(pacs, monkeypatch)
    asking.studies("P1")
    asking.modalities("1.2.3")
    assert all("\\" not in value for keys in pacs.keys for value in keys.values())
    assert all(
        "*" not in value and "-" not in value for keys in pacs.keys for value in keys.values()
    )


def test_all_queries_share_one_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    pacs = Pacs(STUDY_ROOT_FIND, failure("0xA900"), [], [])
    asking = finder(pacs, monkeypatch)
    asking.studies("P1")
    asking.modalities("1.2.3")
    assert len(pacs.budgets) == 1


def test_only_the_refusal_of_the_identifier_is_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for status in ("0xA700", "0xA901", "0xC000", "0xFE00", "0xB001"):
        pacs = Pacs(STUDY_ROOT_FIND, failure(status))
        with pytest.raises(DimseFailure):
            finder(pacs, monkeypatch).studies("P1")
        assert len(pacs.keys) == 1


def test_the_second_try_leaves_out_two_series_attributes_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pacs = Pacs(STUDY_ROOT_FIND, failure("0xA900"), [{"StudyInstanceUID": "1.2.3"}])
    assert [study.uid for study in finder(pacs, monkeypatch).studies("P1")] == ["1.2.3"]
    first, second = pacs.keys
    assert first == {**second, "PerformingPhysicianName": "", "InstitutionName": ""}
    assert len(first) == 13


@pytest.mark.parametrize(
    ("model", "expected"), [(STUDY_ROOT_FIND, False), (PATIENT_ROOT_FIND, True)]
)
def test_the_patient_is_a_unique_key_of_the_series_level_under_the_patient_root_alone(
    monkeypatch: pytest.MonkeyPatch, model: str, expected: bool
) -> None:
    pacs = Pacs(model, [], [])
    asking = finder(pacs, monkeypatch)
    asking.studies("P1")
    asking.modalities("1.2.3")
    assert (pacs.keys[1].get("PatientID") == "P1") is expected


def test_modalities_are_those_of_the_studys_series_once_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    series = [
        {"Modality": "MR"},
        {"Modality": "", "StudyInstanceUID": "1.2.3"},
        {"StudyInstanceUID": "1.2.3"},
        {"Modality": "CT", "StudyInstanceUID": ""},
        {"Modality": "MR", "StudyInstanceUID": "1.2.3"},
        {"Modality": "US", "StudyInstanceUID": "1.2.4"},
    ]
    assert finder(Pacs(STUDY_ROOT_FIND, series), monkeypatch).modalities("1.2.3") == ["MR", "CT"]
