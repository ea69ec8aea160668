"""Threads that stay with their clients: found there by the next request, never missed elsewhere."""

import os
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from dicom_qr_gateway import standby as module
from dicom_qr_gateway.standby import Standby

Pair = tuple[socket.socket, socket.socket]
PATIENCE = 30.0  # seconds


class Need:
    """Whether threads are needed, and who has looked."""

    def __init__(self, is_there: bool = False) -> None:
        self.is_there = is_there
        self.looked = threading.Semaphore(0)

    def __call__(self) -> bool:
        self.looked.release()
        return self.is_there

    def wait_for_a_look(self) -> None:
        assert self.looked.acquire(timeout=PATIENCE)


@pytest.fixture
def clients() -> Iterator[list[Pair]]:
    pairs = [socket.socketpair() for _ in range(2)]
    yield pairs
    for ours, theirs in pairs:
        ours.close()
        theirs.close()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STAYS_AT_MOST", PATIENCE)


def test_the_next_request_finds_its_thread(clients: list[Pair]) -> None:
    [(ours, theirs), _] = clients
    theirs.send(b"POST")
    assert Standby(Need()).stays(ours)


def test_a_client_that_leaves_is_seen_too(clients: list[Pair]) -> None:
    [(ours, theirs), _] = clients
    theirs.close()
    assert Standby(Need()).stays(ours)


def test_a_thread_that_is_needed_does_not_wait(clients: list[Pair]) -> None:
    [(ours, theirs), _] = clients
    theirs.send(b"POST")
    assert not Standby(Need(is_there=True)).stays(ours)


def test_a_silent_client_is_left_after_a_while(
    clients: list[Pair], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STAYS_AT_MOST", 0.01)
    assert not Standby(Need()).stays(clients[0][0])


def test_one_call_frees_every_thread_that_is_needed(
    clients: list[Pair], threads: ThreadPoolExecutor
) -> None:
    need = Need()
    standby = Standby(need)
    staying: list[Future[bool]] = [threads.submit(standby.stays, ours) for ours, _ in clients]
    for _ in staying:
        need.wait_for_a_look()
    need.is_there = True
    standby.call()
    assert [each.result(PATIENCE) for each in staying] == [False, False]


def test_a_call_that_came_too_late_is_forgotten(
    clients: list[Pair], threads: ThreadPoolExecutor
) -> None:
    need = Need()
    standby = Standby(need)
    standby.call()
    [(ours, theirs), _] = clients
    staying = threads.submit(standby.stays, ours)
    for _ in range(2):  # once before it waits, once for the call
        need.wait_for_a_look()
    theirs.send(b"POST")
    assert staying.result(PATIENCE)


def test_another_thread_may_have_taken_the_call(
    clients: list[Pair], monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken(descriptor: int, length: int) -> bytes:
        read(descriptor, length)
        clients[0][1].send(b"POST")
        raise BlockingIOError

    read = os.read
    monkeypatch.setattr(os, "read", taken)
    standby = Standby(Need())
    standby.call()
    assert standby.stays(clients[0][0])


def test_more_calls_than_a_pipe_holds_do_not_block(clients: list[Pair]) -> None:
    standby = Standby(Need(is_there=True))
    for _ in range(70_000):
        standby.call()
    assert not standby.stays(clients[0][0])
