"""What a query asks of a well-behaved archive, and what its answer holds."""

from collections.abc import Callable

import pytest

from dicom_qr_gateway.dicom.uids import (
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
    PATIENT_ROOT_FIND,
    STUDY_ROOT_FIND,
)
from dicom_qr_gateway.errors import NoStudyMatched
from dicom_qr_gateway.services.query import FoundStudies

from .archive import Archive
from .scripts import a_series, a_study

Find = Callable[..., FoundStudies]

STUDY_KEYS = {
    "StudyDate": "",
    "StudyTime": "",
    "AccessionNumber": "",
    "QueryRetrieveLevel": "STUDY",
    "ModalitiesInStudy": "",
    "InstitutionName": "",
    "ReferringPhysicianName": "",
    "StudyDescription": "",
    "PerformingPhysicianName": "",
    "PatientName": "",
    "PatientID": "P1",
    "PatientBirthDate": "",
    "StudyInstanceUID": "",
}


def uids(found: FoundStudies) -> list[str]:
    return [study.uid for study in found.studies]


def test_the_proposal_names_both_titles_both_models_and_two_transfer_syntaxes(
    archive: Archive, find: Find
) -> None:
    archive.studies = [a_study()]
    find(archive.entity)
    (proposal,) = archive.asked().proposals
    assert proposal.primitive.called_ae_title == "ARCHIVE"
    assert proposal.primitive.calling_ae_title == "GATEWAY"
    assert [
        (context.abstract_syntax, context.transfer_syntax)
        for context in proposal.requested_contexts
    ] == [
        (model, [EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN])
        for model in (STUDY_ROOT_FIND, PATIENT_ROOT_FIND)
    ]


def test_a_query_asks_by_patient_id_and_leaves_every_other_key_universal(
    archive: Archive, find: Find
) -> None:
    archive.studies = [a_study()]
    find(archive.entity)
    (asked,) = archive.asked().finds
    assert asked.keys == STUDY_KEYS
    assert asked.abstract_syntax == STUDY_ROOT_FIND
    assert asked.message_id == 1


def test_filters_go_to_no_pacs_and_leave_the_dear_key_to_the_studies_that_they_keep(
    archive: Archive, find: Find
) -> None:
    archive.studies = [a_study()]
    find(archive.entity, modalities=("CT", "MR"), max_years_old=200, max_results=5)
    first, second = archive.asked().finds
    assert {**first.keys, "PerformingPhysicianName": ""} == STUDY_KEYS
    assert second.keys == {
        "QueryRetrieveLevel": "STUDY",
        "PatientID": "P1",
        "StudyInstanceUID": "1.2.3",
        "PerformingPhysicianName": "",
    }


def test_a_query_ends_in_one_orderly_release(archive: Archive, find: Find) -> None:
    archive.studies = [a_study()]
    find(archive.entity)
    asked = archive.asked()
    assert (len(asked.proposals), asked.released, asked.aborted) == (1, 1, 0)


def test_an_empty_answer_ends_in_one_orderly_release(archive: Archive, find: Find) -> None:
    with pytest.raises(NoStudyMatched):
        find(archive.entity)
    asked = archive.asked()
    assert (len(asked.proposals), asked.released, asked.aborted) == (1, 1, 0)


def test_a_patient_id_beyond_ascii_states_its_character_set(archive: Archive, find: Find) -> None:
    archive.studies = [a_study(patient_id="Ä1", SpecificCharacterSet="ISO_IR 100")]
    assert len(find(archive.entity, patient_id="Ä1").studies) == 1
    (asked,) = archive.asked().finds
    assert asked.keys == {
        **STUDY_KEYS,
        "SpecificCharacterSet": "ISO_IR 100",
        "PatientID": "Ä1",
    }


