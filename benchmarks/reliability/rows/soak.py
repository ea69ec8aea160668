"""Row 9: many requests, good and bad in turn; the worker neither grows nor tires."""

import time
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from functools import partial

from benchmarks.common import processes, wire
from benchmarks.common.figures import Figure, Row, at_most
from benchmarks.reliability.bench import Bench, Server
from benchmarks.reliability.client import Client, Outcome, Target
from benchmarks.reliability.rows.faults import settled

SHORT, LONG = 3_000, 100_000
WARM = 5_000  # requests after which the worker must not grow, or the first third; then progress
CLIENTS = 16
# Short, or the silent PACS would hold the clients; longer than a busy machine lets one wait.
ACSE_TIMEOUT = 2.0  # seconds
GROWTH = 10.0  # MiB
DRIFT = 5  # threads, descriptors

# Of a hundred requests so many meet this fault; all others are answered.
FAULTS = {
    "NOTHING": 5,
    "CLOSED": 5,
    "ABORTS": 5,
    "REJECTS": 3,
    "HTTP": 4,
    "HALF": 4,
    "RESETS": 4,
    "FAILS": 5,
    "ANOTHER": 4,
    "SILENT": 1,
}
_FAULTS = [behaviour for behaviour, share in FAULTS.items() for _ in range(share)]
_CYCLE = [*_FAULTS, *["ANSWERS"] * (100 - len(_FAULTS))]


def target_of(bench: Bench, number: int) -> Target:
    """Return what request ``number`` asks: faults and answers well mixed, a patient of its own."""
    behaviour = _CYCLE[number * 37 % 100]
    # Each fault comes to each of the PACS: all silence at one would be 503, with good reason.
    return bench.target(behaviour, wire.patient(number), pacs=(number + number // 100) % 8)


def run(count: int, bench: Bench) -> Iterator[Figure]:
    gateway = bench.gateway(ACSE_TIMEOUT=ACSE_TIMEOUT)
    warm = min(WARM, count // 3)
    wrong = soak(bench, gateway, 0, warm)
    before = settled(gateway)
    begun = time.monotonic()
    for first in range(warm, count, WARM):
        _show(first, count, wrong, processes.resident(gateway.worker))
        wrong += soak(bench, gateway, first, min(first + WARM, count))
    rate = (count - warm) / (time.monotonic() - begun)
    after = settled(gateway, before)
    what = f"{count:,} requests, {len(_FAULTS)} % of them to broken PACS"
    measured = f"{wrong.total()} of {count:,} wrong"
    measured += "".join(f"; {times} × {kind}" for kind, times in wrong.most_common(5))
    measured += f" ({rate:.0f} requests/s, {date.today().isoformat()})"
    yield Figure(f"{what}: wrong answers", "0", measured, passed=not wrong)
    grown = after.mebibytes - before.mebibytes
    since = f"after the first {warm:,}"
    yield at_most(f"{what}: growth of the worker's memory {since}", grown, GROWTH, "MiB")
    yield at_most(f"{what}: more threads {since}", after.threads - before.threads, DRIFT, "threads")
    yield at_most(
        f"{what}: more descriptors {since}",
        after.descriptors - before.descriptors,
        DRIFT,
        "descriptors",
    )


def _show(done: int, count: int, wrong: Counter[str], mebibytes: float) -> None:
    print(
        f"  {datetime.now():%H:%M:%S}: {done:,} of {count:,} requests, {wrong.total()} wrong; "
        f"the worker has {mebibytes:.1f} MiB",
        flush=True,
    )


def soak(bench: Bench, gateway: Server, first: int, end: int) -> Counter[str]:
    """Make the requests from ``first`` to before ``end``; return the wrong answers by kind."""
    wrong: Counter[str] = Counter()

    def work(client: Client, number: int) -> Outcome:
        target = target_of(bench, first + number)
        outcome = client.find(target)
        if not target.is_answered_by(outcome):
            wrong[f"{outcome} for {target.behaviour}"] += 1
        return Outcome(outcome.status, outcome.error)

    outcomes = gateway.ask_all(work, end - first, CLIENTS)
    missing = end - first - len(outcomes)
    if missing:
        wrong["no outcome"] += missing
    return wrong


_MEANING = (
    "Every answer is compared with the truth about the PACS that was asked: the studies of that "
    "patient and no other, or the one error that this fault must be."
)
ROW = Row("9", "soak, shortened", _MEANING, partial(run, SHORT))
LONG_ROW = Row("9L", "soak, by `make soak`", _MEANING, partial(run, LONG), seconds=1200)
