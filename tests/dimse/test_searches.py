"""Searches over real sockets: what a PACS is asked, and what of its answer is believed."""

import json

import pytest
from pydicom.dataset import Dataset

from dicom_qr_gateway.dicom.types import QueryRetrieveLevel, Quirks
from dicom_qr_gateway.errors import DimseFailure, InvalidRequest, PatientMismatch, ProtocolError
from dicom_qr_gateway.services import qido_session
from dicom_qr_gateway.services.qido_attributes import Level

from .archive import Archive
from .conversation import SUCCESS, Conversation
from .scripts import a_series, a_study, finds
from .searching import MakePacs, Search, a_row, values

# --- One level ---------------------------------------------------------------------------------


def test_a_study_is_asked_for_with_what_the_standard_demands(
    archive: Archive, search: Search
) -> None:
    archive.studies = [a_study(PatientName="ROE^J")]
    answer = search(archive.entity, PatientID="P1", PatientName="DOE*")
    [asked] = archive.asked().finds
    assert (asked.keys["QueryRetrieveLevel"], asked.keys["PatientID"]) == ("STUDY", "P1")
    assert asked.keys["PatientName"] == "DOE*"
    assert asked.keys["NumberOfStudyRelatedInstances"] == asked.keys["StudyInstanceUID"] == ""
    assert not archive.memory.proposals[0].sop_class_extended
    assert answer.rows == []
    assert answer.warnings == ["1 results withheld that do not match what was asked for."]


def test_everything_is_sorted_latest_first_and_told_as_it_is(
    archive: Archive, search: Search
) -> None:
    archive.studies = [
        a_study("1.1", StudyDate="20200101"),
        a_study("1.2", StudyDate=""),
        a_study("1.4", StudyDate="20240101"),
        a_study("1.3", StudyDate="20240101"),
        a_study("1.3", StudyDate="20240101", StudyDescription="again"),
    ]
    answer = search(archive.entity)
    assert (values(answer), answer.warnings) == (["1.3", "1.4", "1.1", "1.2"], [])


def test_an_attribute_without_modalities_is_not_there(archive: Archive, search: Search) -> None:
    archive.studies = [a_study(ModalitiesInStudy="", RetrieveURL="", PatientName="")]
    row = a_row(search(archive.entity))
    assert {"00080061", "00081190", "00080052"}.isdisjoint(row)
    assert row["00100010"] == {"vr": "PN"}


def test_what_the_pacs_leaves_out_is_there_without_a_value(
    archive: Archive, search: Search
) -> None:
    archive.studies = [a_study(StudyDate="20240101")]
    row = a_row(search(archive.entity))
    assert row["00200010"] == {"vr": "SH"}
    assert row["00201208"] == {"vr": "IS"}
    assert "00080056" not in row


def test_other_patients_are_no_empty_answer(archive: Archive, search: Search) -> None:
    archive.studies = [a_study(patient_id="P2"), a_study("1.2", patient_id="P3")]
    with pytest.raises(PatientMismatch):
        search(archive.entity, PatientID="P1")
    assert search(archive.entity, PatientID="P9*").rows == []


def test_what_does_not_match_is_withheld_and_counted(archive: Archive, search: Search) -> None:
    archive.studies = [
        a_study("1.1", AccessionNumber="A1"),
        a_study("1.2", AccessionNumber="A2"),
        a_study("1.3", AccessionNumber="A3", patient_id="P2"),
    ]
    answer = search(archive.entity, AccessionNumber="A1", PatientID="P1")
    assert values(answer) == ["1.1"]
    assert answer.warnings == ["2 results withheld that do not match what was asked for."]


