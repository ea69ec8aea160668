"""A PACS is asked for at least what matches, as the standard and the PACS can read it."""

import re
from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from dicom_qr_gateway.dicom.query_keys import Keys
from dicom_qr_gateway.dicom.types import NO_QUIRKS, Quirks
from dicom_qr_gateway.services.person_names import sent_name
from dicom_qr_gateway.services.qido_attributes import tag
from dicom_qr_gateway.services.refilter import matches_all
from dicom_qr_gateway.services.sent_keys import sent_keys, split

from .matches import a_match, passes


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


@pytest.mark.parametrize(
    ("keyword", "key", "sent"),
    [
        ("StudyTime", "093000-", "0930-"),
        ("StudyTime", "090000.000-", "09-"),
        ("StudyTime", "000000-", "00-"),
        ("StudyTime", "100005-", "100005-"),
        ("StudyTime", "100000.5-", "100000.5-"),
        ("StudyTime", "0930-10", "0930-105959.999999"),
        ("StudyTime", "-1000", "-100059.999999"),
        ("StudyTime", "-100000", "-100000"),
        ("StudyTime", "093000", "093000"),
        ("AcquisitionDateTime", "20240601093000-", "202406010930-"),
        ("AcquisitionDateTime", "20240601000000.0-", "20240601-"),
        ("AcquisitionDateTime", "20241000-", "20241000-"),
        ("AcquisitionDateTime", "2024-2025", "2024-2025"),
        ("AcquisitionDateTime", "-2024060110", "-20240601105959.999999"),
        ("AcquisitionDateTime", "20240601100000+0200-", "2024060110+0200-"),
        ("AcquisitionDateTime", "20240601-0400", "20240601-0400"),
        ("StudyDate", "20240100-", "20240100-"),
        ("StudyDescription", "Sch?del", "Sch*del"),
        ("PatientID", "P0??", "P0*"),
        ("ImageComments", "?*", "*"),
        ("Modality", "C?", "C?"),
        ("StationAETitle", "CT?", "CT?"),
    ],
)
def test_a_pacs_is_asked_for_every_way_to_write_what_matches(
    keyword: str, key: str, sent: str
) -> None:
    assert sent_keys({tag(keyword): key}, {}, NO_QUIRKS) == {tag(keyword): sent}


@pytest.mark.parametrize(
    ("keyword", "key", "sent"),
    [("StudyTime", "090000-", "09-"), ("PatientID", "P?", "P*"), ("StudyID", "?1", "*1")],
)
def test_a_pacs_that_ignores_what_it_is_asked_otherwise_is_caught(
    keyword: str, key: str, sent: str
) -> None:
    of = tag(keyword)
    assert split({of: key}, NO_QUIRKS) == ({of: sent}, {of: key})


# The ways to write a time (PS3.5 6.2).
times = st.builds(time.strftime, st.times(), st.sampled_from(["%H", "%H%M", "%H%M%S", "%H%M%S.%f"]))


@given(first=times, last=times, value=times)
def test_a_range_is_sent_that_matches_the_same(first: str, last: str, value: str) -> None:
    key = f"{first}-{last}"
    [sent] = sent_keys({tag("StudyTime"): key}, {}, NO_QUIRKS).values()
    assert passes("StudyTime", key, value) == passes("StudyTime", str(sent), value)


def test_a_key_within_a_sequence_is_the_pacs_own_beside_one_that_is_sent_otherwise() -> None:
    steps, station, start = (
        tag(f"ScheduledProcedureStep{name}") for name in ("Sequence", "ID", "StartTime")
    )
    key: Keys = {steps: {station: "CT1", start: "080000-"}}
    assert split(key, NO_QUIRKS) == ({steps: {station: "CT1", start: "08-"}}, key)


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
