"""Row 3: a hundred and a thousand matches from Orthanc: its own time is nearly all."""

from collections.abc import Iterator

from benchmarks.common.figures import Row
from benchmarks.performance import competitors
from benchmarks.performance.bench import Bench
from benchmarks.performance.judging import at_most_times, told
from benchmarks.performance.report import Result
from benchmarks.performance.rounds import Measure, interleaved
from benchmarks.performance.studies import patient_of

ROUNDS = {100: 30, 1000: 10}  # matches -> rounds; a thousand take more than a second
TARGET = 1.1
OURS, FLOOR, FINDSCU, TUNED = "`/q`", "floor in C", "findscu", "pynetdicom, tuned"


def run(bench: Bench) -> Iterator[Result]:
    gateway = bench.gateway()
    for matches, rounds in ROUNDS.items():
        asked = (bench.orthanc(), patient_of(matches), matches)
        alternatives: dict[str, Measure] = {
            OURS: bench.asking(gateway, *asked).once,
            FLOOR: bench.floor(gateway, *asked).once,
            FINDSCU: competitors.findscu(*asked),
            TUNED: competitors.pynetdicom(*asked, tuned=True),
        }
        what = f"{matches} matches from {asked[0].name}"
        series = interleaved(what, alternatives, rounds)
        yield series
        yield at_most_times(f"{what}: of the floor's time", series.ratio(OURS, FLOOR), TARGET)
        for name in (FINDSCU, TUNED):
            yield told(f"{what}: faster than {name}", series.ratio(name, OURS), "×")


ROW = Row(
    "3",
    "many matches",
    "All ask with the contract's twelve keys: row 11 says which of them are dear.",
    run,
    seconds=200,
)
