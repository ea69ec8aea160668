"""The index: what it finds, what it counts, and how it encodes an answer."""

from datetime import date
from io import BytesIO

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import (
    CTImageStorage,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
    UltrasoundImageStorage,
)
from pynetdicom.dsutils import decode, encode

from dicom_qr_gateway.dicom.types import QueryRetrieveLevel
from dicom_qr_gateway.sandbox.archive import Archive, storage_contexts
from dicom_qr_gateway.sandbox.elements import tag_of
from dicom_qr_gateway.sandbox.instances import synthetic_instances, uid
from dicom_qr_gateway.sandbox.query import Query
from dicom_qr_gateway.sandbox.roster import PATIENTS
from dicom_qr_gateway.sandbox.stored import StoredInstance

ARCHIVE = Archive(synthetic_instances(date.today()), "SANDBOX")
PATIENT, STUDY, SERIES, IMAGE = QueryRetrieveLevel


def a_query(level: QueryRetrieveLevel, **keys: str) -> Query:
    return Query(level, {tag_of(keyword): text for keyword, text in keys.items()})


def find(level: QueryRetrieveLevel, *, implicit_vr: bool = False, **keys: str) -> list[Dataset]:
    """Return the answers as they arrive at the other end."""
    query = a_query(level, **keys)
    answers = [each.answer(query, implicit_vr=implicit_vr) for each in ARCHIVE.find(query)]
    encoded = [encode(answer, implicit_vr, True) or b"" for answer in answers]
    return [decode(BytesIO(each), implicit_vr, True) for each in encoded]


@pytest.mark.parametrize("implicit_vr", [True, False])
def test_an_answer_has_what_was_asked_for_and_what_must_go_with_it(implicit_vr: bool) -> None:
    (answer,) = find(
        STUDY,
        implicit_vr=implicit_vr,
        PatientID="SB-0021",
        PatientName="",
        ModalitiesInStudy="PT",
        StudyDescription="",
    )
    assert {element.keyword: str(element.value) for element in answer} == {
        "SpecificCharacterSet": "['', 'ISO 2022 IR 87']",
        "QueryRetrieveLevel": "STUDY",
        "RetrieveAETitle": "SANDBOX",
        "ModalitiesInStudy": "['PT', 'CT']",
        "StudyDescription": "PET/CT 全身",
        "PatientName": "Yamada^Tarou=山田^太郎=やまだ^たろう",
        "PatientID": "SB-0021",
    }


@pytest.mark.parametrize("implicit_vr", [True, False])
def test_an_answer_is_written_without_being_converted(implicit_vr: bool) -> None:
    query = a_query(STUDY, PatientID="SB-0023", PatientName="")
    answer = next(ARCHIVE.find(query)).answer(query, implicit_vr=implicit_vr)
    encode(answer, implicit_vr, True)
    assert answer.get_item(tag_of("PatientName")).is_raw


def test_a_plain_patient_has_no_character_set() -> None:
    (answer,) = find(PATIENT, PatientID="1112223333", PatientName="")
    assert "SpecificCharacterSet" not in answer


def test_a_supported_key_without_a_value_comes_back_empty() -> None:
    (answer,) = find(STUDY, PatientID="SB-0014", PatientWeight="")
    assert answer.PatientWeight is None


def test_unsupported_keys_and_keys_of_lower_levels_are_ignored() -> None:
    answers = find(STUDY, PatientID="1112223333", Modality="XX", PatientMotherBirthName="XX")
    assert len(answers) == 3
    assert "Modality" not in answers[0]
    assert "PatientMotherBirthName" not in answers[0]


def test_all_keys_must_match() -> None:
    for day, expected in (("20240101", 1), ("20240102", 0)):
        found = find(STUDY, PatientID="1112223333", ModalitiesInStudy="CT", StudyDate=day)
        assert len(found) == expected


def test_patient_ids_are_compared_with_their_case() -> None:
    assert [each.PatientName for each in find(PATIENT, PatientID="sb-0004", PatientName="")] == [
        "lower^case"
    ]


def test_everything_is_found_at_each_level() -> None:
    studies = sum(len(patient.studies) for patient in PATIENTS)
    assert len(find(PATIENT, PatientID="")) == ARCHIVE.count(PATIENT) == len(PATIENTS)
    assert len(find(STUDY, StudyInstanceUID="")) == ARCHIVE.count(STUDY) == studies
    assert len(find(SERIES, SeriesInstanceUID="")) == ARCHIVE.count(SERIES)
    assert len(find(IMAGE, SOPInstanceUID="")) == ARCHIVE.count(IMAGE)


def test_counts_are_those_of_the_patient_the_study_and_the_series() -> None:
    (answer,) = find(
        SERIES,
        SeriesInstanceUID=uid("1112223333", 1, 1),
        NumberOfPatientRelatedStudies="",
        NumberOfPatientRelatedSeries="",
        NumberOfPatientRelatedInstances="",
        NumberOfStudyRelatedSeries="",
        NumberOfStudyRelatedInstances="",
        NumberOfSeriesRelatedInstances="",
        SOPClassesInStudy="",
        InstanceAvailability="",
    )
    assert answer.NumberOfPatientRelatedStudies == 3
    assert answer.NumberOfPatientRelatedSeries == 6
    assert answer.NumberOfPatientRelatedInstances == 12
    assert answer.NumberOfStudyRelatedSeries == 2
    assert answer.NumberOfStudyRelatedInstances == 6
    assert answer.NumberOfSeriesRelatedInstances == 4
    assert answer.SOPClassesInStudy == CTImageStorage
    assert answer.InstanceAvailability == "ONLINE"


def test_an_image_tells_its_size() -> None:
    answers = find(IMAGE, SeriesInstanceUID=uid("1112223333", 1, 1), Rows="", InstanceNumber="3")
    assert [(each.Rows, each.InstanceNumber) for each in answers] == [(64, 3)]


def test_a_retrieve_gives_the_instances_of_all_that_matches() -> None:
    studies = f"{uid('1112223333', 1)}\\{uid('1112223333', 3)}\\1.2.3"
    instances = ARCHIVE.retrieve(a_query(STUDY, StudyInstanceUID=studies))
    assert [each.text("Modality") for each in instances] == ["CT"] * 6 + ["CR"] * 2


def test_one_instance_given_twice_is_there_once() -> None:
    instance = ARCHIVE.instances[0]
    assert Archive([instance, instance], "SANDBOX").count(IMAGE) == 1


def test_uncompressed_instances_are_sent_in_both_syntaxes_and_compressed_ones_as_they_are() -> None:
    ct, us = ARCHIVE.instances[0], find_instance("US")
    jpeg = StoredInstance(us.header, JPEGBaseline8Bit, us.read)
    assert storage_contexts([ct, us, jpeg]) == {
        (CTImageStorage, (ExplicitVRLittleEndian, ImplicitVRLittleEndian)),
        (UltrasoundImageStorage, (ExplicitVRLittleEndian, ImplicitVRLittleEndian)),
        (UltrasoundImageStorage, (JPEGBaseline8Bit,)),
    }


def find_instance(modality: str) -> StoredInstance:
    return next(each for each in ARCHIVE.instances if each.text("Modality") == modality)
