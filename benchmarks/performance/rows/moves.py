"""Row 9: what a ``/qr`` of fifty studies adds to the PACS' own time."""

from collections.abc import Iterator
from typing import Any

from benchmarks.common.figures import Row
from benchmarks.performance.bench import Bench
from benchmarks.performance.judging import at_most_times
from benchmarks.performance.peers import SINK
from benchmarks.performance.report import Result
from benchmarks.performance.rounds import interleaved
from benchmarks.performance.studies import patient_of

STUDIES, ROUNDS = 50, 12
TARGET = 1.1
OURS, FLOOR = "`/qr`", "floor in C"


def run(bench: Bench) -> Iterator[Result]:
    gateway = bench.gateway()
    pacs, patient = bench.orthanc(), patient_of(STUDIES)
    work: dict[str, Any] = {"path": "/qr", "c_move_ae_title": SINK}
    # Each study's UID stands twice in an answer, in study_details and in retrieve_details.
    asked = (gateway, pacs, patient, 2 * STUDIES)
    alternatives = {
        OURS: bench.asking(*asked, **work).once,
        FLOOR: bench.floor(*asked, **work).once,
    }
    what = (
        f"C-FIND and C-MOVE of {STUDIES} studies, {pacs.name} to a destination that costs nothing"
    )
    series = interleaved(what, alternatives, ROUNDS)
    yield series
    yield at_most_times(f"{what}: of the floor's time", series.ratio(OURS, FLOOR), TARGET)


ROW = Row(
    "9",
    "retrieves",
    "One C-MOVE request a study, all on one association; one instance of 128 KiB in each study. "
    "The floor is the same bytes on the same two associations; the destination is a program in C "
    "that answers Success to each C-STORE and keeps nothing. The PACS opens an association for "
    "each study, which is its own time and nearly all of it.",
    run,
    seconds=200,
)
