"""Query keys of any depth are read by pydicom as they were meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset

from dicom_qr_gateway.dicom.data_dictionary import vr_of
from dicom_qr_gateway.dicom.data_set import DataSet
from dicom_qr_gateway.dicom.query_keys import encode_keys, flat, key_vr, nested, texts_of
from dicom_qr_gateway.dicom.request_charset import REQUEST_CHARSETS, can_encode, charsets_for

both_encodings = pytest.mark.parametrize("explicit_vr", [False, True], ids=["implicit", "explicit"])

PATIENT_NAME = 0x00100010
STATION = 0x00400001
SCHEDULED_STEPS = 0x00400100
REQUESTED_PROCEDURE_CODE = 0x00321064


def read_by_pydicom(data: bytes, explicit_vr: bool) -> Dataset:
    dataset = read_dataset(DicomBytesIO(data), not explicit_vr, True)
    dataset.decode()
    return dataset


@both_encodings
def test_keys_are_sorted_and_nested_as_they_were_asked(explicit_vr: bool) -> None:
    keys = {
        0x0020000D: "1.2.3\\1.2.4",
        SCHEDULED_STEPS: {STATION: "CT1", 0x00400002: "20240101-", 0x00400008: {0x00080100: ""}},
        PATIENT_NAME: "DOE*",
        REQUESTED_PROCEDURE_CODE: {},
    }
    dataset = read_by_pydicom(encode_keys(keys, explicit_vr), explicit_vr)
    assert list(dataset.keys()) == sorted(keys)
    step = dataset.ScheduledProcedureStepSequence[0]
    assert (dataset.PatientName, list(dataset.StudyInstanceUID)) == ("DOE*", ["1.2.3", "1.2.4"])
    assert (step.ScheduledStationAETitle, step.ScheduledProcedureStepStartDate) == (
        *("CT1", "20240101-"),
    )
    assert step.ScheduledProtocolCodeSequence[0].CodeValue == ""
    assert len(dataset.RequestedProcedureCodeSequence) == 0


@both_encodings
@pytest.mark.parametrize(
    ("tag", "value", "read"),
    [
        (0x00280010, "512", 512),
        (0x00280106, "7", 7),
        (0x00189322, "1.5\\1.5", None),
        (0x00209165, "00181063", 0x00181063),
        (0x00280010, "", None),
        (0x00081190, "http://x", "http://x"),
        (0x00189073, "1.5", 1.5),
    ],
)
def test_values_are_encoded_by_their_vr(
    explicit_vr: bool, tag: int, value: str, read: object
) -> None:
    if "\\" in value:
        with pytest.raises(ValueError):
            encode_keys({tag: value}, explicit_vr)
        return
    assert read_by_pydicom(encode_keys({tag: value}, explicit_vr), explicit_vr)[tag].value == read


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        (0x00280010, "65536"),
        (0x00280010, "-1"),
        (0x00280010, "x"),
        (0x00189073, "x"),
        (0x00100020, "x" * 65535),
        (PATIENT_NAME, "é"),
        (0x00080060, "é"),
    ],
)
def test_what_cannot_be_said_is_not_said(tag: int, value: str) -> None:
    with pytest.raises(ValueError):
        encode_keys({tag: value}, explicit_vr=True)


def test_only_texts_need_a_character_set() -> None:
    keys = {PATIENT_NAME: "A", 0x0020000D: "1.2", SCHEDULED_STEPS: {0x00400007: "B", STATION: "C"}}
    assert list(texts_of(keys)) == ["A", "B"]


@both_encodings
@given(name=st.text(st.characters(codec="utf-8", exclude_characters="\\=^\0\x1b\r\n\t\f")))
def test_names_are_read_in_the_character_sets_they_are_asked_in(
    explicit_vr: bool, name: str
) -> None:
    for charset in charsets_for(name):
        data = encode_keys({PATIENT_NAME: name, 0x00100020: ""}, explicit_vr, charset)
        found = DataSet(data, explicit_vr)
        assert found.text(PATIENT_NAME) == name.rstrip(" ")


@pytest.mark.parametrize(
    ("name", "charsets"),
    [
        ("DOE^JOHN", [""]),
        ("Müller", ["ISO_IR 100"]),
        ("Dvořák", ["ISO_IR 101"]),
        ("Иванов", ["ISO_IR 144"]),
        ("Διονυσιος", ["ISO_IR 126"]),
        ("قباني", ["ISO_IR 127"]),
        ("שרון", ["ISO_IR 138"]),
        ("Yıldız", ["ISO_IR 109"]),
        ("นามสกุล", ["ISO_IR 166"]),
        ("山田", ["ISO_IR 192", "\\ISO 2022 IR 87", "ISO 2022 IR 13\\ISO 2022 IR 87"]),
        ("ﾔﾏﾀﾞ", ["ISO_IR 192", "ISO 2022 IR 13\\ISO 2022 IR 87"]),
        ("王小东", ["ISO_IR 192"]),
        ("홍길동", ["ISO_IR 192"]),
        ("Müller Иванов", ["ISO_IR 192"]),
        ("🏥", ["ISO_IR 192"]),
    ],
)
def test_the_smallest_character_set_that_says_it_is_chosen(name: str, charsets: list[str]) -> None:
    assert list(charsets_for(name)) == charsets
    assert all(can_encode(name, charset) for charset in charsets if charset)
    assert {*charsets} <= {"", *REQUEST_CHARSETS}


@both_encodings
@pytest.mark.parametrize(
    ("creator", "tag", "value", "vr"),
    [
        ("QIDOKIT", 0x00291001, "", "UN"),
        ("GEMS_ACQU_01", 0x00191002, "512", "SL"),
        ("GEMS_ACQU_01", 0x00191018, "abc", "LO"),
    ],
)
def test_private_keys_have_the_vr_that_their_creator_gave_them(
    explicit_vr: bool, creator: str, tag: int, value: str, vr: str
) -> None:
    data = encode_keys({tag & 0xFFFF0000 | 0x10: creator, tag: value}, explicit_vr)
    found = DataSet(data, explicit_vr)
    claimed, _, _ = found.places[tag]
    assert claimed == (vr.encode() if explicit_vr else b"")
    assert (found.vr(tag), found.text(tag)) == (vr, value)


def test_the_text_of_a_private_key_needs_a_character_set_too() -> None:
    keys = {0x00190010: "GEMS_ACQU_01", 0x00191018: "Größe", 0x00191002: "5", 0x00291001: "x"}
    assert [*texts_of(keys)] == ["GEMS_ACQU_01", "Größe"]


def test_a_choice_of_vrs_is_asked_by_one_of_them() -> None:
    assert [vr_of(0x00280106), key_vr(0x00280106), key_vr(0x7FE00010)] == ["US or SS", "SS", "OW"]


def test_a_tree_of_keys_is_made_of_the_values_that_it_is_flattened_to() -> None:
    values = {
        (0x00100020,): "P1",
        (0x00081110,): "",
        (0x00400275, 0x00400009): "S1",
        (0x00400275, 0x00321064, 0x00080100): "",
        (0x00400275, 0x00081110): "",
    }
    assert flat(nested(values)) == values
