"""Row 2: one and a thousand matches from a PACS that costs nothing."""

from collections.abc import Iterator

from benchmarks.common.figures import Row
from benchmarks.performance import competitors
from benchmarks.performance.bench import Bench
from benchmarks.performance.judging import at_least_times, at_most_of, told
from benchmarks.performance.report import Result
from benchmarks.performance.rounds import Measure, interleaved
from benchmarks.performance.studies import CANNED_PATIENT

ROUNDS = 30
ABOVE_FLOOR = {1: 1.5, 1000: 12}  # matches -> ms
OURS, FLOOR, FINDSCU, TUNED = "`/q`", "floor in C", "findscu", "pynetdicom, tuned"
AT_A_THOUSAND = {TUNED: 30, FINDSCU: 8}


def run(bench: Bench) -> Iterator[Result]:
    gateway = bench.gateway()
    for matches, above_floor in ABOVE_FLOOR.items():
        asked = (bench.canned(matches), CANNED_PATIENT, matches)
        alternatives: dict[str, Measure] = {
            OURS: bench.asking(gateway, *asked).once,
            FLOOR: bench.floor(gateway, *asked).once,
            TUNED: competitors.pynetdicom(*asked, tuned=True),
            "pynetdicom, stock": competitors.pynetdicom(*asked, tuned=False),
            "Orthanc's REST": competitors.orthanc_rest(bench.asker(), *asked),
            FINDSCU: competitors.findscu(*asked),
        }
        what = f"{matches} {'match' if matches == 1 else 'matches'} from {asked[0].name}"
        series = interleaved(what, alternatives, ROUNDS)
        yield series
        above = series[OURS].minus(series[FLOOR])
        yield at_most_of(f"{what}: above the floor", above, above_floor, "ms")
        for name, target in AT_A_THOUSAND.items():
            faster = series.ratio(name, OURS)
            if matches == 1:
                yield told(f"{what}: faster than {name}", faster, "×")
            else:
                yield at_least_times(f"{what}: faster than {name}", faster, target)


ROW = Row(
    "2",
    "a PACS that costs nothing",
    "A program in C that sends canned bytes, one send a response, with TCP_NODELAY and "
    "TCP_QUICKACK: what is left is the asker's own. The floor decodes nothing and does no HTTP.",
    run,
    seconds=200,
)
