"""Associations that are kept between queries, where a PACS is configured so."""

import errno
import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest

from dicom_qr_gateway.dicom import kept_associations
from dicom_qr_gateway.dicom.association_limits import AssociationLimit
from dicom_qr_gateway.dicom.pdu import ReleaseRQ
from dicom_qr_gateway.dicom.pool import Pool
from dicom_qr_gateway.dicom.slots import SHARED, Slot
from dicom_qr_gateway.dicom.types import ApplicationEntity
from dicom_qr_gateway.dicom.waiting import StopSignal
from dicom_qr_gateway.errors import ClientLeft, ConnectionLost, DimseFailure
from dicom_qr_gateway.services.echo import EchoService, Verification
from dicom_qr_gateway.services.query import FoundStudies, QueryService
from tests.pools import a_pool

from .archive import Archive
from .conftest import PATIENT, a_query
from .conversation import PENDING, Conversation
from .scripted_pacs import PATIENCE, Script, ScriptedPacs
from .scripts import a_study, finds

MakePacs = Callable[..., ScriptedPacs]
MakePool = Callable[..., Pool]


@pytest.fixture
def pool_for(stop: StopSignal) -> Iterator[MakePool]:
    """Return a maker of pools, each as a worker has one, that keep associations with a PACS."""
    with ExitStack() as made:

        def make(pacs: ApplicationEntity, most: int = 4, idle: int = 1) -> Pool:
            pool = a_pool(PATIENT, stop, AssociationLimit(pacs.host, pacs.port, most, idle))
            made.callback(pool.close)
            return pool

        yield make


def find(pool: Pool, pacs: ApplicationEntity, client: Any = None) -> FoundStudies:
    return QueryService(pool).find(a_query(pacs), client)


def test_the_next_query_uses_the_same_association(archive: Archive, pool_for: MakePool) -> None:
    archive.studies = [a_study()]
    pool = pool_for(archive.entity)
    for _ in range(3):
        assert len(find(pool, archive.entity).studies) == 1
    pool.close()
    asked = archive.asked()
    assert (len(asked.proposals), asked.released, asked.aborted) == (1, 1, 0)
    assert [request.message_id for request in asked.finds] == [1, 2, 3]


def test_no_association_is_kept_with_a_pacs_that_nobody_configured(
    archive: Archive, pool_for: MakePool
) -> None:
    archive.studies = [a_study()]
    pool = pool_for(ApplicationEntity("192.0.2.1", 104, "OTHER"))
    for _ in range(2):
        find(pool, archive.entity)
    assert archive.asked().released == 2


def test_another_calling_ae_title_gets_an_association_of_its_own(
    archive: Archive, pool_for: MakePool
) -> None:
    archive.studies = [a_study()]
    pool = pool_for(archive.entity)
    find(pool, archive.entity)
    QueryService(pool).find(replace(a_query(archive.entity), calling_ae_title="OTHER"), None)
    pool.close()
    titles = [proposal.primitive.calling_ae_title for proposal in archive.asked().proposals]
    assert titles == ["GATEWAY", "OTHER"]


def test_a_query_that_failed_keeps_nothing(pacs_with: MakePacs, pool_for: MakePool) -> None:
    pacs = pacs_with(finds(status=0xA700))
    with pytest.raises(DimseFailure):
        find(pool_for(pacs.entity), pacs.entity)
    assert pacs.conversation.last is ReleaseRQ


def then(*steps: Callable[[Conversation], None]) -> Script:
    """Return the script of a PACS that answers one query and then takes these steps."""

    def script(peer: Conversation) -> None:
        peer.accept()
        peer.answer_find(a_study("1.1"))
        for step in steps:
            step(peer)

    return script


def reads_a_request(peer: Conversation) -> None:
    peer.read_request()


def sends_a_match(peer: Conversation) -> None:
    peer.respond(PENDING, a_study("1.1"))


ENDS: list[Callable[[Conversation], None]] = [
    Conversation.close,
    Conversation.reset,
    Conversation.abort,
]


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("before", [(), (reads_a_request,)])
def test_an_association_that_its_pacs_ended_before_a_byte_is_replaced_silently(
    pacs_with: MakePacs, pool_for: MakePool, end: Any, before: Any
) -> None:
    pacs = pacs_with(then(*before, end), finds(a_study("1.2")))
    pool = pool_for(pacs.entity)
    find(pool, pacs.entity)
    assert [study.uid for study in find(pool, pacs.entity).studies] == ["1.2"]
    pool.close()
    assert len(pacs.conversations) == 2


def test_a_match_that_was_sent_before_the_end_is_not_asked_for_again(
    pacs_with: MakePacs, pool_for: MakePool
) -> None:
    pacs = pacs_with(then(reads_a_request, sends_a_match, Conversation.close))
    pool = pool_for(pacs.entity)
    find(pool, pacs.entity)
    with pytest.raises(ConnectionLost):
        find(pool, pacs.entity)
    assert len(pacs.conversations) == 1


