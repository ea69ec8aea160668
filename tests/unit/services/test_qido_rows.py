"""A row is what the PACS said of an entity, and of the entities above it where it was asked."""

import json
from collections.abc import Set
from typing import Any

import pytest

from dicom_qr_gateway.dicom.data_set import DataSet
from dicom_qr_gateway.dicom.query_keys import Keys, encode_keys
from dicom_qr_gateway.services.qido_attributes import DOWNWARDS, Level, required, tag
from dicom_qr_gateway.services.qido_rows import MODALITIES_IN_STUDY, RETRIEVE_AE_TITLE, Match


def a_data_set(**values: str) -> DataSet:
    keys: Keys = {tag(keyword): value for keyword, value in values.items()}
    return DataSet(encode_keys(keys, explicit_vr=False, charset="ISO_IR 192"), explicit_vr=False)


def row(match: Match, demanded: Set[int] = frozenset()) -> dict[str, Any]:
    text = match.row(demanded)
    found: dict[str, Any] = json.loads(text)
    assert list(found) == sorted(found)
    assert text.count(b'"vr"') == len(found)
    return found


STUDY = a_data_set(PatientName="Müller", StudyInstanceUID="1.2", InstanceAvailability="ONLINE")


def test_a_row_has_what_is_known_of_the_entities_above() -> None:
    series = a_data_set(SeriesInstanceUID="1.3", PatientName="", StudyInstanceUID="")
    found = row(Match(series, (STUDY,), {tag("StudyInstanceUID"): "9.9"}))
    assert found["00100010"]["Value"] == [{"Alphabetic": "Müller"}]
    assert (found["0020000D"]["Value"], found["0020000E"]["Value"]) == (["1.2"], ["1.3"])
    assert found["00080005"]["Value"] == ["ISO_IR 192"]


def test_what_the_pacs_says_counts_before_what_is_known() -> None:
    known = {RETRIEVE_AE_TITLE: "MAIN", MODALITIES_IN_STUDY: "CT\\SR"}
    found = row(Match(a_data_set(RetrieveAETitle="ELSEWHERE"), known=known))
    assert found["00080054"]["Value"] == ["ELSEWHERE"]
    assert found["00080061"]["Value"] == ["CT", "SR"]
    assert row(Match(a_data_set(RetrieveAETitle=" "), known=known))["00080054"]["Value"] == ["MAIN"]


@pytest.mark.parametrize("name", ["Miller", "Müller"])
def test_a_draft_becomes_the_row_that_its_modalities_belong_in(name: str) -> None:
    study = a_data_set(StudyInstanceUID="1.2", StudyDescription="one\ntwo", PatientName=name)
    demanded = required(Level.STUDIES)
    for match in (Match(study), Match(study, known={RETRIEVE_AE_TITLE: "MAIN"})):
        draft = match.draft(demanded)
        assert draft.uid == "1.2"
        assert draft.row("") == match.row(demanded)
        for modalities in ("CT", "CT\\SR", "MÜ"):
            known = match.knowing({MODALITIES_IN_STUDY: modalities})
            assert draft.row(modalities) == known.row(demanded)


def test_an_availability_that_the_pacs_does_not_say_is_not_there() -> None:
    demanded = required(Level.STUDIES)
    assert "00080056" not in row(Match(a_data_set(StudyInstanceUID="1.2")), demanded)
    assert row(Match(STUDY), demanded)["00080056"]["Value"] == ["ONLINE"]


@pytest.mark.parametrize("level", DOWNWARDS)
def test_what_the_standard_requires_is_there_without_a_value_at_least(level: Level) -> None:
    demanded = required(level)
    match = Match(a_data_set(StudyInstanceUID="1.2"))
    for each in (match, match.knowing({RETRIEVE_AE_TITLE: "MAIN"}), Match(STUDY, (STUDY,))):
        found = row(each, demanded)
        assert {f"{tag:08X}" for tag in demanded} <= found.keys()
        assert found["00080020"] == {"vr": "DA"}
        assert "00080061" not in found
    assert row(Match(STUDY), demanded)["00100010"]["Value"] == [{"Alphabetic": "Müller"}]


def test_each_level_requires_more_than_the_one_above() -> None:
    assert required(Level.STUDIES) < required(Level.SERIES) < required(Level.INSTANCES)
    assert tag("Modality") in required(Level.SERIES) - required(Level.STUDIES)
    assert required(Level.WORKLIST) == frozenset()


def test_rows_are_sorted_by_date_and_time_then_by_their_numbers() -> None:
    matches = [
        Match(a_data_set(StudyDate=date, StudyTime=time, SeriesNumber=number))
        for date, time, number in [
            ("20240101", "1200", "10"),
            ("20240101", "1200", "9"),
            ("20240101", "1300", "1"),
            ("", "2300", "1"),
            ("20250101", "", "x"),
        ]
    ]
    order = sorted(range(5), key=lambda index: matches[index].key(Level.SERIES))
    assert order == [4, 2, 1, 0, 3]


def test_a_worklist_is_sorted_by_its_steps() -> None:
    steps: list[Keys] = [
        {tag("ScheduledProcedureStepStartDate"): date} for date in ("20240101", "20240102")
    ]
    entries = [
        DataSet(encode_keys({tag("ScheduledProcedureStepSequence"): step}, False), False)
        for step in steps
    ]
    first, second = (Match(entry).key(Level.WORKLIST) for entry in entries)
    assert second < first
    assert Match(a_data_set(StudyInstanceUID="1.2")).key(Level.WORKLIST) == (0, 0, ("1.2",))
