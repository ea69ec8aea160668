"""Row 9: many requests, good and bad in turn."""

from benchmarks.reliability.bench import Bench
from benchmarks.reliability.rows.faults import settled
from benchmarks.reliability.rows.soak import ACSE_TIMEOUT, DRIFT, soak

REQUESTS = 500


def test_no_answer_is_wrong_and_nothing_piles_up_in_the_worker(bench: Bench) -> None:
    gateway = bench.gateway(ACSE_TIMEOUT=ACSE_TIMEOUT)
    assert not soak(bench, gateway, 0, 100)
    before = settled(gateway)
    assert not soak(bench, gateway, 100, REQUESTS)
    after = settled(gateway, before)
    assert after.threads - before.threads <= DRIFT
    assert after.descriptors - before.descriptors <= DRIFT
    gateway.end()
