"""Row 10: how long an import of the application takes, and what a worker holds."""

import subprocess
import sys
from collections.abc import Iterator

from benchmarks.common import processes
from benchmarks.common.figures import Row
from benchmarks.common.programs import ROOT
from benchmarks.performance.bench import Bench
from benchmarks.performance.judging import at_most_of
from benchmarks.performance.report import Result
from benchmarks.performance.rounds import interleaved
from benchmarks.performance.samples import Samples
from benchmarks.performance.studies import CANNED_PATIENT

ROUNDS, REQUESTS = 30, 500
IMPORT, MEMORY = 500, 70  # ms, MiB
_TIMED = "import time; begun = time.perf_counter(); {}; print(time.perf_counter() - begun)"


def run(bench: Bench) -> Iterator[Result]:
    series = interleaved("an import in a new interpreter", {"`wsgi:app`": _import}, ROUNDS)
    yield series
    yield at_most_of("import of `wsgi:app`", series["`wsgi:app`"], IMPORT, "ms")
    gateway = bench.gateway()
    with bench.asking(gateway, bench.canned(10), CANNED_PATIENT, 10) as client:
        client.window(8, count=REQUESTS)
    resident = Samples.of([processes.resident(worker) for worker in gateway.workers])
    yield at_most_of(f"memory of each worker after {REQUESTS} requests", resident, MEMORY, "MiB")


def _import() -> float:
    program = _TIMED.format("import wsgi")
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return float(done.stdout)


ROW = Row(
    "10",
    "start and memory",
    "`import wsgi` in a new interpreter with warm files; resident memory (VmRSS) counts what the "
    "workers share with the master in each of them.",
    run,
)