def test_a_fresh_association_that_ends_too_is_the_answer(
    pacs_with: MakePacs, pool_for: MakePool
) -> None:
    def accepts_and_closes(peer: Conversation) -> None:
        peer.accept()
        peer.read_request()

    pacs = pacs_with(then(reads_a_request), accepts_and_closes)
    pool = pool_for(pacs.entity)
    find(pool, pacs.entity)
    with pytest.raises(ConnectionLost):
        find(pool, pacs.entity)
    assert len(pacs.conversations) == 2


def test_an_association_is_released_after_a_while_without_use(
    archive: Archive, pool_for: MakePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_associations, "KEPT_FOR", 0.02)
    archive.studies = [a_study()]
    find(pool_for(archive.entity), archive.entity)
    asked = archive.asked()  # waits for the end
    assert (asked.released, asked.aborted) == (1, 0)


def test_what_is_kept_is_counted_over_all_workers(archive: Archive, pool_for: MakePool) -> None:
    archive.studies = [a_study()]
    one, other = pool_for(archive.entity), pool_for(archive.entity)
    for worker in (one, other, one, other):
        find(worker, archive.entity)
    one.close()
    asked = archive.asked()
    assert (len(asked.proposals), asked.released) == (3, 3)


def test_a_kept_association_leaves_one_for_whoever_asks_next(
    archive: Archive, pool_for: MakePool
) -> None:
    archive.studies = [a_study()]
    pool = pool_for(archive.entity, most=2, idle=2)
    for _ in range(2):
        find(pool, archive.entity)
    EchoService(pool).echo(Verification(archive.entity, "GATEWAY"))
    pool.close()
    assert len(archive.asked().proposals) == 2


def test_a_client_that_leaves_ends_its_query_on_a_kept_association_too(
    pacs_with: MakePacs, pool_for: MakePool, a_client: tuple[socket.socket, socket.socket]
) -> None:
    ours, theirs = a_client

    def leaves(peer: Conversation) -> None:
        peer.read_request()
        theirs.close()
        peer.wait_until_closed()

    pacs = pacs_with(then(leaves))
    pool = pool_for(pacs.entity)
    find(pool, pacs.entity)
    with pytest.raises(ClientLeft):
        find(pool, pacs.entity, ours)
    assert pacs.conversation.aborted


class NoDescriptor:
    def take(self, key: str, most: int) -> Slot | None:
        raise OSError(errno.EMFILE, "Too many open files")


def test_a_complete_answer_is_given_where_no_descriptor_is_left_to_keep_its_association(
    archive: Archive, pool_for: MakePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_associations, "SHARED", NoDescriptor())
    archive.studies = [a_study()]
    assert len(find(pool_for(archive.entity), archive.entity).studies) == 1
    assert archive.asked().released == 1


def test_a_complete_answer_is_given_where_no_thread_is_left_to_keep_its_association(
    pacs_with: MakePacs, pool_for: MakePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_thread(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    pacs = pacs_with(finds(a_study()))
    pool = pool_for(pacs.entity)
    with monkeypatch.context() as without_threads:
        without_threads.setattr(threading.Thread, "start", no_thread)
        assert len(find(pool, pacs.entity).studies) == 1
    for _ in range(2):
        find(pool, pacs.entity)
    pool.close()
    assert [each.last for each in pacs.conversations] == [ReleaseRQ, ReleaseRQ]


def test_a_kept_association_that_was_sent_half_a_pdu_is_aborted_at_once(
    pacs_with: MakePacs, pool_for: MakePool
) -> None:
    def sends_half_a_pdu(peer: Conversation) -> None:
        asked.wait(PATIENCE)
        peer.send(b"\4\0\0")
        peer.wait_until_closed()

    asked = threading.Event()
    pacs = pacs_with(then(sends_half_a_pdu), finds(a_study("1.2")))
    pool = pool_for(pacs.entity)
    find(pool, pacs.entity)
    asked.set()
    [[kept]] = pool._kept._kept.values()
    select.select([kept.association._connection._socket], [], [], PATIENCE)
    assert [study.uid for study in find(pool, pacs.entity).studies] == ["1.2"]
    pool.close()
    first, _ = pacs.conversations
    assert first.aborted
    assert ReleaseRQ not in map(type, first.pdus)


def test_nothing_is_kept_by_a_worker_that_has_just_released_everything(
    archive: Archive, pool_for: MakePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Closing:
        def take(self, key: str, most: int) -> Slot | None:
            pool.close()
            return SHARED.take(key, most)

    archive.studies = [a_study()]
    pool = pool_for(archive.entity)
    monkeypatch.setattr(kept_associations, "SHARED", Closing())
    find(pool, archive.entity)
    assert archive.asked().released == 1
