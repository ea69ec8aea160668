"""Searches whose answer is a page, a stream, or what several PACS have."""

import threading

import pytest

from dicom_qr_gateway.dicom.types import ApplicationEntity
from dicom_qr_gateway.errors import (
    AssociationAborted,
    ConnectionLost,
    ConnectionRefused,
    PatientMismatch,
)
from dicom_qr_gateway.services import qido_session
from dicom_qr_gateway.services.qido_attributes import Level
from dicom_qr_gateway.services.qido_rows import Match

from .archive import Archive
from .conversation import PENDING, SUCCESS, Conversation
from .scripted_pacs import PATIENCE
from .scripts import a_series, a_study, finds
from .searching import MakePacs, Search, values

CANCELLED = 0xFE00

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


def test_a_page_without_rows_counts_the_match_that_it_was_not_to_have(
    archive: Archive, search: Search
) -> None:
    archive.studies = [a_study("1.1", patient_id="P2"), a_study("1.2", patient_id="P1")]
    answer = search(archive.entity, PatientID="P1", limit="0")
    withheld = "1 results withheld that do not match what was asked for."
    assert (answer.rows, answer.warnings) == ([], [withheld, qido_session.MORE])
    archive.studies = archive.studies[:1]
    with pytest.raises(PatientMismatch):
        search(archive.entity, PatientID="P1", limit="0")


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
