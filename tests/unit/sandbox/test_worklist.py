"""The sandbox's worklist answers as PS3.4 Annex K asks, every day."""

from datetime import date
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from dicom_qr_gateway.sandbox.worklist import STEPS, Worklist

TODAY = date(2024, 2, 29)


@pytest.fixture
def worklist() -> Worklist:
    return Worklist(TODAY)


def keys(step: dict[str, Any] | None = None, **values: Any) -> Dataset:
    identifier = Dataset()
    for keyword, value in values.items():
        setattr(identifier, keyword, value)
    item = Dataset()
    for keyword, value in (step or {}).items():
        setattr(item, keyword, value)
    identifier.ScheduledProcedureStepSequence = Sequence([item] if step is not None else [])
    return identifier


def found(worklist: Worklist, identifier: Dataset) -> list[str]:
    identifier.PatientID = identifier.get("PatientID") or ""
    return [answer.PatientID for answer in worklist.find(identifier)]


def test_every_station_has_its_steps_of_today(worklist: Worklist) -> None:
    assert [
        found(worklist, keys({"ScheduledStationAETitle": each})) for each in worklist.stations
    ] == [[step.patient_id for step in STEPS if step.station == each] for each in worklist.stations]
    assert len(worklist) == len(STEPS)


@pytest.mark.parametrize(
    ("step", "count"),
    [
        ({"ScheduledProcedureStepStartDate": "20240229"}, len(STEPS)),
        ({"ScheduledProcedureStepStartDate": "20240301-"}, 0),
        ({"Modality": "MR", "ScheduledStationAETitle": "CT1"}, 0),
        ({"ScheduledProcedureStepStartTime": "-0900"}, 2),
        ({}, len(STEPS)),
        (None, len(STEPS)),
    ],
)
def test_keys_of_a_step_are_matched(
    worklist: Worklist, step: dict[str, Any] | None, count: int
) -> None:
    assert len(found(worklist, keys(step))) == count


@pytest.mark.parametrize(
    ("name", "count"), [("DOE^*", 3), ("müller*", 1), ("NOBODY", 0), ("*=山田^太郎*", 1)]
)
def test_names_are_matched_in_every_script(worklist: Worklist, name: str, count: int) -> None:
    identifier = keys(SpecificCharacterSet="ISO_IR 192", PatientName=name)
    assert len(found(worklist, identifier)) == count


def test_an_answer_has_what_was_asked_for_and_no_more(worklist: Worklist) -> None:
    identifier = keys({"Modality": "CT", "ScheduledStationName": ""}, AdmissionID="", PatientID="")
    answer = next(worklist.find(identifier))
    assert answer == keys(
        {"Modality": "CT", "ScheduledStationName": None}, AdmissionID=None, PatientID="1112223333"
    )
    whole = next(worklist.find(keys(PatientID="SB-0003")))
    assert whole.ScheduledProcedureStepSequence[0].ScheduledStationAETitle == "MR1"
    assert "PatientName" not in whole
