"""Row 8: what Flask, flask-smorest and gunicorn cost, beside FastAPI under uvicorn."""

import os
from collections.abc import Iterator

from benchmarks.common.figures import Row
from benchmarks.performance.bench import Bench
from benchmarks.performance.judging import at_least_times, told
from benchmarks.performance.report import Result
from benchmarks.performance.studies import CANNED_PATIENT, patient_of
from benchmarks.performance.windows import Windows

CONNECTIONS = 8
TARGET = 0.9
OURS, TWIN, BY_PYNETDICOM = "`/q`", "twin, our adapter", "twin, pynetdicom"


def run(bench: Bench) -> Iterator[Result]:
    workers = os.cpu_count() or 1  # as the gateway's default
    servers = {
        OURS: bench.gateway(),
        TWIN: bench.twin("ours", workers),
        BY_PYNETDICOM: bench.twin("pynetdicom", workers),
    }
    for pacs, patient in (
        (bench.orthanc(), patient_of(1)),
        (bench.dcmqrscp(), patient_of(1)),
        (bench.canned(1), CANNED_PATIENT),
    ):
        generators = {
            name: bench.asking(server, pacs, patient, 1) for name, server in servers.items()
        }
        series = Windows(CONNECTIONS).measure(generators, f"1 match from {pacs.name}")
        yield series
        what, ratio = f"{series.what}: of the twin with our adapter", series.ratio(OURS, TWIN)
        is_canned = patient == CANNED_PATIENT
        yield told(what, ratio, "×") if is_canned else at_least_times(what, ratio, TARGET)


ROW = Row(
    "8",
    "the FastAPI twin",
    "The twin takes the same body and gives the same answer, by FastAPI under uvicorn with uvloop "
    "and httptools, with as many workers: once over the gateway's own adapter, once over tuned "
    "pynetdicom. It has none of the gateway's other rules (unknown and duplicate keys are what "
    "pydantic makes of them, no correlation ids, no contract for errors).",
    run,
    seconds=300,
)
