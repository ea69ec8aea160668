"""What a PACS returned is tested as PS3.4 C.2.2.2 matches, no stricter and no looser."""

import re

import pytest
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.sequence import Sequence

from dicom_qr_gateway.dicom.data_set import DataSet
from dicom_qr_gateway.dicom.query_keys import Keys, encode_keys
from dicom_qr_gateway.dicom.types import NO_QUIRKS, Quirks
from dicom_qr_gateway.services.person_names import sent_name
from dicom_qr_gateway.services.qido_attributes import tag
from dicom_qr_gateway.services.refilter import matches_all
from dicom_qr_gateway.services.sent_keys import sent_keys, split


def a_match(**values: str | Keys | Sequence) -> DataSet:
    """Return a match with these values, as they are: good or bad."""
    data = b""
    keys: dict[int, str | Keys] = {}
    for keyword, value in values.items():
        if isinstance(value, Sequence):
            data += of_sequence(keyword, value)
        else:
            keys[tag(keyword)] = value
    return DataSet(encode_keys(keys, explicit_vr=False, charset="ISO_IR 192") + data, False)


def of_sequence(keyword: str, items: Sequence) -> bytes:
    buffer = DicomBytesIO()
    buffer.is_little_endian = True
    buffer.is_implicit_VR = True
    dataset = Dataset()
    setattr(dataset, keyword, items)
    write_dataset(buffer, dataset)
    return bytes(buffer.getvalue())


def passes(keyword: str, key: str, value: str) -> bool:
    return matches_all({tag(keyword): key})(a_match(**{keyword: value}))


@pytest.mark.parametrize(
    ("keyword", "key", "value"),
    [
        ("PatientID", "P1", "P1"),
        ("PatientID", "P*", "P1"),
        ("PatientID", "?1", " P1 "),
        ("PatientID", "*", "P1"),
        ("PatientID", "*a*b*", "xaxbx"),
        ("StudyInstanceUID", "1.2\\1.3", "1.3"),
        ("ModalitiesInStudy", "CT", "MR\\CT"),
        ("ModalitiesInStudy", "PT\\CT", "MR\\CT"),
        ("ModalitiesInStudy", "C*", "MR\\CT"),
        ("InstanceNumber", "7", "007"),
        ("Rows", "512", "512"),
        ("PixelSpacing", "0.5", "1.0\\0.50"),
        ("StudyDate", "20240101", "20240101"),
        ("StudyDate", "20240101", "2024.01.01"),
        ("StudyDate", "20240101-20241231", "20240601"),
        ("StudyDate", "20240101-", "20240101"),
        ("StudyDate", "-20240101", "19991231"),
        ("StudyTime", "0800-1700", "170000.5"),
        ("StudyTime", "0800", "080000"),
        ("StudyTime", "0800-", "2359"),
        ("StudyTime", "-12", "12:59:59"),
        ("AcquisitionDateTime", "2024", "20240601120000"),
        ("AcquisitionDateTime", "20240601-", "20240601000000"),
        ("AcquisitionDateTime", "-202402", "20240229235959.999999"),
        ("AcquisitionDateTime", "20240601120000+0200-20240601130000+0200", "20240601101500+0000"),
        ("AcquisitionDateTime", "20240601-0400", "20240601050000+0000"),
        ("TextValue", "a*", "a\\b"),
        ("StudyDescription", "Sch\xe4del", "Scha\u0308del"),
        ("ModalitiesInStudy", "SEG", "ct\\seg"),
    ],
)
def test_what_matches_passes(keyword: str, key: str, value: str) -> None:
    assert passes(keyword, key, value)


@pytest.mark.parametrize(
    ("keyword", "key", "value"),
    [
        ("PatientID", "P1", "P2"),
        ("PatientID", "P1", "p1"),
        ("PatientID", "P1", ""),
        ("PatientID", "P?", "P"),
        ("PatientID", "P.", "P1"),
        ("StudyInstanceUID", "1.2", "1.2.3"),
        ("StudyInstanceUID", "1.2", ""),
        ("ModalitiesInStudy", "CT", "MR"),
        ("ModalitiesInStudy", "CT", ""),
        ("InstanceNumber", "7", "x"),
        ("StudyDate", "20240101-20241231", "20250101"),
        ("StudyDate", "20240101-", "yesterday"),
        ("StudyTime", "0800-1700", "1701"),
        ("StudyTime", "0800", "0801"),
        ("StudyTime", "-12", "noon"),
        ("AcquisitionDateTime", "20240601", "20240602"),
        ("AcquisitionDateTime", "20240601120000+0200-", "20240601095959+0000"),
        ("AcquisitionDateTime", "2024", "soon"),
        ("StudyDescription", "CT", "ct"),
        ("StudyDescription", "CT", ""),
    ],
)
def test_what_does_not_match_is_withheld(keyword: str, key: str, value: str) -> None:
    assert not passes(keyword, key, value)


