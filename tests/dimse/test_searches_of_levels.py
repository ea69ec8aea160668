"""Searches of a level below others: what is asked above, and of which patient."""

from collections.abc import Callable

import pytest
from pydicom.dataset import Dataset

from dicom_qr_gateway.dicom.types import Quirks
from dicom_qr_gateway.dicom.uids import PATIENT_ROOT_FIND, STUDY_ROOT_FIND
from dicom_qr_gateway.errors import InvalidRequest, PatientMismatch
from dicom_qr_gateway.services import qido_session, search_limits
from dicom_qr_gateway.services.qido_attributes import Level

from .archive import Archive
from .conversation import SUCCESS, Conversation
from .scripts import a_series, a_study, finds
from .searching import MakePacs, Search, a_row, values

SERIES_UID, SOP = "0020000E", "00080018"

# --- From level to level -----------------------------------------------------------------------


def test_the_series_of_a_study_take_one_question(archive: Archive, search: Search) -> None:
    archive.series = [a_series("CT"), a_series("MR", "9.9")]
    answer = search(archive.entity, level=Level.SERIES, path={"StudyInstanceUID": "1.2.3"})
    [asked] = archive.asked().finds
    assert (asked.keys["StudyInstanceUID"], asked.keys["Modality"]) == ("1.2.3", "")
    assert "PatientID" not in asked.keys
    assert (values(answer), values(answer, "00080060")) == (["1.2.3"], ["CT"])
    assert answer.warnings == ["1 results withheld that do not match what was asked for."]


def test_series_of_many_studies_are_asked_for_study_by_study(
    archive: Archive, search: Search
) -> None:
    archive.studies = [a_study("1.1", PatientName="DOE^J"), a_study("1.2", patient_id="P2")]
    archive.series = [a_series("CT")]
    answer = search(archive.entity, level=Level.SERIES, PatientID="P1", Modality="CT")
    of_studies, of_series = archive.asked().finds
    assert (of_studies.keys["PatientID"], of_series.keys["StudyInstanceUID"]) == ("P1", "1.1")
    assert "PatientID" not in of_series.keys
    row = a_row(answer)
    assert row["00100010"]["Value"] == [{"Alphabetic": "DOE^J"}]
    assert (row["0020000D"]["Value"], row["00080060"]["Value"]) == (["1.1"], ["CT"])
    [information] = {*archive.memory.proposals[0].sop_class_extended.values()}
    assert information == b"\1\0\0"


def test_a_study_of_the_query_string_is_told_with_its_attributes(
    archive: Archive, search: Search
) -> None:
    archive.studies = [a_study("1.1", PatientName="DOE^J")]
    archive.series = [a_series("CT")]
    row = a_row(search(archive.entity, level=Level.SERIES, StudyInstanceUID="1.1"))
    assert row["00100010"]["Value"] == [{"Alphabetic": "DOE^J"}]
    assert row["00080060"]["Value"] == ["CT"]


def test_a_relational_pacs_is_asked_at_once(archive: Archive, search: Search) -> None:
    archive.series = [a_series("CT", "1.1")]
    archive.series[0].PatientID = "P1"
    answer = search(
        archive.entity, level=Level.SERIES, quirks=Quirks(relational=True), PatientID="P1"
    )
    [asked] = archive.asked().finds
    assert (asked.keys["QueryRetrieveLevel"], asked.keys["PatientID"]) == ("SERIES", "P1")
    assert values(answer) == ["1.1"]
    assert not archive.memory.proposals[0].sop_class_extended


@pytest.mark.parametrize("patients", [("P1", "P2"), ("P1", "P1")])
def test_a_study_that_two_patients_share_is_two_and_a_repeated_one_is_one(
    archive: Archive, search: Search, patients: tuple[str, str]
) -> None:
    archive.studies = [a_study("1.1", patient_id=patient) for patient in patients]
    assert len(search(archive.entity).rows) == len({*patients})


