"""Deadlines are absolute and budgets are kept: no trickle and no flood outlasts them."""

import threading
import tracemalloc
from collections.abc import Callable
from dataclasses import replace

import pytest

from dicom_qr_gateway.dicom import association, upper_layer
from dicom_qr_gateway.dicom.pdu import Abort, DataTF, Fragment, ReleaseRQ, encode_pdu
from dicom_qr_gateway.errors import (
    GatewayError,
    QueryTimeout,
    ResponseTimeout,
    ResponseTooLarge,
    TooManyMatches,
)
from dicom_qr_gateway.services.query import FoundStudies

from .conftest import PATIENT
from .conversation import PENDING, SUCCESS, Conversation
from .scripted_pacs import Script, ScriptedPacs
from .scripts import a_study, finds

Find = Callable[..., FoundStudies]
MakePacs = Callable[..., ScriptedPacs]

MEBIBYTE = 1024 * 1024


def trickles_a_match(peer: Conversation) -> None:
    peer.accept()
    peer.read_request()
    peer.trickle(peer.response(PENDING, a_study(StudyDescription="X" * 60))[:-1])


def trickles_matches(peer: Conversation) -> None:
    """Send complete matches for ever, each long before DIMSE_TIMEOUT."""
    peer.accept()
    peer.read_request()
    match = peer.response(PENDING, a_study())
    while True:
        peer.send(match)
        peer.pause()


def floods_with_matches(peer: Conversation) -> None:
    peer.accept()
    peer.read_request()
    match = peer.response(PENDING, a_study())
    while True:
        peer.send(match * 50)


def floods_with_one_match(peer: Conversation) -> None:
    """Send one data set without an end, in large PDUs."""
    peer.accept()
    peer.read_request()
    peer.respond(PENDING, CommandDataSetType=1)
    piece = encode_pdu(DataTF((Fragment(1, False, False, bytes(65536)),)))
    while True:
        peer.send(piece)


def floods_with_empty_pdus(peer: Conversation) -> None:
    peer.accept()
    peer.read_request()
    while True:
        peer.send(b"\x04\0\0\0\0\0" * 1000)


@pytest.mark.parametrize("script", [trickles_a_match])
def test_a_trickle_cannot_stretch_the_dimse_timeout(
    pacs_with: MakePacs, find: Find, script: Script
) -> None:
    pacs = pacs_with(script)
    with pytest.raises(ResponseTimeout):
        find(pacs, replace(PATIENT, dimse_timeout=0.3, network_timeout=0.3))
    assert pacs.conversation.last is not ReleaseRQ


@pytest.mark.parametrize("script", [trickles_a_match, trickles_matches, floods_with_empty_pdus])
def test_nothing_can_stretch_the_query_timeout(
    pacs_with: MakePacs, find: Find, script: Script
) -> None:
    limits = replace(PATIENT, query_timeout=0.3, max_matches=10**9, max_response_bytes=2**50)
    with pytest.raises(QueryTimeout):
        find(pacs_with(script), limits)


def test_a_slow_pacs_may_take_the_dimse_timeout_for_each_match(
    pacs_with: MakePacs, find: Find
) -> None:
    def script(peer: Conversation) -> None:
        peer.accept()
        peer.read_request()
        for number in range(40):
            peer.respond(PENDING, a_study(f"1.2.{number}"))
            peer.pause()
        peer.respond(SUCCESS)
        peer.serve_release()

    found = find(pacs_with(script), replace(PATIENT, dimse_timeout=40 * Conversation.PAUSE * 0.75))
    assert len(found.studies) == 40


def test_more_than_max_matches_is_an_error_never_a_cut_answer(
    pacs_with: MakePacs, find: Find
) -> None:
    pacs = pacs_with(floods_with_matches)
    with pytest.raises(TooManyMatches):
        find(pacs, replace(PATIENT, max_matches=1000))
    pacs.finish()


def test_exactly_max_matches_is_an_answer(pacs_with: MakePacs, find: Find) -> None:
    pacs = pacs_with(finds(a_study("1.1"), a_study("1.2"), a_study("1.3")))
    assert len(find(pacs, replace(PATIENT, max_matches=3)).studies) == 3


