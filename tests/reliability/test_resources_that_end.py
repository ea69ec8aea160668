"""Row 15: descriptors run out, the disk of the logs is full: an error, then all is well again."""

import os
import resource
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from benchmarks.reliability.bench import Bench, Server
from benchmarks.reliability.rows.exhaustion import (
    DESCRIPTORS,
    HELD,
    TRUTHS,
    ask_silent_pacs,
    few_descriptors,
    full_disk,
)
from dicom_qr_gateway.app import create_app
from dicom_qr_gateway.config import Settings


@contextmanager
def no_descriptor_left() -> Iterator[None]:
    """Take every descriptor that this process may still open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + 16, hard))
    try:
        with ExitStack() as taken:
            while (descriptor := one_more()) is not None:
                taken.callback(os.close, descriptor)
            yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def one_more() -> int | None:
    """Return one more descriptor, None if there is none."""
    try:
        return os.dup(0)
    except OSError:
        return None


def test_a_gateway_without_a_descriptor_is_busy_and_then_serves_again(bench: Bench) -> None:
    app = create_app(Settings.from_environ({"LOG_TO_CONSOLE": "false"}))
    body = bench.target().body
    assert app.test_client().post("/q", json=body).status_code == 200
    with no_descriptor_left():
        busy = app.test_client().post("/q", json=body)
    assert busy.json
    assert (busy.status_code, busy.json["error"]) == (503, "gateway_busy")
    assert app.test_client().post("/q", json=body).status_code == 200


def test_more_clients_than_descriptors_are_all_answered_by_the_same_worker(bench: Bench) -> None:
    gateway = few_descriptors(bench, ACSE_TIMEOUT=0.2, QUEUE_TIMEOUT=0.2)
    workers = gateway.workers
    outcomes = ask_silent_pacs(bench, gateway)
    assert len(outcomes) == HELD > DESCRIPTORS
    assert {outcome.as_expected for outcome in outcomes} <= TRUTHS
    assert_serves(bench, gateway)
    assert gateway.workers == workers
    gateway.end()


def test_logs_that_cannot_be_written_stop_nothing(bench: Bench) -> None:
    gateway = full_disk(bench)
    workers = gateway.workers
    assert_serves(bench, gateway)
    assert gateway.workers == workers
    gateway.end()


def assert_serves(bench: Bench, gateway: Server, count: int = 10) -> None:
    target = bench.target()
    outcomes = gateway.ask_all(lambda client, _: client.find(target), count, 2)
    assert len(outcomes) == count
    assert all(map(target.is_answered_by, outcomes))
