"""Row 4: two thousand requests to PACS that do not work leave nothing behind in the worker."""

from collections.abc import Iterator

from benchmarks.common import processes
from benchmarks.common.figures import Figure, Row, all_of, within
from benchmarks.reliability.bench import Bench, Server
from benchmarks.reliability.client import EXPECTED, Client, Outcome

REQUESTS = 500
SETTLED = 10.0  # seconds until the descriptors of clients that left must be closed
MARGIN = 5  # threads, descriptors
MARGIN_OF_MEMORY = 10.0  # MiB

PEERS = {
    "CLOSED": "a closed port",
    "SILENT": "a silent port",
    "HTTP": "an HTTP port",
    "ABORTS": "an aborting PACS",
}


def run(bench: Bench) -> Iterator[Figure]:
    gateway = bench.gateway(ACSE_TIMEOUT=0.5)
    for behaviour in PEERS:  # every thread and every code path once
        _ask(bench, gateway, behaviour, 32)
    for behaviour, what in PEERS.items():
        before = settled(gateway)
        outcomes = _ask(bench, gateway, behaviour, REQUESTS)
        after = settled(gateway, before)
        yield all_of(
            f"{REQUESTS} requests to {what}: {' `'.join(map(str, EXPECTED[behaviour]))}`",
            outcomes,
            bench.target(behaviour).is_answered_by,
        )
        yield from _as_before(what, before, after)


def _ask(bench: Bench, gateway: Server, behaviour: str, count: int) -> list[Outcome]:
    target = bench.target(behaviour)

    def work(client: Client, _number: int) -> Outcome:
        return client.find(target)

    return gateway.ask_all(work, count)


def settled(gateway: Server, before: processes.Holdings | None = None) -> processes.Holdings:
    """Return what the worker holds once it has closed the connections of clients that left.

    Without ``before`` nothing tells when that is: wait a second.
    """
    most, patience = (before.descriptors, SETTLED) if before else (0, 1.0)
    processes.eventually(lambda: processes.descriptors(gateway.worker) <= most, patience)
    return processes.holdings(gateway.worker)


def _as_before(
    what: str, before: processes.Holdings, after: processes.Holdings
) -> Iterator[Figure]:
    yield within(f"{what}: threads", before.threads, after.threads, MARGIN, "threads")
    yield within(
        f"{what}: descriptors", before.descriptors, after.descriptors, MARGIN, "descriptors"
    )
    yield within(f"{what}: memory", before.mebibytes, after.mebibytes, MARGIN_OF_MEMORY, "MiB")


ROW = Row(
    "4",
    "nothing left behind",
    "Each kind of broken peer is asked 500 times by eight clients; threads, descriptors and "
    "resident memory of the worker are read before and after, once it has seen every kind.",
    run,
)
