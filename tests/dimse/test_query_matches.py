"""What a query makes of the matches of a well-behaved archive."""

from collections.abc import Callable
from datetime import date

import pytest
from pydicom.dataset import Dataset

from dicom_qr_gateway.errors import NoStudyMatched, PatientMismatch, ProtocolError
from dicom_qr_gateway.services.query import FoundStudies

from .archive import Archive
from .scripts import a_study

Find = Callable[..., FoundStudies]


def uids(found: FoundStudies) -> list[str]:
    return [study.uid for study in found.studies]


def test_the_most_recent_results_are_kept_and_undated_ones_come_last(
    archive: Archive, find: Find
) -> None:
    archive.studies = [
        a_study("1.1", StudyDate=None),
        a_study("1.2", StudyDate="20230101"),
        a_study("1.3", StudyDate="20240101", StudyTime="080000"),
        a_study("1.4", StudyDate="20240101", StudyTime="093000"),
        a_study("1.5", StudyDate="20240101", StudyTime="080000"),
        a_study("1.6", StudyDate="20240230"),
    ]
    assert uids(find(archive.entity)) == ["1.4", "1.3", "1.5", "1.2", "1.1", "1.6"]
    assert uids(find(archive.entity, max_results=3)) == ["1.4", "1.3", "1.5"]


def test_old_studies_are_dropped_and_undated_ones_are_kept(archive: Archive, find: Find) -> None:
    today = date.today()
    archive.studies = [
        a_study("1.1", StudyDate=f"{today.year - 3}0101"),
        a_study("1.2", StudyDate=today.strftime("%Y%m%d")),
        a_study("1.3", StudyDate=None),
    ]
    assert uids(find(archive.entity, max_years_old=1)) == ["1.2", "1.3"]


@pytest.mark.parametrize("dates", [("20000101", "99990101"), ("99990101", "20000101")])
def test_a_study_that_is_recent_by_one_of_two_dates_is_kept(
    archive: Archive, find: Find, dates: tuple[str, str]
) -> None:
    archive.studies = [a_study("1.1", StudyDate=each) for each in dates]
    found = find(archive.entity, max_years_old=5)
    assert [study.uid for study in found.studies] == ["1.1"]


@pytest.mark.parametrize("dates", [("20000101", None), (None, "20000101")])
def test_a_study_whose_only_date_is_old_is_dropped(
    archive: Archive, find: Find, dates: tuple[str | None, ...]
) -> None:
    archive.studies = [a_study("1.1", StudyDate=each) for each in dates]
    with pytest.raises(NoStudyMatched):
        find(archive.entity, max_years_old=5)


def test_no_study_left_by_the_filters_is_no_study_matched(archive: Archive, find: Find) -> None:
    archive.studies = [a_study(), a_study("1.9", patient_id="P2")]
    with pytest.raises(NoStudyMatched) as caught:
        find(archive.entity, modalities=("MR",))
    assert caught.value.extra == {"withheld": 1}
    assert archive.asked().released == 1


def test_studies_of_other_patients_are_withheld_and_counted(
    archive: Archive, find: Find, caplog: pytest.LogCaptureFixture
) -> None:
    archive.studies = [
        a_study("1.1"),
        a_study("1.2", patient_id="P2"),
        a_study("1.3", patient_id="p1"),
        a_study("1.4", PatientID=None),
        a_study("1.5", patient_id=" P1 "),
    ]
    found = find(archive.entity)
    assert (uids(found), found.withheld) == (["1.1", "1.5"], 3)
    assert "3 matches of other patients withheld" in caplog.text


def test_only_studies_of_other_patients_is_a_mismatch_never_no_study(
    archive: Archive, find: Find
) -> None:
    archive.studies = [a_study("1.2", patient_id="P2"), a_study("1.4", PatientID=None)]
    with pytest.raises(PatientMismatch):
        find(archive.entity)
    assert archive.asked().released == 1


def test_the_same_study_under_two_patients_is_this_patients_once(
    archive: Archive, find: Find
) -> None:
    archive.studies = [a_study("1.1", patient_id="P2", AccessionNumber="other"), a_study("1.1")]
    found = find(archive.entity)
    assert [study["AccessionNumber"] for study in found.rows()] == [""]
    assert found.withheld == 1


def test_duplicates_are_merged(archive: Archive, find: Find) -> None:
    archive.studies = [
        a_study("1.1", ModalitiesInStudy=["CT"]),
        a_study("1.1", ModalitiesInStudy=["MR"], AccessionNumber="A1"),
    ]
    (study,) = find(archive.entity).rows()
    assert (study["ModalitiesInStudy"], study["AccessionNumber"]) == (["CT", "MR"], "A1")


@pytest.mark.parametrize("attributes", [{"StudyInstanceUID": None}, {"StudyInstanceUID": ""}])
def test_a_match_without_a_study_instance_uid_is_a_protocol_error(
    archive: Archive, find: Find, attributes: dict[str, str | None]
) -> None:
    archive.studies = [a_study("1.1"), a_study("1.2", **attributes)]
    with pytest.raises(ProtocolError):
        find(archive.entity)


def test_optional_keys_that_were_not_supported_make_no_difference(
    archive: Archive, find: Find
) -> None:
    archive.pending_status = 0xFF01
    archive.studies = [a_study("1.1"), a_study("1.2")]
    assert len(find(archive.entity).studies) == 2


def test_an_empty_data_set_as_a_match_is_a_protocol_error(archive: Archive, find: Find) -> None:
    nothing = Dataset()
    nothing.QueryRetrieveLevel = "STUDY"
    archive.studies = [nothing]
    with pytest.raises(ProtocolError):
        find(archive.entity)
