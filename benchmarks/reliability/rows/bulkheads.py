"""Row 5: what is dead or busy takes its share and no more."""

import os
import signal
import statistics
import time
from collections.abc import Callable, Iterator

from benchmarks.common import processes
from benchmarks.common.figures import Figure, Row, all_of, at_least, at_most
from benchmarks.reliability.bench import Bench, Server
from benchmarks.reliability.client import Client, Crowd, Outcome, Work

WORKERS, THREADS, ASSOCIATIONS = 2, 16, 8
RETRIEVES = WORKERS * THREADS // 2  # all that run at once
PUSHING = 32  # clients that take all they may; each asks again a second after its answer
ASKING = 4  # clients of the healthy PACS
ROUNDS = 4
WINDOW = 3.0  # seconds
FILLED = 15.0  # seconds
KEPT = 90.0  # percent
PROMPT = 100.0  # ms
BACK = 2.0  # seconds


def run(bench: Bench) -> Iterator[Figure]:
    gateway = bench.gateway(
        WEB_CONCURRENCY=WORKERS,
        WEB_THREADS=THREADS,
        MAX_ASSOCIATIONS_PER_PACS=ASSOCIATIONS,
        ACSE_TIMEOUT=120,
        QUERY_TIMEOUT=120,
    )

    def find_dead(client: Client, _number: int) -> Outcome:
        return client.find(bench.target("SILENT", pacs=1))

    def retrieve(client: Client, number: int) -> Outcome:
        return client.retrieve(bench.target(pacs=2 + number % 4))  # silent at the C-MOVE

    _throughput(bench, gateway)  # every thread once
    yield from _beside(bench, gateway, "a dead PACS takes all it may", find_dead, ASSOCIATIONS)
    yield from _beside(bench, gateway, "every `/qr` slot is busy", retrieve, RETRIEVES)
    gateway.end()
    yield from _killed_worker(bench)


def _beside(
    bench: Bench, gateway: Server, what: str, work: Work, associations: int
) -> Iterator[Figure]:
    """Compare what a healthy PACS gets alone and beside a load, in turn."""
    alone, beside, health, held = [], [], [], []
    for _ in range(ROUNDS):
        alone.append(_throughput(bench, gateway))
        load = Crowd(work, PUSHING, gateway.newcomer)
        load.start(rate=PUSHING)
        bench.wait_until_held(associations)
        held.append(bench.held())
        slowest: list[float] = []
        beside.append(_throughput(bench, gateway, _watch_health(gateway, slowest)))
        health.append(max(slowest))
        load.hang_up()
        processes.eventually(lambda: bench.held() == 0, FILLED)
    kept = 100 * statistics.median(beside) / statistics.median(alone)
    yield at_least(f"{what}: associations that it holds", min(held), associations, "associations")
    yield at_least(
        f"{what}: `/q` to a healthy PACS, of {statistics.median(alone):.0f} answers/s alone "
        f"(medians of {ROUNDS})",
        kept,
        KEPT,
        "%",
    )
    yield at_most(f"{what}: the slowest `/health`", max(health) * 1000, PROMPT, "ms")


def _throughput(
    bench: Bench, gateway: Server, meanwhile: Callable[[float], None] = time.sleep
) -> float:
    """Return the right answers a second of a healthy PACS."""
    target = bench.target()
    crowd = gateway.crowd(lambda client, _: client.find(target), ASKING)
    begun = time.monotonic()
    crowd.start()
    meanwhile(WINDOW)
    outcomes = crowd.leave()
    return sum(map(target.is_answered_by, outcomes)) / (time.monotonic() - begun)


def _watch_health(gateway: Server, slowest: list[float]) -> Callable[[float], None]:
    def watch(seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            outcome = gateway.get("/health")
            slowest.append(outcome.seconds if outcome.status == 200 else float("inf"))
            time.sleep(0.05)

    return watch


def _killed_worker(bench: Bench) -> Iterator[Figure]:
    gateway = bench.gateway(
        WEB_CONCURRENCY=WORKERS, MAX_ASSOCIATIONS_PER_PACS=2, QUEUE_TIMEOUT=0.2, ACSE_TIMEOUT=120
    )
    target = bench.target()
    held = Crowd(lambda c, _: c.find(bench.target("SILENT")), 2, gateway.newcomer)
    held.start(2)
    bench.wait_until_held(2)
    yield all_of(
        "both associations with a PACS are taken (`MAX_ASSOCIATIONS_PER_PACS=2`): 503",
        [gateway.find(target) for _ in range(4)],
        lambda outcome: outcome.as_expected == (503, "gateway_busy"),
    )
    for worker in gateway.workers:
        os.kill(worker, signal.SIGKILL)
    seconds = processes.eventually(lambda: target.is_answered_by(gateway.find(target)), 30)
    yield at_most(
        "the workers that held them are killed (-9): until it is asked again", seconds, BACK, "s"
    )


ROW = Row(
    "5",
    "bulkheads",
    f"{PUSHING} clients push with all they have ({WORKERS} workers, {THREADS} threads each) while "
    f"{ASKING} others ask a healthy PACS; windows of {WINDOW:.0f} s alone and beside the load "
    "alternate, so that a change of the machine's own load meets both.",
    run,
    seconds=240,
)
