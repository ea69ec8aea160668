"""A match whose character set lacks letters of what was asked for is tested by those it has."""

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from dicom_qr_gateway.dicom.data_set import DataSet
from dicom_qr_gateway.dicom.query_keys import encode_keys
from dicom_qr_gateway.services.in_part import LONGEST, Verdict
from dicom_qr_gateway.services.qido_attributes import tag
from dicom_qr_gateway.services.refilter import matches_all

from .matches import a_match, of_sequence


def verdict(keyword: str, key: str, value: str, charset: str = "ISO_IR 100") -> Verdict:
    data = encode_keys({tag(keyword): value}, explicit_vr=False, charset=charset)
    return matches_all({tag(keyword): key})(DataSet(data, False))


def of_name(key: str, name: str, charset: str = "ISO_IR 100") -> Verdict:
    return verdict("PatientName", key, name, charset)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("Иванов*", "^"),
        ("Иванов^Пётр", "^"),
        ("Wałęsa^Łucja", "Wasa^ucja"),
        ("wałę*", "Wasa^ucja"),
        ("*Łucja", "Wasa^ucja"),
        ("Wałęsa^Łucja", "Wa??sa^?ucja"),
        ("Nguyễn*", "Nguyn^Vn"),
        ("Çavu?oğlu^Işıl", "Çavuolu^Il"),
        ("Lech^?ł?", "Lech^"),
        ("Wałęsa Łoś", "Wasa o"),
        ("Nguy?n*", "Nguyn^Vn"),
        ("Nguy?n^V?n=*", "Nguyn^Vn="),
        ("山田*", "Yamada^Tarou=^=^"),
        ("山田^太郎", "Yamada^Tarou=^=^"),
        ("洪^?洞", "Hong^Gildong=^=^"),
        ("田中*", "Tanaka=="),
        ("=田中*", "Tanaka=="),
        ("*=田中*", "Tanaka=="),
        ("Tanaka=田中", "Tanaka=="),
        ("Yamada^Tarou=山田^太郎", "Yamada^Tarou=^=^"),
    ],
)
def test_a_name_is_tested_by_the_letters_that_are_left(key: str, name: str) -> None:
    assert of_name(key, name) is Verdict.IN_PART


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("Иванов^Пётр", "DOE^JOHN"),
        ("Wałęsa*", "DOE^JOHN"),
        ("Wałęsa", "Wasa^ucja"),
        ("Wałęsa", "Walesa"),
        ("=田中*", "Tanaka"),
        ("=田中*", "DOE^JOHN=Tanaka"),
        ("Tanaka=田中", "Suzuki=="),
        ("Müller*", "Muller"),
        ("DOE*", "^"),
        ("Nguy?n", "Nguyxxn"),
        ("Çavu?oğlu", "Çavuxxolu"),
    ],
)
def test_other_names_stay_other_names(key: str, name: str) -> None:
    assert of_name(key, name) < Verdict.IN_PART


@pytest.mark.parametrize("name", ["DOE^JOHN", "Yamada^Tarou"])
def test_of_a_name_with_letters_nothing_can_be_said_where_the_key_has_none_left(name: str) -> None:
    assert of_name("Иванов*", name) is Verdict.NOT_TESTED


@pytest.mark.parametrize(
    ("key", "text", "expected"),
    [
        ("胸部CT", "CT", Verdict.IN_PART),
        ("胸部 CT *", "CT  AX", Verdict.IN_PART),
        ("胸?CT", "CT", Verdict.IN_PART),
        ("胸部*", "", Verdict.IN_PART),
        ("胸部*", "/ -", Verdict.IN_PART),
        ("胸部*", "CT", Verdict.NOT_TESTED),
        ("胸部CT", "MR", Verdict.NO),
        ("胸部", "CT", Verdict.NO),
        ("胸部*", "MR\\", Verdict.IN_PART),
        ("P?uca", "Puca", Verdict.IN_PART),
        ("P?uca", "Pxxuca", Verdict.NO),
    ],
)
def test_text_is_tested_by_the_letters_that_are_left(
    key: str, text: str, expected: Verdict
) -> None:
    assert verdict("StudyDescription", key, text) is expected


