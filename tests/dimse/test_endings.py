"""An association that ends after its answer: the client does not wait for the A-RELEASE-RP."""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace

import pytest
from pydicom.dataset import Dataset
from werkzeug.test import EnvironBuilder

from dicom_qr_gateway.afterwards import SENT_AT_ONCE
from dicom_qr_gateway.app import create_app
from dicom_qr_gateway.config import Settings
from dicom_qr_gateway.dicom import endings
from dicom_qr_gateway.dicom.association_limits import AssociationLimit
from dicom_qr_gateway.dicom.endings import ENDINGS
from dicom_qr_gateway.dicom.pdu import ReleaseRQ
from dicom_qr_gateway.dicom.waiting import StopSignal
from dicom_qr_gateway.errors import DimseFailure, GatewayBusy
from dicom_qr_gateway.services.query import QueryService
from tests.pools import a_pool

from .conftest import PATIENT, a_query
from .conversation import Conversation
from .scripted_pacs import PATIENCE, Script, ScriptedPacs
from .scripts import a_study, finds

MakePacs = Callable[..., ScriptedPacs]


def releases_when(answered: threading.Event, *matches: Dataset) -> Script:
    """Return the script of a PACS that ends the association only after the answer."""

    def script(peer: Conversation) -> None:
        peer.accept()
        peer.answer_find(*matches)
        assert answered.wait(PATIENCE)
        peer.serve_release()

    return script


def body_for(pacs: ScriptedPacs) -> dict[str, object]:
    """Return the body of a ``/q``."""
    return {
        "pacs_ip": pacs.entity.host,
        "pacs_port": pacs.entity.port,
        "pacs_ae_title": pacs.entity.ae_title,
        "c_find_ae_title": "GATEWAY",
        "patient_id": "P1",
    }


def test_the_end_is_left_to_who_asks_for_that(pacs_with: MakePacs, stop: StopSignal) -> None:
    answered = threading.Event()
    pacs = pacs_with(releases_when(answered, a_study()))
    with ExitStack() as after:
        service = QueryService(a_pool(PATIENT, stop))
        assert service.find(a_query(pacs.entity), None, after=after).studies
        answered.set()
    assert pacs.conversation.last is ReleaseRQ


@pytest.mark.parametrize(("matches", "status"), [([a_study()], "200 OK"), ([], "404 NOT FOUND")])
def test_the_client_has_its_answer_before_the_association_ends(
    pacs_with: MakePacs, matches: list[Dataset], status: str
) -> None:
    answered, told = threading.Event(), []
    pacs = pacs_with(releases_when(answered, *matches))
    app = create_app(Settings.from_environ({"LOG_TO_CONSOLE": "false"}))
    environ = EnvironBuilder("/q", method="POST", json=body_for(pacs)).get_environ()
    answer = app(environ, lambda status, _headers: told.append(status))
    assert b'"study_details":[' in b"".join(answer)
    assert told == [status]
    answered.set()
    answer.close()
    assert pacs.conversation.last is ReleaseRQ


def test_an_association_counts_until_it_has_ended(pacs_with: MakePacs, stop: StopSignal) -> None:
    pacs = pacs_with(finds(a_study()))
    one = AssociationLimit(pacs.entity.host, pacs.entity.port, 1, 0)
    service = QueryService(a_pool(replace(PATIENT, queue_timeout=0), stop, one))
    with ExitStack() as after:
        service.find(a_query(pacs.entity), None, after=after)
        with pytest.raises(GatewayBusy, match="All associations"):
            service.find(a_query(pacs.entity), None)
    assert service.find(a_query(pacs.entity), None).studies


def test_at_most_a_quarter_of_the_threads_ends_associations_after_answers(
    pacs_with: MakePacs, stop: StopSignal
) -> None:
    pool = a_pool(PATIENT, stop)
    pool.bulkheads.set_threads(3)
    pacs = pacs_with(finds(a_study()))
    with ExitStack() as after:
        QueryService(pool).find(a_query(pacs.entity), None, after=after)
        assert pacs.conversation.last is ReleaseRQ


def test_a_pacs_that_was_slow_to_release_is_released_before_the_answer(
    pacs_with: MakePacs, stop: StopSignal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endings, "SLOW", -1.0)
    pacs = pacs_with(finds(a_study()))
    service = QueryService(a_pool(PATIENT, stop))
    for _ in range(2):
        with ExitStack() as after:
            service.find(a_query(pacs.entity), None, after=after)
            released = [each.last is ReleaseRQ for each in pacs._conversations]
    assert released == [True, True]


def test_a_pacs_is_not_called_slow_for_ever(
    pacs_with: MakePacs, stop: StopSignal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endings, "SLOW", -1.0)
    monkeypatch.setattr(endings, "REMEMBERED_FOR", 0.0)
    answered = threading.Event()
    pacs = pacs_with(finds(a_study()), releases_when(answered, a_study()))
    service = QueryService(a_pool(PATIENT, stop))
    for _ in range(2):
        with ExitStack() as after:
            service.find(a_query(pacs.entity), None, after=after)
            answered.set()
    assert [each.last for each in pacs.conversations] == [ReleaseRQ, ReleaseRQ]


def test_an_association_that_is_kept_takes_nobody_s_place(
    pacs_with: MakePacs, stop: StopSignal
) -> None:
    pacs = pacs_with(finds(a_study()))
    pool = a_pool(PATIENT, stop, AssociationLimit(pacs.entity.host, pacs.entity.port, 4, 1))
    with ExitStack() as after, ExitStack() as places:
        QueryService(pool).find(a_query(pacs.entity), None, after=after)
        for _ in range(quarter := pool.bulkheads.quarter):
            places.enter_context(pool.bulkheads.place(ENDINGS, quarter))
        with pytest.raises(GatewayBusy):
            places.enter_context(pool.bulkheads.place(ENDINGS, quarter))
    pool.close()


def test_a_slow_reader_of_a_long_answer_holds_no_association(pacs_with: MakePacs) -> None:
    pacs = pacs_with(finds(*(a_study(f"1.2.{number}") for number in range(100))))
    app = create_app(Settings.from_environ({"LOG_TO_CONSOLE": "false"}))
    environ = EnvironBuilder("/q", method="POST", json=body_for(pacs)).get_environ()
    answer = app(environ, lambda *_: None)
    assert pacs.conversation.last is ReleaseRQ
    assert sum(map(len, answer)) > SENT_AT_ONCE
    answer.close()


def test_a_query_that_failed_ends_at_once(pacs_with: MakePacs, stop: StopSignal) -> None:
    pacs = pacs_with(finds(status=0xC000))
    with ExitStack() as after:
        with pytest.raises(DimseFailure):
            QueryService(a_pool(PATIENT, stop)).find(a_query(pacs.entity), None, after=after)
        assert pacs.conversation.last is ReleaseRQ
