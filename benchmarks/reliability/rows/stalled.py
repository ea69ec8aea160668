"""Row 6: a thousand requests held by silent PACS cost next to nothing."""

import time
from collections.abc import Iterator

from benchmarks.common import processes
from benchmarks.common.figures import Figure, Row, all_of, at_most
from benchmarks.reliability.bench import Bench, Settings
from benchmarks.reliability.client import Client, Crowd, Outcome
from benchmarks.reliability.pacs import ADDRESSES

HELD = 1000
WATCHED = 10.0  # seconds
PROCESSOR = 5.0  # percent of one processor, "near 0"
MEMORY = 150.0  # MiB above idle, all workers together

SETTINGS: Settings = {
    "WEB_CONCURRENCY": 2,
    "WEB_THREADS": 1000,
    "MAX_ASSOCIATIONS_PER_PACS": 100,
    "ACSE_TIMEOUT": 90,
    "QUERY_TIMEOUT": 120,
}


def run(bench: Bench) -> Iterator[Figure]:
    gateway = bench.gateway(**SETTINGS)
    gateway.ask_all(lambda client, _: client.find(bench.target()), 100)
    workers = gateway.workers
    idle = _memory(workers)

    def wait(client: Client, number: int) -> Outcome:
        return client.find(bench.target("SILENT", pacs=number % len(ADDRESSES)))

    crowd = Crowd(wait, HELD, gateway.client)
    crowd.start(HELD)
    arrived = bench.wait_until_held(HELD)
    yield Figure(
        f"requests held by {len(ADDRESSES)} silent PACS at once",
        f"{HELD}",
        f"{bench.held()} after {arrived:.1f} s",
        passed=bench.held() >= HELD,
    )
    used = sum(map(processes.processor_seconds, workers))
    time.sleep(WATCHED)
    used = sum(map(processes.processor_seconds, workers)) - used
    yield at_most(
        f"{HELD} requests held: processor used in {WATCHED:.0f} s, of one processor",
        100 * used / WATCHED,
        PROCESSOR,
        "%",
    )
    yield at_most(
        f"{HELD} requests held: memory of both workers above idle",
        _memory(workers) - idle,
        MEMORY,
        "MiB",
    )
    found = [gateway.find(bench.target()) for _ in range(10)]
    yield all_of(
        f"{HELD} requests held: 10 requests to a PACS that answers",
        found,
        bench.target().is_answered_by,
    )
    crowd.hang_up()


def _memory(workers: list[int]) -> float:
    return sum(map(processes.resident, workers))


ROW = Row(
    "6",
    "stalled PACS",
    "A request that waits is one thread in one poll. Workers, threads and the limits for each "
    "PACS are raised so that a thousand fit in: "
    + ", ".join(f"`{k}={v}`" for k, v in SETTINGS.items())
    + ".",
    run,
)