def test_what_the_pacs_was_not_asked_is_taken_off_without_a_word(
    archive: Archive, search: Search
) -> None:
    archive.studies = [
        a_study("1.1", ModalitiesInStudy=["CT", "SR"]),
        a_study("1.2", ModalitiesInStudy="MR"),
        a_study("1.3", ModalitiesInStudy="US"),
    ]
    answer = search(archive.entity, ModalitiesInStudy="CT,MR")
    [asked] = archive.asked().finds
    assert (asked.keys["ModalitiesInStudy"], values(answer)) == ("", ["1.1", "1.2"])
    assert answer.warnings == []


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("山田*", ["ISO_IR 192", "\\ISO 2022 IR 87", "ISO 2022 IR 13\\ISO 2022 IR 87"]),
        ("ﾔﾏﾀﾞ*", ["ISO_IR 192", "ISO 2022 IR 13\\ISO 2022 IR 87"]),
        ("Müller", ["ISO_IR 100"]),
        ("王小东", ["ISO_IR 192"]),
    ],
)
def test_a_name_is_asked_for_in_every_character_set_it_may_be_in(
    archive: Archive, search: Search, name: str, sent: list[str]
) -> None:
    study = a_study(PatientName="Yamada^Tarou=山田^太郎", SpecificCharacterSet="ISO_IR 192")
    archive.studies = [study]
    answer = search(archive.entity, PatientName=name)
    finds = archive.asked().finds
    assert [asked.keys["SpecificCharacterSet"] for asked in finds] == sent
    assert len(answer.rows) == ("山田" in name)
    assert answer.warnings == []


def test_the_character_set_of_a_pacs_is_kept_to(archive: Archive, search: Search) -> None:
    quirks = Quirks(charset="ISO_IR 192")
    search(archive.entity, quirks=quirks, PatientName="DOE")
    assert archive.asked().finds[0].keys["SpecificCharacterSet"] == "ISO_IR 192"
    with pytest.raises(InvalidRequest):
        search(archive.entity, quirks=Quirks(charset="ISO_IR 100"), PatientName="山田")


def test_a_pacs_that_knows_no_fuzzy_matching_is_said_to(archive: Archive, search: Search) -> None:
    answer = search(archive.entity, fuzzymatching="true", PatientName="DOE")
    asked = archive.asked()
    [information] = {*asked.proposals[0].sop_class_extended.values()}
    assert (information, answer.warnings) == (b"\0\0\1", [qido_session.NOT_FUZZY])


def refuses(peer: Conversation) -> None:
    peer.accept()
    peer.answer_find(status=0xA900)
    peer.answer_find(a_study())
    peer.serve_release()


def test_a_pacs_that_refuses_keys_is_asked_for_fewer(pacs_with: MakePacs, search: Search) -> None:
    pacs = pacs_with(refuses)
    assert values(search(pacs, StudyDescription="*", includefield="all")) == ["1.2.3"]
    first, second = (each.identifier for each in pacs.conversation.requests)
    assert first is not None
    assert second is not None
    assert "NumberOfStudyRelatedSeries" in first
    assert "NumberOfStudyRelatedSeries" not in second
    assert "StudyInstanceUID" in second


@pytest.mark.parametrize("uid", ["", None])
def test_a_match_without_a_uid_is_an_error(
    archive: Archive, search: Search, uid: str | None
) -> None:
    archive.studies = [a_study(StudyInstanceUID=uid)]
    with pytest.raises(ProtocolError):
        search(archive.entity)


def test_a_failure_after_matches_is_a_failure(pacs_with: MakePacs, search: Search) -> None:
    with pytest.raises(DimseFailure):
        search(pacs_with(finds(a_study(), status=0xA700)))


def test_the_nameless_do_not_match_a_name_that_the_pacs_was_not_asked_for(
    archive: Archive, search: Search
) -> None:
    archive.studies = [a_study("1.1", PatientName=""), a_study("1.2", PatientName="MANY^A")]
    assert values(search(archive.entity, PatientName="Many*")) == ["1.1", "1.2"]
    answer = search(archive.entity, quirks=Quirks(wildcards=False), PatientName="Many*")
    assert (values(answer), answer.warnings) == (["1.2"], [])


