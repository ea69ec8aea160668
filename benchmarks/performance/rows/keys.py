"""Row 11: which of the contract's twelve keys are dear, PACS by PACS."""

from collections.abc import Iterator

from benchmarks.common.figures import Row
from benchmarks.performance.bench import Bench
from benchmarks.performance.conversation import find
from benchmarks.performance.judging import told
from benchmarks.performance.peers import Peer
from benchmarks.performance.report import Result
from benchmarks.performance.rounds import interleaved
from benchmarks.performance.studies import patient_of
from dicom_qr_gateway.services.study import KEYS

ROUNDS = 9
MOST_OF_DCMQRSCP = 400  # its index ends at 500 studies
ALL, NONE = "all twelve keys", "StudyInstanceUID and PatientID alone"
NEEDED = ("PatientID", "StudyInstanceUID")
DEAR = 1.25


def run(bench: Bench) -> Iterator[Result]:
    yield from _with_and_without(bench, bench.orthanc(), 1000)
    yield from _with_and_without(
        bench, bench.dcmqrscp(patients=(MOST_OF_DCMQRSCP,)), MOST_OF_DCMQRSCP
    )


def _with_and_without(bench: Bench, pacs: Peer, studies: int) -> Iterator[Result]:
    keywords = tuple(KEYS.values())
    asked = {ALL: keywords, NONE: NEEDED}
    asked |= {
        f"without {left_out}": tuple(each for each in keywords if each != left_out)
        for left_out in keywords
        if left_out not in NEEDED
    }
    patient = patient_of(studies)
    alternatives = {
        name: bench.replaying(find(pacs, patient, keys), pacs, studies).once
        for name, keys in asked.items()
    }
    series = interleaved(f"{studies} matches from {pacs.name}", alternatives, ROUNDS)
    yield series
    dear = [name for name in asked if series.ratio(ALL, name).median > DEAR and name != NONE]
    named = ", ".join(name.removeprefix("without ") for name in dear) or "none"
    what = f"{series.what}: dear keys are {named}; with all, of the time for UIDs alone"
    yield told(what, series.ratio(ALL, NONE), "×")


ROW = Row(
    "11",
    "dear keys",
    "The floor asks for all twelve keys, for all but one, and for the UIDs alone. A key is called "
    f"dear when all twelve take more than {DEAR} times as long as the eleven others.",
    run,
    seconds=200,
)
