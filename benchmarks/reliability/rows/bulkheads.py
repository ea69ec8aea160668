"""Row 5: what is dead or busy takes its share and no more."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import quantiles

from benchmarks.common import processes
from benchmarks.common.figures import Figure, Row, all_of, at_least, at_most
from benchmarks.reliability.bench import Bench, Server, stopped_after
from benchmarks.reliability.client import Client, Crowd, Outcome, Work

WORKERS, THREADS, ASSOCIATIONS = 2, 16, 8
RETRIEVES = WORKERS * THREADS // 2  # all that run at once
PUSHING = 32  # clients that take all they may
REST = 1.0  # seconds after its answer until each of them asks again
ASKING = 4  # clients of the healthy PACS
ROUNDS = 20
WINDOW = 1.0  # seconds
FILLED = 5.0  # seconds
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

    yield from _beside(bench, gateway, "a dead PACS takes all it may", find_dead, ASSOCIATIONS)
    yield from _beside(bench, gateway, "every `/qr` slot is busy", retrieve, RETRIEVES)
    gateway.end()
    yield from _killed_worker(bench)


def _beside(
    bench: Bench, gateway: Server, what: str, work: Work, associations: int
) -> Iterator[Figure]:
    """Compare what a healthy PACS gets beside a load with what it gets alone before and after.

    Its clients keep their connections: which worker has how many of them is chance, and must be
    the same in both.
    """
    target = bench.target()
    asking = gateway.crowd(lambda client, _: client.find(target), ASKING)
    beside: list[float] = []
    held: list[int] = []
    quiet: list[float] = []
    health: list[float] = []
    with stopped_after(asking):
        asking.start()
        _answers(asking, gateway, [])  # every thread once
        alone = [_answers(asking, gateway, quiet)]
        for _ in range(ROUNDS):
            with _loaded(bench, gateway, work, associations, held):
                beside.append(_answers(asking, gateway, health))
            alone.append(_answers(asking, gateway, quiet))
    yield at_least(f"{what}: associations that it holds", min(held), associations, "associations")
    yield all_of(f"{what}: answers of the healthy PACS", asking.outcomes, target.is_answered_by)
    yield _kept(what, alone, beside)
    usual = f"the slowest of {len(health)} `/health` ({max(quiet) * 1000:.0f} ms without the load)"
    yield at_most(f"{what}: {usual}", max(health) * 1000, PROMPT, "ms")


@contextmanager
def _loaded(
    bench: Bench, gateway: Server, work: Work, associations: int, held: list[int]
) -> Iterator[None]:
    """Keep a load on the gateway; note how many associations it holds at both ends."""
    load = Crowd(work, PUSHING, gateway.newcomer)
    load.start(rest=REST)
    processes.eventually(lambda: bench.held() >= associations, FILLED)
    held.append(bench.held())
    try:
        yield
    finally:
        held.append(bench.held())
        load.hang_up()
        processes.eventually(lambda: not bench.held(), FILLED)


def _kept(what: str, alone: list[float], beside: list[float]) -> Figure:
    """Judge the windows beside the load; say how much those without it differ by themselves."""
    ratios = list(map(_of_neighbours, beside, alone, alone[1:]))
    noise = list(map(_of_neighbours, alone[1:], alone, alone[2:]))
    low, median, high = quantiles(ratios)
    least, _, most = quantiles(noise)
    return at_least(
        f"{what}: throughput of `/q` to a healthy PACS, of what it is alone (half of the windows: "
        f"{low:.0f} to {high:.0f} %, and {least:.0f} to {most:.0f} % without the load)",
        median,
        KEPT,
        "%",
    )


def _of_neighbours(window: float, before: float, after: float) -> float:
    """Return a window in percent of its neighbours."""
    return 100 * 2 * window / (before + after)


def _answers(asking: Crowd, gateway: Server, health: list[float]) -> float:
    """Return the answers a second in a window; note how long each `/health` takes meanwhile."""
    before, begun = len(asking.outcomes), time.monotonic()
    while time.monotonic() < begun + WINDOW:
        outcome = gateway.get("/health")
        health.append(outcome.seconds if outcome.status == 200 else float("inf"))
        time.sleep(0.05)
    return (len(asking.outcomes) - before) / (time.monotonic() - begun)


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
    f"{ASKING} others ask a healthy PACS. Windows of {WINDOW:.0f} s alone and beside the load "
    "alternate, and each beside it is compared with its two neighbours, so that a change of the "
    f"machine's own load meets both; the median of {ROUNDS} such ratios is judged.",
    run,
    seconds=240,
)