def test_max_matches_counts_what_is_searched_and_not_what_more_is_asked_of_it(
    pacs_with: MakePacs, find: Find
) -> None:
    studies = [a_study("1.1", ModalitiesInStudy=None), a_study("1.2")]
    limits = replace(PATIENT, max_matches=2)
    assert len(find(pacs_with(finds(*studies)), limits).studies) == 2
    assert len(find(pacs_with(finds(*studies)), limits, max_results=2).studies) == 2
    with pytest.raises(TooManyMatches):
        find(pacs_with(finds(*studies, *studies)), limits)


@pytest.mark.parametrize(
    "script", [floods_with_matches, floods_with_one_match, floods_with_empty_pdus]
)
def test_a_flood_is_response_too_large_and_takes_bounded_memory(
    pacs_with: MakePacs, find: Find, script: Script
) -> None:
    pacs = pacs_with(script)
    tracemalloc.start()
    try:
        with pytest.raises(ResponseTooLarge):
            find(pacs, replace(PATIENT, max_response_bytes=MEBIBYTE))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 24 * MEBIBYTE


def test_a_pdu_that_announces_gibibytes_takes_no_memory(pacs_with: MakePacs, find: Find) -> None:
    def script(peer: Conversation) -> None:
        peer.accept()
        peer.read_request()
        peer.send(b"\x04\0\x7f\xff\xff\xff")
        while True:
            peer.send(bytes(65536))

    pacs = pacs_with(script)
    tracemalloc.start()
    try:
        with pytest.raises(GatewayError):
            find(pacs)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * MEBIBYTE


def test_a_pacs_that_reads_nothing_is_a_response_timeout(
    pacs_with: MakePacs, find: Find, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No real request fills the buffers in between, so it is made large here."""
    monkeypatch.setattr(association, "fragments", lambda *_: bytes(64 * MEBIBYTE))
    gateway_gave_up = threading.Event()

    def reads_nothing(peer: Conversation) -> None:
        peer.accept()
        gateway_gave_up.wait(20)

    with pytest.raises(ResponseTimeout):
        find(pacs_with(reads_nothing), replace(PATIENT, network_timeout=0.2))
    gateway_gave_up.set()


@pytest.mark.parametrize(
    "ending",
    [
        lambda peer: peer.wait_until_closed(),
        lambda peer: peer.reset(),
        lambda peer: peer.close(),
        lambda peer: peer.abort(),
        lambda peer: peer.send(b"garbage"),
        lambda peer: peer.send_pdu(ReleaseRQ()),
    ],
    ids=["silence", "reset", "close", "abort", "garbage", "release collision"],
)
def test_a_peer_that_cannot_release_still_gave_its_answer(
    pacs_with: MakePacs,
    find: Find,
    ending: Callable[[Conversation], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(upper_layer, "RELEASE_TIMEOUT", 0.1)

    def script(peer: Conversation) -> None:
        peer.accept()
        peer.answer_find(a_study())
        assert isinstance(peer.read(), ReleaseRQ)
        ending(peer)

    assert len(find(pacs_with(script)).studies) == 1


def test_a_release_that_is_not_answered_ends_in_an_abort(
    pacs_with: MakePacs, find: Find, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upper_layer, "RELEASE_TIMEOUT", 0.1)

    def never_answers(peer: Conversation) -> None:
        peer.accept()
        peer.answer_find(a_study())
        peer.wait_until_closed()

    pacs = pacs_with(never_answers)
    find(pacs)
    assert [type(pdu) for pdu in pacs.conversation.pdus[-2:]] == [ReleaseRQ, Abort]


def test_a_flood_during_the_release_is_bounded(
    pacs_with: MakePacs, find: Find, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upper_layer, "RELEASE_TIMEOUT", 0.2)

    def floods(peer: Conversation) -> None:
        peer.accept()
        peer.answer_find(a_study())
        assert peer.release_is_next()
        while True:
            peer.send(b"\x04\0\0\0\0\0" * 1000)

    assert len(find(pacs_with(floods)).studies) == 1
