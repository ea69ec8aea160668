"""Row 15: descriptors, disk or memory run out; there is an error, then recovery, and no restart."""

import resource
from collections.abc import Iterator
from pathlib import Path

from benchmarks.common import processes
from benchmarks.common.figures import Figure, Row, all_of, at_most
from benchmarks.common.processes import MIB
from benchmarks.reliability.bench import Bench, Server
from benchmarks.reliability.client import Client, Outcome, Target
from benchmarks.reliability.pacs import ADDRESSES

DESCRIPTORS = 64
HELD = 80  # requests at once, more than the descriptors
THREADS = 100
ROOM = 96  # MiB of address space left to the worker
RECOVERED = 5.0  # seconds
AFTERWARDS = 50  # requests that must succeed afterwards

# What a request may end with while something has run out: the truth about the PACS, or "busy".
TRUTHS = {(504, "association_timeout"), (503, "gateway_busy"), (200, "ok")}


def run(bench: Bench) -> Iterator[Figure]:
    yield from _descriptors(bench)
    yield from _disk(bench)
    yield from _memory(bench)


def few_descriptors(bench: Bench, **settings: object) -> Server:
    """Start a gateway whose worker has not one descriptor for each of HELD requests."""
    shell = ("/bin/sh", "-c", f'ulimit -n {DESCRIPTORS} && exec "$0" "$@"')
    return bench.gateway(*shell, WEB_THREADS=64, MAX_ASSOCIATIONS_PER_PACS=32, **settings)


def ask_silent_pacs(bench: Bench, gateway: Server) -> list[Outcome]:
    """Make HELD requests at once that no PACS answers."""

    def work(client: Client, number: int) -> Outcome:
        return client.find(bench.target("SILENT", pacs=number % len(ADDRESSES)))

    return gateway.ask_all(work, HELD, HELD)


def _descriptors(bench: Bench) -> Iterator[Figure]:
    gateway = few_descriptors(bench, ACSE_TIMEOUT=2, QUEUE_TIMEOUT=1)
    worker = gateway.worker
    yield all_of(
        f"`ulimit -n {DESCRIPTORS}`, {HELD} requests at once: each is answered, 503 or 504",
        ask_silent_pacs(bench, gateway),
        lambda outcome: outcome.as_expected in TRUTHS,
    )
    yield from _recovered(bench, gateway, worker, f"`ulimit -n {DESCRIPTORS}`")


def full_disk(bench: Bench) -> Server:
    """Start a gateway whose every log line fails."""
    return bench.gateway(output=Path("/dev/full"), DICOM_DEBUG=True)


def _disk(bench: Bench) -> Iterator[Figure]:
    gateway = full_disk(bench)
    yield from _recovered(bench, gateway, gateway.worker, "logs to a full disk (`/dev/full`)")


def _memory(bench: Bench) -> Iterator[Figure]:
    gateway = bench.gateway(WEB_THREADS=THREADS, MAX_ASSOCIATIONS_PER_PACS=THREADS)
    worker = gateway.worker
    limit = int(processes.address_space(worker) + ROOM) * MIB
    resource.prlimit(worker, resource.RLIMIT_AS, (limit, limit))

    def work(client: Client, number: int) -> Outcome:
        return client.find(bench.target("LARGE", pacs=number % len(ADDRESSES)))

    outcomes = gateway.ask_all(work, THREADS, THREADS)
    what = f"{THREADS} threads, {ROOM} MiB of address space left (RLIMIT_AS)"
    yield all_of(
        f"{what}, {THREADS} large answers at once: each request is answered, by an error",
        outcomes,
        lambda outcome: outcome.status >= 500,
    )
    yield from _recovered(bench, gateway, worker, what)


def _recovered(bench: Bench, gateway: Server, worker: int, what: str) -> Iterator[Figure]:
    target: Target = bench.target()
    seconds = processes.eventually(
        lambda: target.is_answered_by(gateway.find(target)), 2 * RECOVERED
    )
    yield at_most(f"{what}: until a request succeeds again", seconds, RECOVERED, "s")
    outcomes = gateway.ask_all(lambda client, _: client.find(target), AFTERWARDS)
    yield all_of(f"{what}: {AFTERWARDS} requests afterwards", outcomes, target.is_answered_by)
    yield all_of(f"{what}: the worker is still the same", [gateway.workers], [worker].__eq__)


ROW = Row(
    "15",
    "resource ends",
    "The limits are real ones of the kernel; they stay in force while the gateway recovers.",
    run,
)