# --- What a PACS does not know ------------------------------------------------------------------


def test_a_key_that_the_pacs_does_not_know_is_never_an_empty_answer(
    archive: Archive, search: Search
) -> None:
    archive.studies = [a_study("1.1"), a_study("1.2")]
    with pytest.raises(InvalidRequest) as caught:
        search(archive.entity, InstitutionName="Peers*", limit="5")
    assert caught.value.extra["errors"] == {
        "InstitutionName": ["The PACS neither matches nor returns InstitutionName: ask without it."]
    }
    with pytest.raises(InvalidRequest):  # a list of codes, which no PACS is asked
        search(archive.entity, PatientSex="M,F")


def test_a_key_that_one_match_has_is_known(archive: Archive, search: Search) -> None:
    archive.studies = [a_study("1.1"), a_study("1.2", InstitutionName="")]
    answer = search(archive.entity, InstitutionName="Peers*")
    assert answer.rows == []
    assert answer.warnings == ["2 results withheld that do not match what was asked for."]


EMPTY = {"emptyvaluematching": "true", "BodyPartExamined": '""'}


@pytest.mark.parametrize("limit", [{}, {"limit": "1"}, {"limit": "0"}])
def test_an_attribute_that_no_match_has_is_not_taken_for_empty(
    archive: Archive, search: Search, limit: dict[str, str]
) -> None:
    archive.studies = [a_study("1.1"), a_study("1.2"), a_study("1.3")]
    with pytest.raises(InvalidRequest) as caught:
        search(archive.entity, **EMPTY, **limit)
    assert [*caught.value.extra["errors"]] == ["BodyPartExamined"]
    with pytest.raises(InvalidRequest):
        search(archive.entity, archive.entity, **EMPTY, **limit)


@pytest.mark.usefixtures("few_rows_held")
def test_a_stream_does_not_take_an_attribute_that_no_match_has_for_empty(
    archive: Archive, search: Search
) -> None:
    archive.studies = [a_study(f"1.{number}") for number in range(7)]
    with pytest.raises(InvalidRequest):
        search(archive.entity, **EMPTY)


@pytest.mark.parametrize(("limit", "found"), [({}, ["1.1", "1.2"]), ({"limit": "1"}, ["1.1"])])
def test_an_attribute_that_a_match_has_is_empty_where_it_is_left_out(
    archive: Archive, search: Search, limit: dict[str, str], found: list[str]
) -> None:
    archive.studies = [
        a_study("1.1"),
        a_study("1.2", BodyPartExamined=""),
        a_study("1.3", BodyPartExamined="HEAD"),
    ]
    assert values(search(archive.entity, **EMPTY, **limit)) == found
    archive.ended.clear()
    del archive.studies[1]
    assert values(search(archive.entity, **EMPTY, **limit)) == ["1.1"]
    archive.ended.clear()
    archive.studies = []
    assert search(archive.entity, **EMPTY, **limit).rows == []


def test_a_key_of_a_level_above_that_the_pacs_does_not_know_is_an_error(
    archive: Archive, search: Search
) -> None:
    archive.studies = [a_study("1.1")]
    archive.series = [a_series("CT")]
    with pytest.raises(InvalidRequest) as caught:
        search(archive.entity, level=Level.SERIES, StudyDescription="HEAD")
    assert [*caught.value.extra["errors"]] == ["StudyDescription"]


def test_a_key_inside_of_a_sequence_that_the_pacs_does_not_know_is_an_error(
    pacs_with: MakePacs, search: Search
) -> None:
    step = Dataset()
    step.ScheduledStationAETitle = "CT1"
    entry = Dataset()
    entry.ScheduledProcedureStepSequence = [step]
    key = "ScheduledProcedureStepSequence.ScheduledProcedureStepLocation"
    with pytest.raises(InvalidRequest) as caught:
        search(pacs_with(finds(entry)), level=Level.WORKLIST, **{key: "ROOM 1"})
    assert [*caught.value.extra["errors"]] == [key]


