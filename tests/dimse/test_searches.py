"""Searches over real sockets: what a PACS is asked, what of its answer is believed, and how far."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydicom.dataset import Dataset

from dicom_qr_gateway.dicom.types import ApplicationEntity, QueryRetrieveLevel, Quirks
from dicom_qr_gateway.dicom.uids import PATIENT_ROOT_FIND
from dicom_qr_gateway.dicom.waiting import StopSignal
from dicom_qr_gateway.errors import (
    AssociationAborted,
    ConnectionLost,
    ConnectionRefused,
    DimseFailure,
    InvalidRequest,
    PatientMismatch,
    ProtocolError,
)
from dicom_qr_gateway.named_pacs import NamedPacs
from dicom_qr_gateway.services import qido_session, search_limits
from dicom_qr_gateway.services.qido import Answer, QidoService
from dicom_qr_gateway.services.qido_attributes import Level
from dicom_qr_gateway.services.qido_request import read_search
from dicom_qr_gateway.services.qido_rows import Match
from tests.pools import a_pool

from .archive import Archive
from .conftest import PATIENT
from .conversation import PENDING, SUCCESS, Conversation
from .scripted_pacs import PATIENCE, ScriptedPacs
from .scripts import a_series, a_study, finds

MakePacs = Callable[..., ScriptedPacs]
Search = Callable[..., Answer]
CANCELLED = 0xFE00


@pytest.fixture
def search(stop: StopSignal) -> Iterator[Search]:
    """Return a search of one PACS, or of several; what it leaves open is closed after the test."""
    answers: list[Answer] = []

    def call(
        *pacs: ApplicationEntity | ScriptedPacs,
        level: Level = Level.STUDIES,
        path: dict[str, str] | None = None,
        quirks: Quirks | None = None,
        client: socket.socket | None = None,
        **parameters: str,
    ) -> Answer:
        named = []
        for number, each in enumerate(pacs):
            peer = each.entity if isinstance(each, ScriptedPacs) else each
            if quirks is not None:
                peer = ApplicationEntity(peer.host, peer.port, peer.ae_title, quirks)
            named.append(NamedPacs(f"pacs{number}", peer, "GATEWAY"))
        asked = read_search(level, path or {}, parameters.items())
        answers.append(QidoService(a_pool(PATIENT, stop)).search(asked, named, client))
        return answers[-1]

    yield call
    for answer in answers:
        answer.close()


def values(answer: Answer, tag: str = "0020000D") -> list[Any]:
    """Return the first value of an attribute in each row."""
    rows = [json.loads(row) for row in answer.rows]
    return [row.get(tag, {}).get("Value", [None])[0] for row in rows]


def a_row(answer: Answer) -> dict[str, Any]:
    [row] = answer.rows
    found: dict[str, Any] = json.loads(row)
    return found


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
        ("山田*", ["ISO_IR 192", "\\ISO 2022 IR 87"]),
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


# --- Pages and streams -------------------------------------------------------------------------


def test_a_page_is_cancelled_after_its_last_row(pacs_with: MakePacs, search: Search) -> None:
    def script(peer: Conversation) -> None:
        peer.accept()
        find = peer.read_request()
        for number in range(4):
            peer.respond(PENDING, a_study(f"1.{number}"))
        cancel = peer.read_request()
        assert cancel.command.MessageIDBeingRespondedTo == find.command.MessageID
        peer.requests.append(find)
        peer.respond(CANCELLED)
        peer.serve_release()

    answer = search(pacs_with(script), limit="2", offset="1")
    assert (values(answer), answer.warnings) == (["1.1", "1.2"], [qido_session.MORE])


def test_a_row_of_a_page_is_written_while_the_pacs_looks_for_the_next(
    pacs_with: MakePacs, search: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = threading.Event()
    row = Match.row

    def writing(match: Match, level: Level) -> bytes:
        written.set()
        return row(match, level)

    def script(peer: Conversation) -> None:
        peer.accept()
        peer.read_request()
        peer.respond(PENDING, a_study("1.1"))
        assert written.wait(PATIENCE)
        peer.respond(PENDING, a_study("1.2"))
        peer.respond(SUCCESS)
        peer.serve_release()

    monkeypatch.setattr(Match, "row", writing)
    pacs = pacs_with(script)
    assert values(search(pacs, limit="5")) == ["1.1", "1.2"]
    pacs.finish()


def ignores_a_cancel(peer: Conversation) -> None:
    peer.accept()
    peer.read_request()
    for number in range(3):
        peer.respond(PENDING, a_study(f"1.{number}", ModalitiesInStudy=None))
    peer.read_request()
    peer.wait_until_closed()


def tells_series(peer: Conversation) -> None:
    peer.accept()
    peer.answer_find(a_series("MR", "1.0"), a_series("SR", "1.1"))
    peer.serve_release()


def test_modalities_are_asked_for_on_a_fresh_association_where_a_cancel_is_ignored(
    pacs_with: MakePacs, search: Search
) -> None:
    answer = search(pacs_with(ignores_a_cancel, tells_series), limit="2")
    assert values(answer, "00080061") == ["MR", "SR"]
    assert answer.warnings == [qido_session.MORE]


def test_a_page_whose_modalities_cannot_be_asked_for_is_an_error(
    pacs_with: MakePacs, search: Search
) -> None:
    with pytest.raises(AssociationAborted):
        search(pacs_with(ignores_a_cancel, lambda peer: peer.abort()), limit="2")


def test_a_page_that_ends_with_the_answer_has_no_more(archive: Archive, search: Search) -> None:
    archive.studies = [a_study(f"1.{number}") for number in range(3)]
    answer = search(archive.entity, limit="2", offset="1")
    assert (values(answer), answer.warnings) == (["1.1", "1.2"], [])
    archive.ended.clear()
    answer = search(archive.entity, offset="9")
    assert (values(answer), answer.warnings) == ([], [])


def test_a_page_without_rows_says_whether_there_are_any(archive: Archive, search: Search) -> None:
    archive.studies = [a_study()]
    for pacs in ([archive.entity], [archive.entity] * 2):
        answer = search(*pacs, limit="0")
        assert (answer.rows, answer.warnings) == ([], [qido_session.MORE])
    archive.studies = []
    answer = search(archive.entity, limit="0")
    assert (answer.rows, answer.warnings) == ([], [])


@pytest.fixture
def few_rows_held(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("qido", "qido_session"):
        monkeypatch.setattr(f"dicom_qr_gateway.services.{module}.MAX_ROWS_HELD", 3)
    monkeypatch.setattr("dicom_qr_gateway.services.qido.MAX_PAGE", 4)


@pytest.mark.usefixtures("few_rows_held")
def test_what_is_longer_is_a_stream(archive: Archive, search: Search) -> None:
    archive.studies = [a_study(f"1.{number}") for number in range(7)]
    answer = search(archive.entity)
    assert (len(answer.rows), answer.rest is not None) == (3, True)
    assert len([*answer.rows, *(answer.rest or ())]) == 7
    answer.close()
    assert (archive.asked().released, archive.memory.aborted) == (1, 0)
    archive.ended.clear()
    answer = search(archive.entity, limit="5", offset="1")
    assert len([*answer.rows, *(answer.rest or ())]) == 5


@pytest.mark.usefixtures("few_rows_held")
def test_a_limit_says_when_it_cut_or_may_have(archive: Archive, search: Search) -> None:
    archive.studies = [a_study(f"1.{number}") for number in range(7)]
    page = search(archive.entity, limit="4")
    assert (len(page.rows), page.rest, page.warnings) == (4, None, [qido_session.MORE])
    stream = search(archive.entity, limit="5")
    assert (len(stream.rows), stream.warnings) == (3, [qido_session.MAYBE_MORE])
    assert len(list(stream.rest or ())) == 2
    whole = search(archive.entity, offset="2", limit="5")
    assert whole.warnings == [qido_session.MAYBE_MORE]
    archive.studies = archive.studies[:3]
    assert search(archive.entity, limit="5").warnings == []


@pytest.mark.usefixtures("few_rows_held")
def test_a_stream_that_nobody_reads_on_is_ended(archive: Archive, search: Search) -> None:
    archive.studies = [a_study(f"1.{number}") for number in range(50)]
    answer = search(archive.entity)
    answer.close()
    asked = archive.asked()
    assert asked.released + asked.aborted == 1


@pytest.mark.usefixtures("few_rows_held")
def test_a_stream_that_fails_raises(pacs_with: MakePacs, search: Search) -> None:
    def script(peer: Conversation) -> None:
        peer.accept()
        peer.read_request()
        for number in range(5):
            peer.respond(PENDING, a_study(f"1.{number}"))
        peer.close()

    answer = search(pacs_with(script))
    assert answer.rest is not None
    with pytest.raises(ConnectionLost):
        list(answer.rest)


# --- Several PACS ------------------------------------------------------------------------------


def test_the_rows_of_several_pacs_say_where_they_are_and_page_through_one_order(
    archive: Archive, pacs_with: MakePacs, search: Search
) -> None:
    archive.studies = [a_study("1.1", StudyDate="20240101"), a_study("1.2", StudyDate="20200101")]
    other = a_study("1.1", StudyDate="20240101", RetrieveAETitle="ELSEWHERE")
    both = archive.entity, pacs_with(finds(other, a_study("1.3", StudyDate="20220101")))
    answer = search(*both)
    assert values(answer) == ["1.1", "1.1", "1.3", "1.2"]
    assert values(answer, "00080054") == ["ARCHIVE", "ELSEWHERE", "PACS", "ARCHIVE"]
    assert answer.warnings == []


def test_a_page_of_several_pacs_is_cut_from_all_of_them(
    archive: Archive, pacs_with: MakePacs, search: Search
) -> None:
    archive.studies = [a_study("1.1"), a_study("1.4")]
    answer = search(
        archive.entity, pacs_with(finds(a_study("1.2"), a_study("1.3"))), limit="2", offset="1"
    )
    assert (values(answer), answer.warnings) == (["1.2", "1.3"], [qido_session.MORE])


DEAD = ApplicationEntity("127.0.0.1", 1, "DEAD")


def test_one_pacs_that_fails_fails_all_of_it(archive: Archive, search: Search) -> None:
    archive.studies = [a_study()]
    with pytest.raises(ConnectionRefused) as caught:
        search(archive.entity, DEAD)
    [failure] = caught.value.extra["failures"]
    assert (failure["pacs"], failure["error"]) == ("pacs1", "connection_refused")
    assert "pacs1" in caught.value.message


def test_every_pacs_that_fails_is_named_also_the_slower_one(
    pacs_with: MakePacs, archive: Archive, search: Search
) -> None:
    with pytest.raises(ConnectionRefused) as caught:
        search(DEAD, archive.entity, pacs_with(finds(a_study(), status=0xA700)))
    failures = [(each["pacs"], each["error"]) for each in caught.value.extra["failures"]]
    assert failures == [("pacs0", "connection_refused"), ("pacs2", "dimse_failure")]


def test_a_part_is_an_answer_where_it_was_asked_for(archive: Archive, search: Search) -> None:
    archive.studies = [a_study()]
    answer = search(archive.entity, DEAD, partial="true")
    assert values(answer) == ["1.2.3"]
    assert answer.warnings == ["PACS pacs1 failed: connection_refused."]


def test_no_part_at_all_is_a_failure(search: Search) -> None:
    with pytest.raises(ConnectionRefused) as caught:
        search(DEAD, DEAD, partial="true")
    assert len(caught.value.extra["failures"]) == 2


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