def test_a_match_has_the_twelve_keys_of_the_contract(archive: Archive, find: Find) -> None:
    archive.studies = [
        a_study(
            "1.2.3.4",
            SpecificCharacterSet="ISO_IR 192",
            PatientName="Müller^Jörg",
            PatientBirthDate="19700101",
            StudyDescription="CT ABDOMEN",
            ModalitiesInStudy=["CT", "SR"],
            StudyTime="120000",
            AccessionNumber="ACC-1",
            ReferringPhysicianName="REF^MD",
            PerformingPhysicianName=["PERF^MD", "OTHER^MD"],
            InstitutionName="Hospital",
        )
    ]
    assert find(archive.entity).rows() == [
        {
            "PatientName": "Müller^Jörg",
            "PatientID": "P1",
            "DateOfBirth": "19700101",
            "StudyInstanceUID": "1.2.3.4",
            "StudyDescription": "CT ABDOMEN",
            "ModalitiesInStudy": ["CT", "SR"],
            "StudyDate": "20240101",
            "StudyTime": "120000",
            "AccessionNumber": "ACC-1",
            "ReferringPhysicianName": "REF^MD",
            "PerformingPhysicianName": "PERF^MD\\OTHER^MD",
            "InstitutionName": "Hospital",
        }
    ]


def test_what_the_pacs_leaves_out_is_an_empty_text_never_a_missing_key(
    archive: Archive, find: Find
) -> None:
    archive.studies = [a_study(StudyDate=None, QueryRetrieveLevel=None, ModalitiesInStudy=None)]
    (study,) = find(archive.entity).rows()
    assert study == {
        **dict.fromkeys(study, ""),
        "PatientID": "P1",
        "StudyInstanceUID": "1.2.3",
        "ModalitiesInStudy": [],
    }
    assert len(study) == 12


def test_studies_without_modalities_are_asked_at_series_level_on_the_same_association(
    archive: Archive, find: Find
) -> None:
    archive.studies = [a_study("1.2.1", ModalitiesInStudy=None), a_study("1.2.2")]
    archive.studies += [a_study("1.2.3", ModalitiesInStudy=[])]
    archive.series = [a_series("MR"), a_series("SR"), a_series("MR"), a_series(None)]
    found = find(archive.entity)
    assert {study["StudyInstanceUID"]: study["ModalitiesInStudy"] for study in found.rows()} == {
        "1.2.1": ["MR", "SR"],
        "1.2.2": ["CT"],
        "1.2.3": ["MR", "SR"],
    }
    asked = archive.asked()
    assert (len(asked.proposals), asked.released) == (1, 1)
    assert [request.message_id for request in asked.finds] == [1, 2, 3, 4]
    assert [request.keys for request in asked.finds[1:]] == [
        {
            "QueryRetrieveLevel": "SERIES",
            "StudyInstanceUID": uid,
            "SeriesInstanceUID": "",
            "Modality": "",
        }
        for uid in ("1.2.1\\1.2.3", "1.2.1", "1.2.3")
    ]


def test_series_of_other_studies_add_nothing(archive: Archive, find: Find) -> None:
    archive.studies = [a_study("1.2.1", ModalitiesInStudy=None)]
    archive.series = [a_series("MR", "1.2.1"), a_series("CT", "1.2.9")]
    assert find(archive.entity).rows()[0]["ModalitiesInStudy"] == ["MR"]


def test_a_study_whose_modalities_stay_unknown_is_kept(archive: Archive, find: Find) -> None:
    archive.studies = [a_study("1.2.1", ModalitiesInStudy=None)]
    found = find(archive.entity, modalities=("CT",))
    assert found.rows()[0]["ModalitiesInStudy"] == []


def test_only_studies_that_are_kept_cost_a_series_level_query(archive: Archive, find: Find) -> None:
    archive.studies = [
        a_study("1.2.1", StudyDate="20200101", ModalitiesInStudy=None),
        a_study("1.2.2", StudyDate="20210101", ModalitiesInStudy=None),
        a_study("1.2.3", StudyDate="19000101", ModalitiesInStudy=None),
    ]
    archive.series = [a_series("CT")]
    assert uids(find(archive.entity, max_results=1, max_years_old=100)) == ["1.2.2"]
    levels = [request.keys["QueryRetrieveLevel"] for request in archive.asked().finds]
    assert levels == ["STUDY", "SERIES", "STUDY"]
