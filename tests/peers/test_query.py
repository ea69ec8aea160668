"""``/q`` against Orthanc and dcmqrscp: the truth is findscu's answer, read by pydicom."""

import logging
from typing import Any

import pytest

from . import findscu
from .archives import Archive
from .gateway import Gateway
from .made_studies import (
    CHINESE,
    JAPANESE,
    LAST_YEAR,
    OLD,
    RECENT,
    UNDATED,
    UNICODE,
    WESTERN,
    WITH_MANY_STUDIES,
    MadePatient,
    MadeStudy,
)


def test_every_patient_of_pydicoms_files_is_answered_like_findscu_and_pydicom_do(
    gateway: Gateway, archive: Archive
) -> None:
    answered = {}
    expected = {}
    for patient_id in archive.patients:
        answer = gateway.q(archive, patient_id)
        assert answer.status_code == 200, answer.json
        answered[patient_id] = {study["StudyInstanceUID"]: study for study in _studies(answer)}
        expected[patient_id] = findscu.studies_of(archive, patient_id)

    assert answered == expected


def test_every_study_that_was_stored_is_found(gateway: Gateway, archive: Archive) -> None:
    found = {
        patient_id: {
            study["StudyInstanceUID"] for study in _studies(gateway.q(archive, patient_id))
        }
        for patient_id in archive.patients
    }

    assert len(found) > 25
    assert found == {patient_id: set(studies) for patient_id, studies in archive.patients.items()}


@pytest.mark.parametrize(
    "patient", [WESTERN, UNICODE, JAPANESE, CHINESE], ids=lambda patient: patient.patient_id
)
def test_text_arrives_in_every_script(
    gateway: Gateway, archive: Archive, patient: MadePatient
) -> None:
    [study] = _studies(gateway.q(archive, patient.patient_id))

    assert study["PatientName"] == patient.name
    assert study["StudyDescription"] == patient.studies[0].description


def test_studies_come_most_recent_first_and_undated_ones_last(
    gateway: Gateway, archive: Archive
) -> None:
    answer = gateway.q(archive, WITH_MANY_STUDIES.patient_id)

    assert _uids(answer) == [study.uid for study in (RECENT, LAST_YEAR, OLD, UNDATED)]


def test_modalities_are_complete_whether_the_pacs_says_them_at_study_level_or_not(
    gateway: Gateway, archive: Archive
) -> None:
    answer = gateway.q(archive, WITH_MANY_STUDIES.patient_id)

    modalities = {
        study["StudyInstanceUID"]: set(study["ModalitiesInStudy"]) for study in _studies(answer)
    }
    assert modalities == {study.uid: set(study.series) for study in WITH_MANY_STUDIES.studies}


def test_the_modalities_of_several_studies_cost_one_query_at_most(
    gateway: Gateway, archive: Archive, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="dicom_qr_gateway.dicom.association")
    gateway.q(archive, WITH_MANY_STUDIES.patient_id)

    queries = [line for line in caplog.messages if line.startswith("C_FIND_RQ sent")]
    assert len(queries) == (2 if archive.name == "dcmqrscp" else 1)


FILTERS: dict[str, tuple[dict[str, Any], list[MadeStudy]]] = {
    "one modality": ({"modalities": ["CT"]}, [RECENT, OLD, UNDATED]),
    "either modality": ({"modalities": ["SR", "US"]}, [RECENT, UNDATED]),
    "a modality of one study": ({"modalities": ["MR"]}, [LAST_YEAR]),
    "a year": ({"max_years_old": 1}, [RECENT, UNDATED]),
    "two years": ({"max_years_old": 2}, [RECENT, LAST_YEAR, UNDATED]),
    "the most recent": ({"max_results": 2}, [RECENT, LAST_YEAR]),
    "the most recent with a modality": (
        {"max_results": 2, "modalities": ["CT"]},
        [RECENT, OLD],
    ),
    "all together": (
        {"max_results": 2, "modalities": ["CT"], "max_years_old": 5},
        [RECENT, UNDATED],
    ),
}


@pytest.mark.parametrize(("filters", "kept"), FILTERS.values(), ids=FILTERS)
def test_filters_keep_what_they_should_and_undated_studies(
    gateway: Gateway, archive: Archive, filters: dict[str, Any], kept: list[MadeStudy]
) -> None:
    answer = gateway.q(archive, WITH_MANY_STUDIES.patient_id, **filters)

    assert _uids(answer) == [study.uid for study in kept]


@pytest.mark.parametrize(
    ("patient_id", "filters"),
    [("NOBODY", {}), (WITH_MANY_STUDIES.patient_id, {"modalities": ["XA"]})],
    ids=["no such patient", "no such modality"],
)
def test_nothing_found_is_the_not_found_body(
    gateway: Gateway, archive: Archive, patient_id: str, filters: dict[str, Any]
) -> None:
    answer = gateway.q(archive, patient_id, **filters)

    assert answer.status_code == 404
    assert answer.json is not None
    assert answer.json["status"] == "not_found"
    assert answer.json["study_details"] == []


def _studies(answer: Any) -> list[dict[str, Any]]:
    return list(answer.json["study_details"])


def _uids(answer: Any) -> list[str]:
    return [study["StudyInstanceUID"] for study in _studies(answer)]
