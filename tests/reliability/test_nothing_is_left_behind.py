"""Row 4: requests to PACS that do not work, within this process."""

import gc
import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from benchmarks.reliability.bench import Bench
from benchmarks.reliability.client import EXPECTED, Target
from benchmarks.reliability.rows.faults import PEERS
from dicom_qr_gateway.app import create_app
from dicom_qr_gateway.config import Settings
from tests.dimse.conftest import open_descriptors

REQUESTS = 30
CLIENTS = 6


@pytest.fixture(scope="module")
def app(bench: Bench) -> Flask:
    """Return a gateway that has asked a PACS before."""
    environ = {"LOG_TO_CONSOLE": "false", "ACSE_TIMEOUT": "1"}
    app = create_app(Settings.from_environ(environ))
    assert ask(app, bench.target()).status_code == 200
    bench.target("CLOSED")  # a descriptor of the bench, before any is counted
    return app


@pytest.fixture
def nothing_left(app: Flask) -> Iterator[None]:
    """Fail a test that leaves a thread or a descriptor."""
    gc.collect()
    threads, descriptors = set(threading.enumerate()), open_descriptors()
    yield
    gc.collect()
    assert set(threading.enumerate()) == threads
    assert open_descriptors() == descriptors


def ask(app: Flask, target: Target) -> TestResponse:
    return app.test_client().post("/q", json=target.body)


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("behaviour", PEERS)
def test_thirty_requests_leave_no_thread_and_no_descriptor(
    app: Flask, bench: Bench, behaviour: str
) -> None:
    target = bench.target(behaviour)
    answered: list[tuple[int, str]] = []

    def client() -> None:
        for _ in range(REQUESTS // CLIENTS):
            response = ask(app, target)
            assert response.json
            answered.append((response.status_code, response.json["error"]))

    clients = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for each in clients:
        each.start()
    for each in clients:
        each.join()
    assert answered == [EXPECTED[behaviour]] * REQUESTS