@pytest.mark.parametrize("keyword", ["StudyDate", "AccessionNumber", "PatientName", "Modality"])
def test_the_unknown_value_of_a_required_key_matches(keyword: str) -> None:
    assert passes(keyword, "20240101", "")


@pytest.mark.parametrize("keyword", ["StudyDate", "PatientID", "ModalitiesInStudy", "PatientName"])
def test_a_key_that_the_pacs_does_not_return_does_not_match(keyword: str) -> None:
    assert not matches_all({tag(keyword): "20240101"})(a_match(StudyID="1"))


NAME = "Yamada^Tarou=山田^太郎=やまだ^たろう"


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("doe^john", "DOE^JOHN"),
        ("DOE^JOHN", "Doe^John^^^"),
        ("DOE^JOHN", "Doe ^ John"),
        ("DOE^*", "DOE^^^^"),
        ("DOE^*=山田*", "DOE^^^^=山田"),
        ("DOE^JOHN^", "Doe^John"),
        ("doe*", "DOE^JOHN"),
        ("Müller", "MÜLLER"),
        ("Mu\u0308ller", "Müller"),
        ("Yamada^Tarou", NAME),
        ("山田^太郎", NAME),
        ("山田*", NAME),
        ("*太郎", NAME),
        ("山田太郎", NAME),
        ("*山田*", NAME),
        ("Yamada*太郎*", NAME),
        (NAME, NAME),
        ("Yamada^Tarou=山田^太郎", NAME),
        ("=山田*", NAME),
        ("王小东", "王^小东"),
        ("홍길동", "Hong^Gildong=洪^吉洞=홍^길동"),
    ],
)
def test_names_are_compared_without_case_by_each_group(key: str, name: str) -> None:
    assert passes("PatientName", key, name)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("DOE", "DOE^JOHN"),
        ("Muller", "Müller"),
        ("DOEJOHN", "DOE^JOHN"),
        ("山田", NAME),
        ("=やまだ*", NAME),
        ("A=B", "A"),
        ("山^田", "山田"),
    ],
)
def test_other_names_are_other_names(key: str, name: str) -> None:
    assert not passes("PatientName", key, name)


def test_names_are_not_tested_where_the_pacs_matches_them_in_its_own_way() -> None:
    keys: Keys = {tag("PatientName"): "Jon", tag("PatientID"): "P1"}
    check = matches_all(keys, fuzzy_matching=True)
    assert check(a_match(PatientName="John", PatientID="P1"))
    assert not check(a_match(PatientName="John", PatientID="P2"))


def an_item(**values: str) -> Dataset:
    item = Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return item


def test_all_keys_of_a_sequence_match_in_one_item() -> None:
    keys: Keys = {
        tag("ScheduledProcedureStepSequence"): {
            tag("ScheduledStationAETitle"): "CT1",
            tag("ScheduledProcedureStepStartDate"): "20240101-",
            tag("Modality"): "",
        }
    }
    ct = an_item(ScheduledStationAETitle="CT1", ScheduledProcedureStepStartDate="20231231")
    mr = an_item(ScheduledStationAETitle="MR1", ScheduledProcedureStepStartDate="20240202")
    both = an_item(ScheduledStationAETitle="CT1", ScheduledProcedureStepStartDate="20240202")
    check = matches_all(keys)
    assert not check(a_match(ScheduledProcedureStepSequence=Sequence([ct, mr])))
    assert check(a_match(ScheduledProcedureStepSequence=Sequence([ct, both])))
    assert not check(a_match(ScheduledProcedureStepSequence=Sequence([])))
    assert not check(a_match(PatientID="P1"))


def test_no_value_is_matched_by_no_value() -> None:
    check = matches_all({tag("StudyDescription"): '""'})
    assert [check(a_match(StudyDescription=value)) for value in ("", "CT")] == [True, False]
    assert check(a_match(PatientID="P1"))


def test_universal_keys_match_everything() -> None:
    assert matches_all({tag("StudyDate"): "", tag("RequestAttributesSequence"): {}})(a_match())


