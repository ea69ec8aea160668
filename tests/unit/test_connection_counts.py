"""Workers that know of one another who serves fewer clients."""

import os

import pytest

from dicom_qr_gateway.connection_counts import PLACES, ConnectionCounts


@pytest.fixture
def counts() -> ConnectionCounts:
    return ConnectionCounts()


def test_a_worker_alone_has_no_more_than_the_least(counts: ConnectionCounts) -> None:
    counts.tell(7, 12)
    assert counts.beyond_the_least(7) == 0


def test_a_worker_knows_by_how_many_it_has_more(counts: ConnectionCounts) -> None:
    counts.tell(1, 12)
    counts.tell(2, 0)
    counts.tell(3, 5)
    assert [counts.beyond_the_least(worker) for worker in (1, 2, 3)] == [12, 0, 5]


def test_a_worker_that_takes_no_connections_is_nobody_s_measure(counts: ConnectionCounts) -> None:
    counts.tell(1, 12)
    counts.tell(2, 0)
    counts.forget(2)
    assert counts.beyond_the_least(1) == 0


def test_the_place_of_a_worker_of_long_ago_is_used_again(counts: ConnectionCounts) -> None:
    counts.tell(1, 12)
    counts.forget(1)
    counts.tell(1 + PLACES, 3)
    counts.tell(2, 1)
    assert counts.beyond_the_least(1 + PLACES) == 2


def test_processes_share_what_they_tell(counts: ConnectionCounts) -> None:
    counts.tell(1, 4)
    child = os.fork()
    if child == 0:
        counts.tell(2, 1)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert counts.beyond_the_least(1) == 3
