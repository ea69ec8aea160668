"""The synthetic patients: valid, stable, and as varied as the documentation says."""

from collections import Counter
from datetime import date, timedelta

import pytest
from pydicom.dataset import Dataset

from dicom_qr_gateway.sandbox.instances import dicom_date, synthetic_instances
from dicom_qr_gateway.sandbox.patients import Patient
from dicom_qr_gateway.sandbox.roster import PATIENTS
from dicom_qr_gateway.sandbox.stored import StoredInstance

TODAY = date(2024, 2, 29)
INSTANCES = synthetic_instances(TODAY)
STUDY_DAYS = [study.day for patient in PATIENTS for study in patient.studies]


def modalities_of(patient: Patient) -> set[str]:
    return {series.modality for study in patient.studies for series in study.series}


def born_days_ago(patient: Patient) -> int:
    text = dicom_date(patient.born, TODAY)
    return (TODAY - date(int(text[:4]), int(text[4:6]), int(text[6:]))).days


@pytest.fixture(params=INSTANCES, ids=lambda instance: instance.text("SOPInstanceUID")[-6:])
def dataset(request: pytest.FixtureRequest) -> Dataset:
    instance: StoredInstance = request.param
    return instance.read()


def test_every_instance_has_the_pixels_its_header_promises(dataset: Dataset) -> None:
    expected = dataset.Rows * dataset.Columns * dataset.SamplesPerPixel * dataset.BitsAllocated // 8
    assert len(dataset.PixelData) == expected
    assert dataset.HighBit == dataset.BitsStored - 1


def test_every_value_of_an_instance_is_valid_for_pydicom(dataset: Dataset) -> None:
    # Reading an element validates it, and a warning is an error here.
    assert all(element.VR for element in dataset.iterall())


def test_every_name_survives_its_character_set() -> None:
    names = {each.text("PatientID"): str(each.read().PatientName) for each in INSTANCES}
    assert names == {patient.patient_id: patient.name for patient in PATIENTS}


def test_every_description_survives_its_character_set() -> None:
    stored = {str(each.read().StudyDescription) for each in INSTANCES}
    assert stored == {study.description for patient in PATIENTS for study in patient.studies}


def test_uids_are_unique_valid_and_the_same_from_day_to_day() -> None:
    keywords = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
    today = [[each.text(keyword) for keyword in keywords] for each in INSTANCES]
    later = [
        [each.text(keyword) for keyword in keywords]
        for each in synthetic_instances(TODAY + timedelta(days=400))
    ]
    assert today == later
    assert max(Counter(uids[2] for uids in today).values()) == 1
    assert all(each.read().SOPInstanceUID.is_valid for each in INSTANCES)


def test_the_first_patient_is_the_one_of_the_readme() -> None:
    first = INSTANCES[0].read()
    assert {
        keyword: str(first[keyword].value)
        for keyword in (
            "PatientID",
            "PatientName",
            "PatientBirthDate",
            "StudyDescription",
            "StudyDate",
            "StudyTime",
            "AccessionNumber",
            "ReferringPhysicianName",
            "PerformingPhysicianName",
            "InstitutionName",
        )
    } == {
        "PatientID": "1112223333",
        "PatientName": "DOE^JOHN",
        "PatientBirthDate": "19700101",
        "StudyDescription": "CT ABDOMEN",
        "StudyDate": "20240101",
        "StudyTime": "120000",
        "AccessionNumber": "ACC-1",
        "ReferringPhysicianName": "REF^MD",
        "PerformingPhysicianName": "PERF^MD",
        "InstitutionName": "Hospital",
    }
    assert modalities_of(PATIENTS[0]) == {"CT", "MR", "CR"}


def test_there_are_about_thirty_patients_with_identifiers_of_their_own() -> None:
    assert 28 <= len(PATIENTS) <= 35
    assert len({patient.patient_id for patient in PATIENTS}) == len(PATIENTS)


def test_ages_reach_from_newborn_to_ninety() -> None:
    ages = [born_days_ago(patient) for patient in PATIENTS if patient.born != ""]
    assert min(ages) < 28
    assert max(ages) >= 90 * 365
    assert "" in {patient.born for patient in PATIENTS}


def test_some_studies_are_undated_some_very_old_and_some_of_the_last_weeks() -> None:
    assert "" in STUDY_DAYS
    assert any(isinstance(day, str) and "" < day < "19700101" for day in STUDY_DAYS)
    assert any(isinstance(day, int) and day < 30 for day in STUDY_DAYS)


def test_a_day_is_counted_back_from_today() -> None:
    assert dicom_date(0, TODAY) == "20240229"
    assert dicom_date(60, TODAY) == "20231231"
    assert dicom_date("", TODAY) == ""
    assert dicom_date("19610417", TODAY) == "19610417"


def test_patients_differ_in_modalities() -> None:
    assert any("CT" not in modalities_of(patient) for patient in PATIENTS)
    studies = [study for patient in PATIENTS for study in patient.studies]
    assert any({each.modality for each in study.series} == {"PT", "CT"} for study in studies)
    assert any(len(patient.studies) > 5 for patient in PATIENTS)


def test_the_character_sets_hospitals_use_are_there() -> None:
    charsets = {patient.charset for patient in PATIENTS}
    assert charsets >= {
        "",
        "ISO_IR 100",
        "ISO_IR 144",
        "ISO_IR 192",
        "GB18030",
        "\\ISO 2022 IR 87",
    }
