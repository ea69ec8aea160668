"""Row 1: one and ten matches, from Orthanc and dcmqrscp, asked by everything there is."""

from collections.abc import Iterator

from benchmarks.common.figures import Row
from benchmarks.common.programs import Program
from benchmarks.performance import competitors
from benchmarks.performance.bench import FEW, Bench
from benchmarks.performance.judging import at_least_times, told
from benchmarks.performance.peers import NODELAY, Peer
from benchmarks.performance.report import Result
from benchmarks.performance.rounds import Measure, interleaved
from benchmarks.performance.studies import patient_of

ROUNDS = 30

OURS, FLOOR, FINDSCU = "`/q`", "floor in C", "findscu"
REST, STOCK, TUNED = "Orthanc's REST", "pynetdicom, stock", "pynetdicom, tuned"
# Both with TCP_NODELAY=1, and so is the PACS.
OURS_NODELAY, FINDSCU_NODELAY = "`/q`, TCP_NODELAY", "findscu, TCP_NODELAY"
TARGETS = {FINDSCU: 22, REST: 18, STOCK: 18, TUNED: 2}


def run(bench: Bench) -> Iterator[Result]:
    gateway = bench.gateway()
    for pacs, unhurried in (
        (bench.orthanc(), bench.orthanc(nodelay=True)),
        (bench.dcmqrscp(), bench.dcmqrscp(nodelay=True)),
    ):
        for matches in FEW:
            yield from _asked(bench, gateway, pacs, unhurried, matches)


def _asked(
    bench: Bench, gateway: Program, pacs: Peer, unhurried: Peer, matches: int
) -> Iterator[Result]:
    patient = patient_of(matches)
    alternatives: dict[str, Measure] = {
        OURS: bench.asking(gateway, pacs, patient, matches).once,
        FLOOR: bench.floor(gateway, pacs, patient, matches).once,
        TUNED: competitors.pynetdicom(pacs, patient, matches, tuned=True),
        STOCK: competitors.pynetdicom(pacs, patient, matches, tuned=False),
        REST: competitors.orthanc_rest(bench.asker(), pacs, patient, matches),
        FINDSCU: competitors.findscu(pacs, patient, matches),
        OURS_NODELAY: bench.asking(gateway, unhurried, patient, matches).once,
        FINDSCU_NODELAY: competitors.findscu(unhurried, patient, matches, NODELAY),
    }
    what = f"{matches} {'match' if matches == 1 else 'matches'} from {pacs.name}"
    series = interleaved(what, alternatives, ROUNDS)
    yield series
    for name, target in TARGETS.items():
        yield at_least_times(f"{what}: faster than {name}", series.ratio(name, OURS), target)
    nodelay = series.ratio(FINDSCU_NODELAY, OURS_NODELAY)
    yield at_least_times(f"{what}: faster than findscu, TCP_NODELAY=1 on both sides", nodelay, 4)
    yield told(f"{what}: above the floor", series[OURS].minus(series[FLOOR]), "ms")


ROW = Row(
    "1",
    "few matches",
    "A new association, a C-FIND with the contract's twelve keys and a release. `findscu` and "
    "Orthanc's REST interface are as their users have them, pynetdicom too, or tuned by its own "
    "event handlers (TCP_NODELAY and TCP_QUICKACK); none of them does HTTP but Orthanc. dcmqrscp "
    "returns no ModalitiesInStudy, so the gateway, and the floor with it, ask a second C-FIND for "
    "each study, which the others do not.",
    run,
)
