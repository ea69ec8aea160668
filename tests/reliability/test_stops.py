"""Row 8: a stop under load, and a start right after the master was killed."""

import pytest

from benchmarks.reliability.bench import Bench, Server
from benchmarks.reliability.client import Crowd
from benchmarks.reliability.rows.stops import HELD, LAST_WORDS, LONG, stopped_under_load


@pytest.fixture
def gateway(bench: Bench) -> Server:
    """Return a gateway whose requests may wait for a PACS longer than any test lasts."""
    return bench.gateway(WEB_CONCURRENCY=2, GRACEFUL_TIMEOUT=4, **LONG)


def test_every_request_under_way_or_accepted_is_answered_before_the_stop(
    bench: Bench, gateway: Server
) -> None:
    stop = stopped_under_load(bench, gateway, asking=4)
    assert stop.code == 0
    assert {outcome.as_expected for outcome in stop.accepted} == LAST_WORDS
    assert stop.last_words >= HELD


def test_a_master_killed_with_requests_in_flight_leaves_nothing_in_the_way_of_a_start(
    bench: Bench, gateway: Server
) -> None:
    silent = bench.target("SILENT", pacs=1)
    held = Crowd(lambda client, _: client.find(silent), 4, gateway.newcomer)
    held.start(4)
    bench.wait_until_held(4)
    gateway.process.kill()
    gateway.process.wait()
    assert {outcome.status for outcome in held.wait()} == {0}

    again = bench.gateway(port=gateway.port, **LONG)
    target = bench.target(pacs=1)
    assert target.is_answered_by(again.find(target))
    again.end()
