"""The rules of what a match is: pure, each in one sentence."""

from datetime import date

import pytest

from dicom_qr_gateway.errors import ProtocolError
from dicom_qr_gateway.services.matching import (
    Study,
    has_modality,
    is_of_patient,
    is_recent,
    merge_duplicates,
    most_recent_first,
    read_date,
    study_from,
    values,
    years_before,
)


def a_study(uid: str = "1.2.3", **keys: object) -> Study:
    return {**study_from({"StudyInstanceUID": uid}), **keys}


def test_a_study_has_the_twelve_keys_of_the_contract_in_its_order() -> None:
    assert list(study_from({"StudyInstanceUID": "1.2.3"})) == [
        "PatientName",
        "PatientID",
        "DateOfBirth",
        "StudyInstanceUID",
        "StudyDescription",
        "ModalitiesInStudy",
        "StudyDate",
        "StudyTime",
        "AccessionNumber",
        "ReferringPhysicianName",
        "PerformingPhysicianName",
        "InstitutionName",
    ]


def test_date_of_birth_is_the_patients_birth_date() -> None:
    study = study_from({"StudyInstanceUID": "1.2.3", "PatientBirthDate": "19700101"})
    assert study["DateOfBirth"] == "19700101"


def test_attributes_beyond_the_contract_are_left_out() -> None:
    study = study_from({"StudyInstanceUID": "1.2.3", "RetrieveAETitle": "PACS"})
    assert len(study) == 12


@pytest.mark.parametrize("uid", ["1", "1.2.3", "1." + "9" * 70, "2.25.0"])
def test_digits_and_dots_are_a_uid(uid: str) -> None:
    assert study_from({"StudyInstanceUID": uid})["StudyInstanceUID"] == uid


@pytest.mark.parametrize(
    "match",
    [
        {},
        *(
            {"StudyInstanceUID": uid}
            for uid in ("", " ", "1.2\\1.3", "1.2.x", "1.2\n", "１.２", "1" * 65_535)
        ),
    ],
)
def test_a_match_without_a_valid_uid_is_a_protocol_error(match: dict[str, str]) -> None:
    with pytest.raises(ProtocolError):
        study_from(match)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("CT", ["CT"]),
        ("CT\\MR", ["CT", "MR"]),
        ("CT\\\\MR\\", ["CT", "MR"]),
        (" CT \\MR\\CT", ["CT", "MR"]),
    ],
)
def test_values_of_an_attribute_are_told_apart_once_each(text: str, expected: list[str]) -> None:
    assert values(text) == expected


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
    ],
)
def test_a_study_is_its_patients_alone(returned: str, asked: str, expected: bool) -> None:
    assert is_of_patient(a_study(PatientID=returned), asked) is expected


def test_duplicates_keep_the_first_and_add_what_it_lacks() -> None:
    merged = merge_duplicates(
        [
            a_study("1.1", AccessionNumber="A", ModalitiesInStudy=["CT"]),
            a_study("1.2"),
            a_study("1.1", AccessionNumber="B", StudyDate="20240101", ModalitiesInStudy=["MR"]),
            a_study("1.1", StudyDate="20230101", ModalitiesInStudy=["CT", "SR"]),
        ]
    )
    assert [study["StudyInstanceUID"] for study in merged] == ["1.1", "1.2"]
    assert merged[0]["AccessionNumber"] == "A"
    assert merged[0]["StudyDate"] == "20240101"
    assert merged[0]["ModalitiesInStudy"] == ["CT", "MR", "SR"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20240229", date(2024, 2, 29)),
        ("2024.02.29", date(2024, 2, 29)),
        ("00010101", date(1, 1, 1)),
        ("20230229", None),
        ("20241301", None),
        ("2024-01-01", None),
        ("202401", None),
        ("2024.0101", None),
        ("20240101-20240201", None),
        ("20240101\\20230101", None),
        ("٢٠٢٤٠١٠١", None),
        ("00000000", None),
        ("", None),
    ],
)
def test_a_date_is_read_or_counts_as_absent(text: str, expected: date | None) -> None:
    assert read_date(text) == expected


def order(*studies: Study) -> list[str]:
    return [study["StudyInstanceUID"] for study in most_recent_first(studies)]


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
    ],
)
def test_a_modality_is_one_of_those_asked_or_unknown(
    known: list[str], asked: tuple[str, ...], expected: bool
) -> None:
    assert has_modality(a_study(ModalitiesInStudy=known), asked) is expected