def test_a_key_of_a_step_says_where_it_belongs(archive: Archive, search: Search) -> None:
    with pytest.raises(InvalidRequest) as caught:
        search(archive.entity, level=Level.WORKLIST, Modality="CT", InstitutionName="H")
    assert caught.value.extra["errors"] == {
        "Modality": [
            "The attribute belongs to the scheduled procedure step: "
            "write ScheduledProcedureStepSequence.Modality."
        ]
    }
    assert archive.memory.proposals == []


def test_only_matches_of_the_search_count_as_withheld_and_each_once(
    archive: Archive, search: Search
) -> None:
    archive.studies = [
        a_study("1.1", ModalitiesInStudy=None, AccessionNumber="A1"),
        *(a_study(f"1.{number}", AccessionNumber="A2") for number in (2, 3, 3, 2)),
    ]
    archive.series = [a_series("MR", "1.1"), *(a_series("CT", f"9.{n}") for n in range(5))]
    answer = search(archive.entity, AccessionNumber="A1")
    assert (values(answer), values(answer, "00080061")) == (["1.1"], ["MR"])
    assert answer.warnings == ["2 results withheld that do not match what was asked for."]


# --- Modalities --------------------------------------------------------------------------------


def test_modalities_that_the_pacs_leaves_out_are_asked_of_the_series(
    archive: Archive, search: Search
) -> None:
    archive.studies = [a_study("1.1", ModalitiesInStudy=None), a_study("1.2")]
    archive.series = [a_series("MR", "1.1"), a_series("SR", "1.1")]
    answer = search(archive.entity)
    rows = [json.loads(row) for row in answer.rows]
    assert [row["00080061"]["Value"] for row in rows] == [["MR", "SR"], ["CT"]]


def test_modalities_from_a_list_that_fails_are_never_taken_for_all_of_them(
    pacs_with: MakePacs, search: Search
) -> None:
    studies = [a_study(uid, ModalitiesInStudy=None) for uid in ("1.1", "1.2")]

    def script(peer: Conversation) -> None:
        peer.accept()
        peer.answer_find(*studies)
        peer.answer_find(a_series("CT", "1.1"), a_series("MR", "1.2"), status=0xC001)
        peer.answer_find(a_series("CT", "1.1"), a_series("SR", "1.1"))
        peer.answer_find(a_series("MR", "1.2"))
        peer.serve_release()

    rows = [json.loads(row) for row in search(pacs_with(script)).rows]
    assert [row["00080061"]["Value"] for row in rows] == [["CT", "SR"], ["MR"]]


def test_a_search_by_modality_finds_studies_by_their_series(
    archive: Archive, search: Search
) -> None:
    archive.studies = [a_study(uid, ModalitiesInStudy=None) for uid in ("1.1", "1.2")]
    archive.series = [a_series("MR", "1.1"), a_series("CT", "1.2")]
    assert values(search(archive.entity, ModalitiesInStudy="MR")) == ["1.1"]
    quirks = Quirks(modality_level=QueryRetrieveLevel.SERIES)
    archive.forget()
    archive.studies = [a_study("1.1", ModalitiesInStudy=None)]
    archive.series = [a_series("MR", "1.1")]
    assert values(search(archive.entity, quirks=quirks, ModalitiesInStudy="M?")) == ["1.1"]
    assert "ModalitiesInStudy" not in archive.asked().finds[0].keys


def test_what_is_stated_of_modalities_where_they_are_known_to_be_incomplete_is_not_looked_at(
    pacs_with: MakePacs, search: Search
) -> None:
    def script(peer: Conversation) -> None:
        peer.accept()
        peer.answer_find(a_study("1.1", ModalitiesInStudy="CT"))
        peer.answer_find(a_series("CT", "1.1"), a_series("MR", "1.1"))
        peer.serve_release()

    quirks = Quirks(modality_level=QueryRetrieveLevel.SERIES)
    for keys in ({}, {"ModalitiesInStudy": "MR"}):
        [row] = search(pacs_with(script), quirks=quirks, **keys).rows
        assert json.loads(row)["00080061"]["Value"] == ["CT", "MR"]