@pytest.mark.parametrize(
    ("keyword", "key", "value"),
    [("PatientID", "患者1", "1"), ("PatientID", "P?1", "P1"), ("AccessionNumber", "A?", "A")],
)
def test_whose_study_it_is_must_be_known_in_full(keyword: str, key: str, value: str) -> None:
    assert verdict(keyword, key, value) is Verdict.NO


def test_a_malicious_key_comes_to_an_end() -> None:
    assert of_name("Я" + "*?" * 31 + "x", "a" * 64) is Verdict.NO
    assert of_name("Я" + "?a" * 31 + "x", "a" * 64) is Verdict.NO


@pytest.mark.parametrize(
    ("key", "name", "charset", "expected"),
    [
        ("Müller", "Mller", "ISO_IR 144", Verdict.IN_PART),
        ("Müller", "Mller", "ISO_IR 100", Verdict.NO),
        ("Müller", "Mller", "ISO_IR 192", Verdict.NO),
        ("山田*", "DOE", "\\ISO 2022 IR 87", Verdict.NO),
        ("ﾔﾏﾀﾞ*", "DOE", "\\ISO 2022 IR 87", Verdict.NOT_TESTED),
        ("Иванов*", "^", "\\ISO 2022 IR 149", Verdict.NO),
        ("Nguy?n", "Nguyn", "ISO_IR 192", Verdict.NO),
        ("Nguy?n", "Nguyn", "GB18030", Verdict.NO),
    ],
)
def test_it_is_the_character_set_of_the_match_that_counts(
    key: str, name: str, charset: str, expected: Verdict
) -> None:
    assert of_name(key, name, charset) is expected


@pytest.mark.parametrize("stated", ["", "ISO_IR 6", "ISO 2022 IR 6", "NONSENSE"])
def test_without_a_known_character_set_a_match_can_say_ascii(stated: str) -> None:
    said = {tag("SpecificCharacterSet"): stated, tag("PatientName"): "Mller^J"}
    check = matches_all({tag("PatientName"): "Müller*"})
    assert check(DataSet(encode_keys(said, False), False)) is Verdict.IN_PART


def test_an_assumed_character_set_can_say_what_it_has() -> None:
    data = encode_keys({tag("PatientName"): "Mller"}, False)
    check = matches_all({tag("PatientName"): "Müller"})
    assert check(DataSet(data, False, assumed="ISO_IR 100")) is Verdict.NO
    assert check(DataSet(data, False, assumed="ISO_IR 144")) is Verdict.IN_PART


def test_an_item_of_a_sequence_says_what_its_match_can() -> None:
    step = Dataset()
    step.ScheduledProcedureStepDescription = "CT"
    data = encode_keys({}, False, "ISO_IR 100")
    data += of_sequence("ScheduledProcedureStepSequence", Sequence([Dataset(), step]))
    steps, description = tag("ScheduledProcedureStepSequence"), 0x00400007
    assert matches_all({steps: {description: "胸部CT"}})(DataSet(data, False)) is Verdict.IN_PART
    assert matches_all({steps: {description: "胸部MR"}})(DataSet(data, False)) is Verdict.NO


def test_the_least_of_several_keys_counts() -> None:
    match = a_match(PatientName="DOE", StudyID="1")
    keys = {tag("PatientName"): "DOE", tag("StudyID"): "2"}
    assert matches_all(keys)(match) is Verdict.NO
    assert matches_all({tag("PatientName"): "DOE"})(match) is Verdict.YES


def test_a_text_that_is_longer_than_any_may_be_is_not_looked_through() -> None:
    assert verdict("StudyDescription", "*山*", "x" * LONGEST) is Verdict.NOT_TESTED
    assert verdict("StudyDescription", "*山*", "x" * (LONGEST + 2)) is Verdict.NOT_TESTED
    assert verdict("StudyDescription", "山*x", "x" * LONGEST) is Verdict.IN_PART
    assert verdict("StudyDescription", "山*x", "x" * (LONGEST + 2)) is Verdict.NOT_TESTED


def test_bytes_that_disprove_their_character_set_are_nobodys_mistake() -> None:
    data = encode_keys({tag("PatientName"): "Müller"}, explicit_vr=False, charset="ISO_IR 100")
    wrong = DataSet(data.replace(b"ISO_IR 100", b"ISO_IR 192"), False)
    assert matches_all({tag("PatientName"): "Müller"})(wrong) is Verdict.NOT_TESTED
    assert matches_all({tag("PatientName"): "DOE"})(wrong) is Verdict.NO
