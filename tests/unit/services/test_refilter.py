"""What a PACS returned is tested as PS3.4 C.2.2.2 matches, no stricter and no looser."""

import struct

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from dicom_qr_gateway.dicom.data_set import DataSet
from dicom_qr_gateway.dicom.query_keys import Keys
from dicom_qr_gateway.dicom.types import NO_QUIRKS
from dicom_qr_gateway.services.in_part import Verdict
from dicom_qr_gateway.services.qido_attributes import tag
from dicom_qr_gateway.services.refilter import matches_all
from dicom_qr_gateway.services.sent_keys import sent_keys, split

from .matches import a_match, passes


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
        ("PatientID", "P1", "P1\\P2"),
        ("PatientID", "P1", "P1\\"),
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
    assert check(a_match(StudyDescription="")) is Verdict.YES
    assert check(a_match(StudyDescription="CT")) is Verdict.NO
    assert check(a_match(PatientID="P1"))


def test_universal_keys_match_everything() -> None:
    assert matches_all({tag("StudyDate"): "", tag("RequestAttributesSequence"): {}})(a_match())


def test_a_malicious_pattern_comes_to_an_end() -> None:
    assert not passes("PatientID", "*a" * 31, "a" * 30 + "b" * 34)
    assert not passes("PatientName", "*?" * 31 + "x", "a" * 64)


# --- Private attributes -------------------------------------------------------------------------

CREATOR, ELEMENT = 0x00290010, 0x00291001


def a_private_match(vr: str, value: bytes) -> DataSet:
    """Return what an explicit encoding says of one private attribute of an unknown creator."""
    creator = struct.pack("<HH2sH", 0x0029, 0x0010, b"LO", 8) + b"QIDOKIT "
    long = vr in ("UN", "OB")
    head = struct.pack("<HH2sxxI" if long else "<HH2sH", 0x0029, 0x1001, vr.encode(), len(value))
    return DataSet(creator + head + value, explicit_vr=True)


@pytest.mark.parametrize(
    ("key", "vr", "value", "matches"),
    [
        ("secret", "LO", b"secret", True),
        ("secret", "UN", b"secret", True),
        ("secret", "UN", b"secret\0", True),
        ("sec*", "UN", b"secret", True),
        ("secret", "UN", b"other\0", False),
        ("secret", "UN", b"a\\secret", True),
        ("2.5", "UN", b"2.5\0", True),
        ("2.5", "FD", struct.pack("<d", 2.5), True),
        ("2.50", "FD", struct.pack("<d", 2.5), True),
        ("2.5", "FD", struct.pack("<d", 3.5), False),
        ("2.5", "UN", struct.pack("<d", 2.5), False),
        ("secret", "FD", struct.pack("<d", 2.5), False),
        ("20240101-20241231", "DA", b"20240601", True),
        ("1.2,1.3", "UI", b"1.3\0", True),
        ("secret", "UN", b"", False),
        ("secret", "OB", b"secret", False),
    ],
)
def test_a_private_value_is_tested_by_the_vr_that_the_match_gives_it(
    key: str, vr: str, value: bytes, matches: bool
) -> None:
    assert matches_all({ELEMENT: key})(a_private_match(vr, value)) is (
        Verdict.YES if matches else Verdict.NO
    )


def test_a_private_attribute_of_unknown_vr_is_asked_for_without_its_value() -> None:
    asked: Keys = {CREATOR: "QIDOKIT", ELEMENT: "secret"}
    assert sent_keys(asked, {}, NO_QUIRKS) == {CREATOR: "QIDOKIT", ELEMENT: ""}
    theirs, ours = split(asked, NO_QUIRKS)
    assert ours == {ELEMENT: "secret"}
    assert matches_all(theirs)(a_private_match("UN", b"other\0"))
    assert not matches_all(theirs)(a_private_match("UN", b"\1\2\3\4"))
    assert not matches_all(theirs)(a_private_match("UN", b""))


def test_a_private_attribute_of_known_vr_is_asked_for_with_its_value() -> None:
    asked: Keys = {0x00190010: "GEMS_ACQU_01", 0x00191002: "512"}
    assert sent_keys(asked, {}, NO_QUIRKS) == asked
    assert split(asked, NO_QUIRKS) == (asked, {})


def test_bytes_that_cannot_be_read_are_not_taken_for_no_value() -> None:
    empty = matches_all({ELEMENT: '""'})
    assert empty(a_private_match("UN", b""))
    assert not empty(a_private_match("UN", b"\1\2"))