def test_a_study_with_a_series_without_modality_may_have_any(
    archive: Archive, search: Search
) -> None:
    archive.studies = [a_study("1.1", ModalitiesInStudy=None)]
    archive.series = [a_series("CT", "1.1"), a_series("", "1.1")]
    answer = search(archive.entity, ModalitiesInStudy="MR")
    assert answer.rows == []
    assert answer.warnings == ["1 results withheld that do not match what was asked for."]
    archive.series = []
    assert search(archive.entity, ModalitiesInStudy="?*").rows == []
    archive.series = [a_series("CT", "1.1")]
    assert values(search(archive.entity, ModalitiesInStudy="CT")) == ["1.1"]


def test_a_pacs_that_ignores_the_modalities_it_was_asked_by_is_caught(
    pacs_with: MakePacs, search: Search
) -> None:
    others = [a_study(f"1.{number}", ModalitiesInStudy="CT") for number in (1, 2)]
    pacs = pacs_with(finds(*others, a_study("1.3", ModalitiesInStudy="MR")))
    answer = search(pacs, ModalitiesInStudy="MR")
    assert values(answer) == ["1.3"]
    assert answer.warnings == ["2 results withheld that do not match what was asked for."]


def test_so_many_studies_without_modalities_are_too_broad_a_search(
    archive: Archive, search: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dicom_qr_gateway.services.study_modalities.MAX_ENTITIES", 2)
    archive.studies = [a_study(f"1.{number}", ModalitiesInStudy=None) for number in range(3)]
    with pytest.raises(InvalidRequest):
        search(archive.entity, ModalitiesInStudy="MR")


@pytest.mark.filterwarnings("ignore:Invalid value for VR CS")
@pytest.mark.parametrize("stated", ["CT/MR", "CT, MR"])
@pytest.mark.parametrize("asked", ["MR", "US,MR"])
def test_several_modalities_in_one_value_are_found_by_each(
    pacs_with: MakePacs, search: Search, stated: str, asked: str
) -> None:
    pacs = pacs_with(finds(a_study("1.1", ModalitiesInStudy=stated)))
    assert values(search(pacs, ModalitiesInStudy=asked)) == ["1.1"]


# --- Worklist ----------------------------------------------------------------------------------


def test_a_worklist_is_asked_over_its_own_model(pacs_with: MakePacs, search: Search) -> None:
    step = Dataset()
    step.ScheduledStationAETitle = "CT1"
    entry = Dataset()
    entry.PatientID = "P1"
    entry.ScheduledProcedureStepSequence = [step]
    pacs = pacs_with(finds(entry, status=SUCCESS))
    key = "ScheduledProcedureStepSequence.ScheduledStationAETitle"
    answer = search(pacs, level=Level.WORKLIST, **{key: "CT1"})
    [request] = pacs.conversation.requests
    assert request.command.AffectedSOPClassUID == "1.2.840.10008.5.1.4.31"
    assert request.identifier is not None
    assert "QueryRetrieveLevel" not in request.identifier
    [item] = request.identifier.ScheduledProcedureStepSequence
    assert (item.ScheduledStationAETitle, item.ScheduledProcedureStepStartDate) == ("CT1", "")
    assert a_row(answer)["00400100"]["Value"][0]["00400001"]["Value"] == ["CT1"]


def test_a_worklist_entry_of_nothing_is_an_error(pacs_with: MakePacs, search: Search) -> None:
    with pytest.raises(ProtocolError):
        search(pacs_with(finds(Dataset())), level=Level.WORKLIST)
