"""Walls between PACS, over all workers of a real gunicorn."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

AT_MOST = 2


@pytest.fixture
def gateway(gunicorn):
    """Two workers with four threads each, which may have two associations with a PACS together."""
    return gunicorn(
        WEB_CONCURRENCY="2",
        WEB_THREADS="4",
        MAX_ASSOCIATIONS_PER_PACS=str(AT_MOST),
        QUEUE_TIMEOUT="0.3",
        ACSE_TIMEOUT="20",
    ).serving()


@pytest.fixture
def crowd(gateway, query, silent_pacs, eventually):
    """Eight clients that ask a silent PACS at once; two of them hold its associations."""
    dead = {**query, "pacs_port": silent_pacs.port}
    with ThreadPoolExecutor(8) as clients:
        answers = [clients.submit(gateway.client.post, "/q", dead) for _ in range(8)]
        for _ in range(AT_MOST):
            silent_pacs.wait_for_a_connection()
        eventually(lambda: sum(each.done() for each in answers) == 8 - AT_MOST, "six busy answers")
        yield answers
        for connection in silent_pacs.connections:
            connection.close()


def test_a_dead_pacs_holds_its_associations_and_nothing_else(gateway, crowd, assert_serves):
    busy = [each.result() for each in crowd if each.done()]
    assert {(each.status, each.json["error"]) for each in busy} == {(503, "gateway_busy")}
    assert all(each.headers["Retry-After"] for each in busy)
    assert_serves(gateway.client)


def test_workers_that_are_killed_give_their_associations_back(
    gateway, crowd, query, silent_pacs, eventually
):
    killed = gateway.children()
    for worker in killed:
        os.kill(worker, signal.SIGKILL)
    eventually(lambda: len(set(gateway.children()) - set(killed)) == 2, "two new workers")
    gateway.serving()
    dead = {**query, "pacs_port": silent_pacs.port}
    with ThreadPoolExecutor(AT_MOST) as clients:
        asking = [clients.submit(gateway.client.post, "/q", dead) for _ in range(AT_MOST)]
        for _ in range(AT_MOST):
            silent_pacs.wait_for_a_connection()
        for connection in silent_pacs.connections:
            connection.close()
        assert {each.result().json["error"] for each in asking} == {"connection_lost"}
