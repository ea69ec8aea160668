"""Row 3: a PACS that sends without end costs the gateway no memory to speak of."""

from collections.abc import Iterator

from benchmarks.common import processes
from benchmarks.common.figures import Figure, Row, all_of, at_most
from benchmarks.reliability.bench import Bench, Server

MOST = 100.0  # MiB

ANSWERS = {
    "ENDLESS": ("one match of 100 MB", "response_too_large"),
    "LARGE": ("100 MB of matches of 60 KB", "response_too_large"),
    "WIDE": ("100 MB of matches of 60 KB in a script of four bytes", "response_too_large"),
    "MANY": ("10 million matches", "too_many_matches"),
    "DEFLATES": ("a deflated bomb of 500 MB", "protocol_error"),
}


def run(bench: Bench) -> Iterator[Figure]:
    for behaviour, (what, error) in ANSWERS.items():
        gateway = bench.gateway()
        gateway.ask_all(lambda client, _: client.find(bench.target()), 50)
        yield from _grown(bench, gateway, behaviour, what, error)
        gateway.end()


def _grown(
    bench: Bench, gateway: Server, behaviour: str, what: str, error: str
) -> Iterator[Figure]:
    before = processes.resident(gateway.worker)
    processes.forget_peak(gateway.worker)
    outcome = gateway.find(bench.target(behaviour))
    grown = processes.peak(gateway.worker) - before
    yield all_of(f"{what}: 502 `{error}`", [outcome], lambda o: o.as_expected == (502, error))
    yield at_most(f"{what}: peak of the worker's memory above before", grown, MOST, "MiB")


ROW = Row(
    "3",
    "memory",
    "The budgets `MAX_RESPONSE_BYTES` and `MAX_MATCHES` end a response stream long before it "
    "fills the memory; the peak is the kernel's own (VmHWM).",
    run,
)
