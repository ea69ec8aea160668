"""Searches of several PACS: what bounds one search bounds it whole, however many it asks."""

from dataclasses import replace

import pytest

from dicom_qr_gateway.dicom.types import Limits
from dicom_qr_gateway.dicom.waiting import StopSignal
from dicom_qr_gateway.errors import QueryTimeout, ResponseTooLarge, TooManyMatches
from dicom_qr_gateway.named_pacs import NamedPacs
from dicom_qr_gateway.services import qido_outcomes
from dicom_qr_gateway.services.qido import QidoService
from dicom_qr_gateway.services.qido_attributes import Level
from dicom_qr_gateway.services.qido_request import read_search
from tests.pools import a_pool

from .conftest import PATIENT
from .conversation import PENDING, Conversation
from .scripts import a_study, finds
from .searching import MakePacs, Search, values


@pytest.fixture
def one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask several PACS one after the other, in their order."""
    monkeypatch.setattr(qido_outcomes, "MAX_AT_ONCE", 1)


# --- One deadline ------------------------------------------------------------------------------


def silent(peer: Conversation) -> None:
    peer.accept()
    peer.wait_until_closed()


@pytest.mark.usefixtures("one_at_a_time")
def test_a_pacs_whose_turn_comes_after_the_deadline_has_failed_by_it(
    pacs_with: MakePacs, search: Search
) -> None:
    late = pacs_with(finds(a_study()))
    with pytest.raises(QueryTimeout) as caught:
        search(pacs_with(silent), late, limits=replace(PATIENT, query_timeout=0.3))
    failures = [(each["pacs"], each["error"]) for each in caught.value.extra["failures"]]
    assert failures == [("pacs0", "query_timeout"), ("pacs1", "query_timeout")]
    assert late.conversations == []


@pytest.mark.usefixtures("one_at_a_time")
def test_a_part_names_every_pacs_that_the_deadline_left_no_time_for(
    pacs_with: MakePacs, search: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = PATIENT.query_deadline()
    monkeypatch.setattr(Limits, "query_deadline", lambda limits: whole)

    def takes_all_the_time(peer: Conversation) -> None:
        peer.accept()
        peer.read_request()
        whole.at = 0.0
        peer.respond(PENDING, a_study("1.2"))
        peer.wait_until_closed()

    late = pacs_with(finds(a_study("1.3")))
    answer = search(
        pacs_with(finds(a_study("1.1"))), pacs_with(takes_all_the_time), late, partial="true"
    )
    assert values(answer) == ["1.1"]
    assert answer.warnings == [f"PACS pacs{n} failed: query_timeout." for n in (1, 2)]
    assert late.conversations == []


# --- One budget --------------------------------------------------------------------------------


def test_the_matches_of_all_pacs_together_are_no_more_than_max_matches(
    pacs_with: MakePacs, search: Search
) -> None:
    studies = [a_study(f"1.{number}") for number in range(4)]
    both = pacs_with(finds(*studies)), pacs_with(finds(*studies))
    assert len(search(*both, limits=replace(PATIENT, max_matches=8)).rows) == 8
    more = pacs_with(finds(*studies)), pacs_with(finds(*studies))
    with pytest.raises(TooManyMatches):
        search(*more, limits=replace(PATIENT, max_matches=7))


def test_the_responses_of_all_pacs_together_are_no_more_than_max_response_bytes(
    pacs_with: MakePacs, search: Search
) -> None:
    limits = replace(PATIENT, max_response_bytes=15_000)
    study = a_study(PatientComments="X" * 10_000)
    search(pacs_with(finds(study)), limits=limits)
    with pytest.raises(ResponseTooLarge):
        search(pacs_with(finds(study)), pacs_with(finds(study)), limits=limits)


@pytest.mark.usefixtures("one_at_a_time")
def test_a_part_names_the_pacs_that_is_too_much(pacs_with: MakePacs, search: Search) -> None:
    studies = [a_study(f"1.{number}") for number in range(4)]
    both = pacs_with(finds(*studies)), pacs_with(finds(*studies))
    answer = search(*both, limits=replace(PATIENT, max_matches=7), partial="true")
    assert len(answer.rows) == 4
    assert answer.warnings == ["PACS pacs1 failed: too_many_matches."]


# --- One PACS under several names ----------------------------------------------------------------


def test_names_of_one_host_and_port_are_asked_one_after_another(
    pacs_with: MakePacs, stop: StopSignal
) -> None:
    pacs = pacs_with(finds(a_study()))
    limits = replace(PATIENT, max_associations_per_pacs=1, queue_timeout=0.01)
    pool = a_pool(limits, stop)
    pool.bulkheads.set_threads(2)
    titles = [replace(pacs.entity, ae_title=f"TITLE{n}") for n in range(5)]
    names = [NamedPacs(f"pacs{n}", each, "GATEWAY") for n, each in enumerate(titles)]
    answer = QidoService(pool).search(read_search(Level.STUDIES, {}, []), names, None)
    assert values(answer, "00080054") == [each.ae_title for each in titles]