@pytest.mark.parametrize(("level", "unique"), [(Level.SERIES, SERIES_UID), (Level.INSTANCES, SOP)])
def test_one_uid_in_two_studies_is_two_entities_of_a_relational_pacs(
    pacs_with: MakePacs, search: Search, level: Level, unique: str
) -> None:
    def of_study(uid: str, modality: str) -> Dataset:
        match = a_series(modality, uid)
        match.SOPInstanceUID = "1.2.3.9.9"
        return match

    matches = of_study("1.1", "CT"), of_study("1.2", "CT"), of_study("1.1", "CT")
    relational = Quirks(relational=True)
    answer = search(pacs_with(finds(*matches)), level=level, quirks=relational)
    assert (values(answer), len({*values(answer, unique)})) == (["1.1", "1.2"], 1)
    others = search(pacs_with(finds(*matches)), level=level, quirks=relational, Modality="MR")
    assert others.rows == []
    assert others.warnings == ["2 results withheld that do not match what was asked for."]


def test_a_search_that_would_take_too_many_questions_says_so(
    archive: Archive, search: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dicom_qr_gateway.services.qido_finder.MAX_ENTITIES", 2)
    archive.studies = [a_study(f"1.{number}") for number in range(4)]
    with pytest.raises(InvalidRequest) as caught:
        search(archive.entity, level=Level.SERIES)
    assert list(caught.value.extra["errors"]) == ["query"]
    assert "relational = true" in caught.value.extra["errors"]["query"][0]
    assert search_limits.MAX_ENTITIES == 1000


def test_a_page_asks_about_no_more_than_it_needs(
    archive: Archive, search: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dicom_qr_gateway.services.qido_finder.MAX_ENTITIES", 2)
    archive.studies = [a_study(f"1.{number}") for number in range(4)]
    archive.series = [a_series("CT")]
    answer = search(archive.entity, level=Level.SERIES, limit="1")
    assert (values(answer), answer.warnings) == (["1.0"], [qido_session.MORE])
    _, *of_series = archive.asked().finds
    assert [asked.keys["StudyInstanceUID"] for asked in of_series] == ["1.0", "1.1"]
    assert (archive.memory.released, archive.memory.aborted) == (1, 0)
    with pytest.raises(InvalidRequest):
        search(archive.entity, level=Level.SERIES, limit="3")


def test_a_page_ends_early_where_no_match_has_what_is_asked_for(
    archive: Archive, search: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dicom_qr_gateway.services.qido_finder.ENOUGH", 2)
    archive.studies = [a_study(f"1.{number}") for number in range(5)]
    archive.series = [a_series("CT")]
    with pytest.raises(InvalidRequest) as caught:
        search(archive.entity, level=Level.SERIES, ProtocolName="HEAD", limit="1")
    assert [*caught.value.extra["errors"]] == ["ProtocolName"]
    _, *of_series = archive.asked().finds
    assert [asked.keys["StudyInstanceUID"] for asked in of_series] == ["1.0", "1.1"]


@pytest.mark.parametrize("series", [[], [a_series("CT")]])
def test_a_page_asks_on_where_the_pacs_has_nothing_or_knows_what_is_asked_for(
    archive: Archive, search: Search, monkeypatch: pytest.MonkeyPatch, series: list[Dataset]
) -> None:
    monkeypatch.setattr("dicom_qr_gateway.services.qido_finder.ENOUGH", 2)
    archive.studies = [a_study(f"1.{number}") for number in range(5)]
    archive.series = series
    for each in series:
        each.ProtocolName = "NECK"
    assert search(archive.entity, level=Level.SERIES, ProtocolName="HEAD", limit="1").rows == []
    assert len(archive.asked().finds) == 6


# --- Another patient's below STUDY level -------------------------------------------------------


def series_of(*patients: str | None) -> list[Dataset]:
    """Return a series for each of these Patient IDs, None for one that states none."""
    found = []
    for number, patient in enumerate(patients):
        series = a_series("CT", "1.2.3")
        series.SeriesInstanceUID = f"1.2.3.{number}"
        series.SOPInstanceUID = f"1.2.3.{number}.1"
        if patient is not None:
            series.PatientID = patient
        found.append(series)
    return found


def levels(model: str, *answers: list[Dataset]) -> Callable[[Conversation], None]:
    """Return the script of a PACS that accepts one model and gives one C-FIND each answer."""

    def script(peer: Conversation) -> None:
        peer.accept(model)
        for matches in answers:
            peer.answer_find(*matches)
        peer.serve_release()

    return script


BOTH_ROOTS = pytest.mark.parametrize("model", [STUDY_ROOT_FIND, PATIENT_ROOT_FIND])
OTHERS = pytest.mark.parametrize("others", ["P2", "p1", "P1\\P2"])


@BOTH_ROOTS
@OTHERS
@pytest.mark.parametrize("path", [{}, {"StudyInstanceUID": "1.2.3"}])
def test_series_of_other_patients_are_no_answer(
    pacs_with: MakePacs, search: Search, model: str, others: str, path: dict[str, str]
) -> None:
    pacs = pacs_with(levels(model, [a_study()], series_of(others)))
    with pytest.raises(PatientMismatch):
        search(pacs, level=Level.SERIES, path=path, PatientID="P1")


@BOTH_ROOTS
@pytest.mark.parametrize("below", [[series_of("P2")], [series_of("P1"), series_of("P2")]])
def test_instances_of_other_patients_or_in_their_series_are_no_answer(
    pacs_with: MakePacs, search: Search, model: str, below: list[list[Dataset]]
) -> None:
    pacs = pacs_with(levels(model, [a_study()], *below))
    with pytest.raises(PatientMismatch):
        search(pacs, level=Level.INSTANCES, PatientID="P1")


@BOTH_ROOTS
def test_series_of_other_patients_are_withheld_and_those_that_name_nobody_are_not(
    pacs_with: MakePacs, search: Search, model: str
) -> None:
    series = series_of("P2", "P1", None, "", " P1 ", "P3")
    pacs = pacs_with(levels(model, [a_study()], series))
    answer = search(pacs, level=Level.SERIES, PatientID="P1")
    assert values(answer, SERIES_UID) == ["1.2.3.1", "1.2.3.2", "1.2.3.3", "1.2.3.4"]
    assert answer.warnings == ["2 results withheld that do not match what was asked for."]


@pytest.mark.parametrize("keys", [{"PatientID": "P*"}, {"PatientName": "DOE*"}])
def test_series_are_of_the_patient_whom_their_study_states(
    pacs_with: MakePacs, search: Search, keys: dict[str, str]
) -> None:
    study = a_study(PatientName="DOE^JOHN")
    pacs = pacs_with(levels(STUDY_ROOT_FIND, [study], series_of("P2", "P1", None)))
    answer = search(pacs, level=Level.SERIES, **keys)
    assert values(answer, "00100020") == ["P1", "P1"]
    assert answer.warnings == ["1 results withheld that do not match what was asked for."]


def test_a_row_has_what_was_tested_of_the_study_not_what_its_series_states(
    pacs_with: MakePacs, search: Search
) -> None:
    [series] = series_of("P1")
    series.StudyDate, series.AccessionNumber = "20200101", "B9"
    study = a_study(StudyDate="20240101", AccessionNumber="A1")
    pacs = pacs_with(levels(STUDY_ROOT_FIND, [study], [series]))
    keys = {"StudyDate": "20240101", "AccessionNumber": "A1"}
    row = a_row(search(pacs, level=Level.SERIES, **keys))
    assert (row["00080020"]["Value"], row["00080050"]["Value"]) == (["20240101"], ["A1"])


def test_what_is_withheld_above_is_told(pacs_with: MakePacs, search: Search) -> None:
    pacs = pacs_with(levels(STUDY_ROOT_FIND, [a_study(StudyDate="20200101")]))
    answer = search(pacs, level=Level.SERIES, PatientID="P1", StudyDate="20240101")
    assert (answer.rows, answer.warnings) == (
        [],
        ["1 studies withheld that do not match what was asked for."],
    )


def test_a_list_of_uids_of_which_the_pacs_reads_the_first_is_asked_one_by_one(
    pacs_with: MakePacs, search: Search
) -> None:
    pacs = pacs_with(levels(STUDY_ROOT_FIND, [a_study("1.1")], [a_study("1.2")], []))
    assert values(search(pacs, StudyInstanceUID="1.1,1.2,1.3")) == ["1.1", "1.2"]
    asked = [request.identifier.StudyInstanceUID for request in pacs.conversation.requests]
    assert asked == [["1.1", "1.2", "1.3"], "1.2", "1.3"]


def test_modalities_are_not_taken_from_the_series_of_other_patients(
    pacs_with: MakePacs, search: Search
) -> None:
    others, own = series_of("P2", "P1")
    others.Modality, own.Modality = "MR", "US"
    study = a_study(ModalitiesInStudy=None)
    pacs = pacs_with(levels(STUDY_ROOT_FIND, [study], [others, own]))
    row = a_row(search(pacs, PatientID="P1"))
    assert row["00080061"]["Value"] == ["US"]


# --- A PACS that accepts only the Patient Root -------------------------------------------------


def patient_root(*answers: Dataset | int) -> Callable[[Conversation], None]:
    """Return the script of a PACS that gives one C-FIND each answer: a match, or a status."""

    def script(peer: Conversation) -> None:
        peer.accept(PATIENT_ROOT_FIND)
        for answer in answers:
            matches = () if isinstance(answer, int) else (answer,)
            peer.answer_find(*matches, status=answer if isinstance(answer, int) else SUCCESS)
        peer.serve_release()

    return script


def test_a_pacs_with_only_the_patient_root_is_asked_by_it(
    pacs_with: MakePacs, search: Search
) -> None:
    pacs = pacs_with(patient_root(a_study()))
    assert values(search(pacs, PatientID="P1")) == ["1.2.3"]
    [request] = pacs.conversation.requests
    assert request.command.AffectedSOPClassUID == PATIENT_ROOT_FIND
    assert (request.identifier.QueryRetrieveLevel, request.identifier.PatientID) == ("STUDY", "P1")


def test_under_the_patient_root_every_level_has_the_patient(
    pacs_with: MakePacs, search: Search
) -> None:
    pacs = pacs_with(patient_root(a_study(), a_series("CT")))
    path = {"StudyInstanceUID": "1.2.3"}
    answer = search(pacs, level=Level.SERIES, path=path, PatientID="P1")
    assert values(answer, "0020000E") == ["1.2.3.9"]
    asked = [each.identifier for each in pacs.conversation.requests]
    assert [each.QueryRetrieveLevel for each in asked] == ["STUDY", "SERIES"]
    assert [(each.PatientID, each.StudyInstanceUID) for each in asked] == [("P1", "1.2.3")] * 2


def test_under_the_patient_root_missing_modalities_are_asked_with_the_patient(
    pacs_with: MakePacs, search: Search
) -> None:
    pacs = pacs_with(patient_root(a_study(ModalitiesInStudy=None), a_series("MR")))
    assert values(search(pacs, PatientID="P1"), "00080061") == ["MR"]
    assert pacs.conversation.requests[1].identifier.PatientID == "P1"


def test_a_strict_patient_root_is_asked_again_without_keys_above_the_study(
    pacs_with: MakePacs, search: Search
) -> None:
    pacs = pacs_with(patient_root(0xA900, a_study()))
    assert values(search(pacs, PatientID="P1")) == ["1.2.3"]
    first, second = (each.identifier for each in pacs.conversation.requests)
    assert ("PatientName" in first, "PatientName" in second) == (True, False)
    assert (second.PatientID, second.StudyInstanceUID) == ("P1", "")


@pytest.mark.parametrize(
    "parameters", [{}, {"PatientID": "P*"}, {"PatientName": "DOE"}, {"StudyInstanceUID": "1.2.3"}]
)
def test_a_patient_root_that_is_told_no_patient_is_not_asked_at_all(
    pacs_with: MakePacs, search: Search, parameters: dict[str, str]
) -> None:
    pacs = pacs_with(patient_root())
    with pytest.raises(InvalidRequest) as caught:
        search(pacs, **parameters)
    assert list(caught.value.extra["errors"]) == ["PatientID"]
    assert pacs.conversation.requests == []


def test_a_relational_patient_root_needs_no_patient(pacs_with: MakePacs, search: Search) -> None:
    pacs = pacs_with(patient_root(a_series("CT")))
    path = {"StudyInstanceUID": "1.2.3"}
    answer = search(pacs, level=Level.SERIES, path=path, quirks=Quirks(relational=True))
    assert values(answer, "00080060") == ["CT"]
