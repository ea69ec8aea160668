"""Row 6: the processor time that one ``/q`` takes of the gateway."""

from collections.abc import Iterator
from functools import partial

from benchmarks.common import processes
from benchmarks.common.figures import Row
from benchmarks.common.programs import Program
from benchmarks.performance.bench import Bench
from benchmarks.performance.generators import Generator
from benchmarks.performance.judging import at_most_of
from benchmarks.performance.report import Result
from benchmarks.performance.rounds import interleaved
from benchmarks.performance.studies import CANNED_PATIENT, patient_of

ROUNDS, REQUESTS = 5, 500
TARGET = 1.2  # ms


def run(bench: Bench) -> Iterator[Result]:
    gateway = bench.gateway(WEB_CONCURRENCY=1)
    servers = {
        "`/q`": gateway,
        "twin, our adapter": bench.twin("ours", workers=1),
    }
    for pacs, patient in (
        (bench.canned(1), CANNED_PATIENT),
        (bench.orthanc(), patient_of(1)),
    ):
        alternatives = {
            name: partial(_used, server, bench.asking(server, pacs, patient, 1))
            for name, server in servers.items()
        }
        what = f"processor time of a request, 1 match from {pacs.name}"
        series = interleaved(what, alternatives, ROUNDS)
        yield series
        yield at_most_of(what, series["`/q`"], TARGET, "ms")


def _used(server: Program, client: Generator) -> float:
    """Return the processor seconds that one of many requests took of the server."""
    pids = [server.pid, *server.workers]
    before = sum(map(processes.processor_seconds, pids))
    client.window(1, count=REQUESTS)
    return (sum(map(processes.processor_seconds, pids)) - before) / REQUESTS


ROW = Row(
    "6",
    "the gateway's own processor time",
    f"User and system time of the server's processes over {REQUESTS} requests, as the kernel "
    "counts it, HTTP and DICOM together. The twin is FastAPI under uvicorn with uvloop and "
    "httptools.",
    run,
    seconds=300,
)
