"""The rules of which studies are kept: pure, each in one sentence."""

from datetime import date

import pytest

from dicom_qr_gateway.services.matching import (
    has_modality,
    is_of_patient,
    is_recent,
    most_recent_first,
    years_before,
)
from dicom_qr_gateway.services.study import Study, study_from


def a_study(uid: str = "1.2.3", **keys: object) -> Study:
    return study_from({"StudyInstanceUID": uid}).completed(**keys)


@pytest.mark.parametrize(
    ("returned", "asked", "expected"),
    [
        ("P1", "P1", True),
        (" P1 ", "P1", True),
        ("P1", " P1 ", True),
        ("p1", "P1", False),
        ("P1X", "P1", False),
        ("0P1", "P1", False),
        ("P 1", "P1", False),
        ("P1\\P2", "P1", False),
        ("", "P1", False),
        ("\u00a0P1", "P1", False),
        ("P\ufffd1", "P\ufffd1", False),
    ],
)
def test_a_study_is_its_patients_alone(returned: str, asked: str, expected: bool) -> None:
    assert is_of_patient(a_study(PatientID=returned), asked) is expected


def order(*studies: Study) -> list[str]:
    return [study.uid for study in most_recent_first(studies)]


def test_studies_are_listed_by_date_and_time_latest_first() -> None:
    assert order(
        a_study("1", StudyDate="20230101", StudyTime="235959"),
        a_study("2", StudyDate="20240101", StudyTime="080000"),
        a_study("3", StudyDate="20240101", StudyTime="080000.5"),
        a_study("4", StudyDate="20240101", StudyTime="12"),
        a_study("5", StudyDate="20240101", StudyTime=""),
        a_study("6", StudyDate="2024.01.01", StudyTime="07:30:00"),
    ) == ["4", "3", "2", "6", "5", "1"]


def test_undated_studies_are_listed_last_whatever_their_time() -> None:
    assert order(
        a_study("1", StudyTime="235959"),
        a_study("2", StudyDate="unknown", StudyTime="235959"),
        a_study("3", StudyDate="19010101", StudyTime="000000"),
    ) == ["3", "1", "2"]


def test_an_unreadable_time_is_the_earliest_of_its_day() -> None:
    assert order(
        a_study("1", StudyDate="20240101", StudyTime="noon"),
        a_study("2", StudyDate="20240101", StudyTime="0001"),
    ) == ["2", "1"]


def test_equal_moments_keep_the_order_of_the_pacs() -> None:
    same = {"StudyDate": "20240101", "StudyTime": "120000"}
    assert order(*(a_study(uid, **same) for uid in "4132")) == list("4132")


@pytest.mark.parametrize(
    ("today", "years", "expected"),
    [
        (date(2026, 7, 1), 1, date(2025, 7, 1)),
        (date(2024, 2, 29), 1, date(2023, 2, 28)),
        (date(2024, 2, 29), 4, date(2020, 2, 29)),
        (date(2024, 2, 29), 124, date(1900, 2, 28)),
        (date(2026, 1, 1), 200, date(1826, 1, 1)),
    ],
)
def test_years_are_counted_back_to_the_same_day(today: date, years: int, expected: date) -> None:
    assert years_before(today, years) == expected


@pytest.mark.parametrize(
    ("studied", "expected"),
    [
        ("20230228", True),
        ("20230227", False),
        ("20240229", True),
        ("20990101", True),
        ("", True),
        ("unknown", True),
        ("20230230", True),
    ],
)
def test_a_study_is_recent_to_the_day_and_an_undated_one_always(
    studied: str, expected: bool
) -> None:
    assert is_recent(a_study(StudyDate=studied), 1, date(2024, 2, 29)) is expected


@pytest.mark.parametrize(
    ("known", "asked", "expected"),
    [
        (["CT"], ("CT", "MR"), True),
        (["ct"], ("CT",), True),
        (["SR", "MR"], ("CT", "MR"), True),
        (["CTX"], ("CT",), False),
        (["US"], ("CT", "MR"), False),
        ([], ("CT",), True),
        (["CT/MR"], ("MR",), True),
        (["CT, sr"], ("SR",), True),
        (["CT MR;US"], ("US",), True),
        (["CTX/MRX"], ("CT", "MR"), False),
        (["A B"], ("A B",), True),
        (["A1/B_2"], ("B_2",), True),
    ],
)
def test_a_modality_is_one_of_those_asked_or_unknown(
    known: list[str], asked: tuple[str, ...], expected: bool
) -> None:
    assert has_modality(a_study(ModalitiesInStudy=known), asked) is expected
