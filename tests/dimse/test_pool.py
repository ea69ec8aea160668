"""Limits around real associations: a PACS that takes all it may leaves the others alone."""

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from dicom_qr_gateway.dicom.bulkheads import RETRIEVES
from dicom_qr_gateway.dicom.pool import Pool
from dicom_qr_gateway.dicom.types import ApplicationEntity
from dicom_qr_gateway.dicom.waiting import StopSignal
from dicom_qr_gateway.errors import GatewayBusy, ShuttingDown
from dicom_qr_gateway.services.echo import EchoService, Verification
from dicom_qr_gateway.services.query import QueryService
from dicom_qr_gateway.services.retrieve import RetrieveService, StudyRetrieve
from tests.pools import a_pool

from .archive import Archive
from .conftest import PATIENT, a_query
from .conversation import Conversation
from .scripted_pacs import ScriptedPacs

MakePacs = Callable[..., ScriptedPacs]


@pytest.fixture
def pool(stop: StopSignal) -> Pool:
    """A pool of a worker with four threads, with one association for each PACS."""
    limits = replace(PATIENT, max_associations_per_pacs=1, queue_timeout=0.05, acse_timeout=60)
    pool = a_pool(limits, stop)
    pool.bulkheads.set_threads(4)
    return pool


@pytest.fixture
def dead_pacs(pacs_with: MakePacs, pool: Pool, stop: StopSignal) -> Iterator[ApplicationEntity]:
    """A PACS that took a connection of the pool and never says a word."""
    connected = threading.Event()

    def silent(peer: Conversation) -> None:
        connected.set()
        peer.wait_until_closed()

    pacs = pacs_with(silent)
    with ThreadPoolExecutor(1) as others:
        held = others.submit(EchoService(pool).echo, Verification(pacs.entity, "GATEWAY"))
        assert connected.wait(60)
        yield pacs.entity
        stop.set()
        with pytest.raises(ShuttingDown):
            held.result(60)


def test_whoever_asks_a_pacs_that_is_taken_is_told_busy_and_others_are_served(
    dead_pacs: ApplicationEntity, archive: Archive, pool: Pool
) -> None:
    with pytest.raises(GatewayBusy):
        EchoService(pool).echo(Verification(dead_pacs, "GATEWAY"))
    EchoService(pool).echo(Verification(archive.entity, "GATEWAY"))


def test_a_limit_is_not_dodged_by_the_spelling_of_an_address(
    dead_pacs: ApplicationEntity, pool: Pool
) -> None:
    mapped = replace(dead_pacs, host=f"::ffff:{dead_pacs.host}")
    with pytest.raises(GatewayBusy):
        EchoService(pool).echo(Verification(mapped, "GATEWAY"))


def test_a_limit_is_not_dodged_by_a_name_server_that_turns_its_answers(
    dead_pacs: ApplicationEntity, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = ["127.0.0.2", dead_pacs.host]  # the smallest is not the first

    def answer(host: str, port: int, **_: object) -> list[object]:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses
        ]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    with pytest.raises(GatewayBusy):
        EchoService(pool).echo(Verification(replace(dead_pacs, host="pacs.example"), "GATEWAY"))


def test_an_association_that_ended_is_free_for_the_next(archive: Archive, pool: Pool) -> None:
    for _ in range(3):
        EchoService(pool).echo(Verification(archive.entity, "GATEWAY"))


def test_retrieves_never_hold_more_than_half_of_the_threads(archive: Archive, pool: Pool) -> None:
    retrieves = RetrieveService(pool, QueryService(pool))
    request = StudyRetrieve(a_query(archive.entity), "DEST")
    with pool.bulkheads.place(RETRIEVES), pool.bulkheads.place(RETRIEVES):
        with pytest.raises(GatewayBusy):
            retrieves.retrieve(request, None)
        EchoService(pool).echo(Verification(archive.entity, "GATEWAY"))
