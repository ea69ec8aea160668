"""PS3.4 C.2.2.2, one kind of matching after the other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicom_qr_gateway.sandbox.matching import matches

plain_text = st.text(st.characters(blacklist_characters="*?\\=-"), min_size=1).map(str.strip)


@pytest.mark.parametrize("vr", ["CS", "DA", "LO", "PN", "TM", "UI", "US"])
@pytest.mark.parametrize("value", ["", "20240101"])
def test_an_empty_key_matches_everything(vr: str, value: str) -> None:
    assert matches(vr, "", value)


@given(plain_text)
def test_a_text_matches_itself(text: str) -> None:
    assert matches("LO", text, text)
    assert matches("PN", text, text)


@given(plain_text, plain_text)
def test_a_text_is_found_by_its_beginning_and_its_end(start: str, end: str) -> None:
    assert matches("LO", f"{start}*", start + end)
    assert matches("LO", f"*{end}", start + end)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("*", "", True),
        ("CT*", "CT ABDOMEN", True),
        ("*DOMEN", "CT ABDOMEN", True),
        ("CT ?BDOMEN", "CT ABDOMEN", True),
        ("CT ?", "CT ABDOMEN", False),
        ("ct*", "CT ABDOMEN", False),
        ("A.B", "AxB", False),
        ("[A]", "A", False),
        ("CT", "", False),
    ],
)
def test_wild_cards_stand_for_any_text_and_for_one_character(
    key: str, value: str, expected: bool
) -> None:
    assert matches("LO", key, value) is expected


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("doe^john", True),
        ("DOE*", True),
        ("JOHN*", False),
        ("山田^太郎", True),
        ("山田*", True),
        ("やまだ^たろう", True),
        ("DOE^JOHN=山田^太郎=やまだ^たろう", True),
        ("山本*", False),
    ],
)
def test_a_name_is_found_in_any_of_its_scripts_and_in_any_case(key: str, expected: bool) -> None:
    assert matches("PN", key, "DOE^JOHN=山田^太郎=やまだ^たろう") is expected


@pytest.mark.parametrize(
    ("key", "expected"),
    [("1.2.3", True), ("1.2.4\\1.2.3", True), ("1.2.4\\1.2.5", False), ("1.2.*", False)],
)
def test_uids_are_matched_by_list_and_never_by_wild_card(key: str, expected: bool) -> None:
    assert matches("UI", key, "1.2.3") is expected


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("20240101", "20240101", True),
        ("20240101", "20240102", False),
        ("20240101-20240131", "20240101", True),
        ("20240101-20240131", "20240131", True),
        ("20240101-20240131", "20240201", False),
        ("20240101-", "20240101", True),
        ("20240101-", "20231231", False),
        ("-20240101", "20240101", True),
        ("-20240101", "20240102", False),
        ("20240101-", "", False),
        ("-20240101", "", False),
        ("20240101", "", False),
    ],
)
def test_a_date_range_includes_its_ends_and_no_undated_study(
    key: str, value: str, expected: bool
) -> None:
    assert matches("DA", key, value) is expected


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("1200", "120000", True),
        ("120000", "120000.000", True),
        ("10-12", "125959.999", True),
        ("10-12", "13", False),
        ("10-12", "0959", False),
        ("235959.5-", "235959.999999", True),
    ],
)
def test_a_time_stands_for_its_whole_hour_or_minute_at_the_end_of_a_range(
    key: str, value: str, expected: bool
) -> None:
    assert matches("TM", key, value) is expected


def test_one_of_several_values_is_enough() -> None:
    assert matches("CS", "CT", "PT\\CT")
    assert matches("CS", "P?", "PT\\CT")
    assert not matches("CS", "MR", "PT\\CT")


def test_a_value_list_is_not_a_key_of_anything_but_uids() -> None:
    assert not matches("CS", "CT\\MR", "CT")


def test_other_values_match_as_they_are() -> None:
    assert matches("IS", "1", "1")
    assert not matches("IS", "1", "11")