def test_a_malicious_pattern_comes_to_an_end() -> None:
    assert not passes("PatientID", "*a" * 31, "a" * 30 + "b" * 34)
    assert not passes("PatientName", "*?" * 31 + "x", "a" * 64)


# --- What is sent ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "sent"),
    [
        ("DOE^JOHN", "DOE^JOHN*"),
        ("DOE^JOHN^^", "DOE^JOHN*"),
        ("DOE*", "DOE*"),
        ("D?E^*N", "D*E^*N*"),
        ("Müller", "*Müller*"),
        ("山田^太郎", "*山田^太郎*"),
        ("山田", "*山*田*"),
        ("*山田*", "*山田*"),
        ("M?ller", "M*ller*"),
        ("A=山田", "A*=山田*"),
        ("A=", "A*"),
        ("A=*", "A*"),
        ("=山田*", "*=山田*"),
        ("==やまだ", "*=*=やまだ*"),
    ],
)
def test_a_pacs_is_asked_for_every_name_that_matches(key: str, sent: str) -> None:
    assert sent_name(key) == sent


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("Wang^XiaoDong", "Wang^XiaoDong=王^小东"),
        ("Yamada^Tarou=山田^太郎", "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        ("=山田*", "Yamada^Tarou=山田^太郎"),
        ("M?ller*", "Müller^Jürgen"),
        ("DOE^JOHN^^", "DOE^JOHN"),
        ("A=*", "A"),
    ],
)
def test_what_a_name_matches_is_among_what_is_asked_for(key: str, name: str) -> None:
    assert passes("PatientName", key, name)
    assert re.fullmatch(re.escape(sent_name(key)).replace(r"\*", ".*"), name)
    assert passes("PatientName", sent_name(key), name)


def test_a_pacs_that_ignores_an_ascii_name_is_caught() -> None:
    name = tag("PatientName")
    assert split({name: "DOE^J"}, NO_QUIRKS) == ({name: "DOE^J*"}, {name: "DOE^J"})
    assert split({name: "DOE^J"}, Quirks(wildcards=False)) == ({name: "DOE^J"}, {})


def test_what_the_standard_has_no_key_for_is_left_to_the_refilter() -> None:
    asked: Keys = {
        tag("PatientID"): "P*",
        tag("PatientName"): "Müller",
        tag("ModalitiesInStudy"): "CT\\MR",
        tag("StudyDescription"): '""',
        tag("StudyInstanceUID"): "1.2\\1.3",
        tag("RequestAttributesSequence"): {tag("RequestedProcedureID"): "R1"},
    }
    included: Keys = {tag("PatientID"): "", tag("StudyDate"): ""}
    assert sent_keys(asked, included, NO_QUIRKS) == {
        **asked,
        tag("PatientName"): "*Müller*",
        tag("ModalitiesInStudy"): "",
        tag("StudyDescription"): "",
        tag("StudyDate"): "",
    }
    theirs, ours = split(asked, NO_QUIRKS)
    assert {*ours} == {tag("PatientName"), tag("ModalitiesInStudy"), tag("StudyDescription")}
    assert {**theirs, **ours} == asked


def test_a_pacs_without_wild_cards_is_not_sent_any() -> None:
    quirks = Quirks(wildcards=False)
    asked: Keys = {
        tag("PatientID"): "P*",
        tag("PatientName"): "山田",
        tag("RequestAttributesSequence"): {tag("RequestedProcedureID"): "R?"},
    }
    assert sent_keys(asked, {}, quirks) == {
        tag("PatientID"): "",
        tag("PatientName"): "山田",
        tag("RequestAttributesSequence"): {tag("RequestedProcedureID"): ""},
    }
    assert {*split(asked, quirks)[1]} == {tag("PatientID"), tag("RequestAttributesSequence")}


def test_what_a_pacs_was_not_asked_it_did_not_take_for_unknown() -> None:
    asked: Keys = {tag("PatientName"): "Many*", tag("Modality"): "CT"}
    nameless = a_match(PatientName="", Modality="")
    assert matches_all(asked)(nameless)
    assert not matches_all(asked, sent={tag("PatientName"): "", tag("Modality"): "CT"})(nameless)
    steps = tag("ScheduledProcedureStepSequence")
    step = Dataset()
    step.Modality = ""
    entry = a_match(ScheduledProcedureStepSequence=Sequence([step]))
    key: Keys = {steps: {tag("Modality"): "C*"}}
    assert matches_all(key)(entry)
    assert not matches_all(key, sent={steps: {tag("Modality"): ""}})(entry)
