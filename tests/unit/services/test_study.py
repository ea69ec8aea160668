"""What is kept of a match, and the row that is written of it."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicom_qr_gateway.errors import ProtocolError
from dicom_qr_gateway.services.study import (
    KEYS,
    Study,
    merge_duplicates,
    read_date,
    study_from,
    study_of,
    values,
)


def a_study(uid: str = "1.2.3", **keys: object) -> Study:
    return study_from({"StudyInstanceUID": uid}).completed(**keys)


def test_a_study_has_the_twelve_keys_of_the_contract_in_its_order() -> None:
    assert list(a_study().as_dict()) == [
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
    assert study.as_dict()["DateOfBirth"] == "19700101"


def test_attributes_beyond_the_contract_are_left_out() -> None:
    study = study_from({"StudyInstanceUID": "1.2.3", "RetrieveAETitle": "PACS"})
    assert len(study.as_dict()) == 12


@pytest.mark.parametrize("uid", ["1", "1.2.3", "1." + "9" * 70, "2.25.0"])
def test_digits_and_dots_are_a_uid(uid: str) -> None:
    assert study_from({"StudyInstanceUID": uid}).uid == uid


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


def test_duplicates_keep_the_first_and_add_what_it_lacks() -> None:
    merged = merge_duplicates(
        [
            a_study("1.1", AccessionNumber="A", ModalitiesInStudy=["CT"]),
            a_study("1.2"),
            a_study("1.1", AccessionNumber="B", StudyDate="20240101", ModalitiesInStudy=["MR"]),
            a_study("1.1", StudyDate="20230101", ModalitiesInStudy=["CT", "SR"]),
        ]
    )
    assert [study.uid for study in merged] == ["1.1", "1.2"]
    first = merged[0].as_dict()
    assert first["AccessionNumber"] == "A"
    assert first["StudyDate"] == "20240101"
    assert first["ModalitiesInStudy"] == ["CT", "MR", "SR"]


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


@given(st.lists(st.text(), min_size=12, max_size=12), st.lists(st.text()))
def test_a_row_says_exactly_its_values(texts: list[str], modalities: list[str]) -> None:
    keys = {**dict(zip(KEYS, texts, strict=True)), "ModalitiesInStudy": modalities}
    assert study_of(keys).as_dict() == keys


def test_a_row_is_utf_8_without_needless_escapes() -> None:
    row = a_study(PatientName="Müller=山田\U00010000").row
    assert "Müller=山田\U00010000".encode() in row


def test_a_completed_study_keeps_what_it_had() -> None:
    study = a_study(AccessionNumber="A").completed(ModalitiesInStudy=["CT"])
    assert (study.modalities, study.as_dict()["AccessionNumber"]) == (["CT"], "A")
