"""Row 12: a thousand studies by QIDO-RS, and by findscu with the very same keys."""

from collections.abc import Iterator

from benchmarks.common.figures import Row
from benchmarks.performance import competitors
from benchmarks.performance.bench import Bench
from benchmarks.performance.judging import at_least_times, told
from benchmarks.performance.peers import NODELAY
from benchmarks.performance.recording import first_identifier
from benchmarks.performance.report import Result
from benchmarks.performance.rounds import Measure, interleaved
from dicom_qr_gateway.dicom.data_set import DataSet

STUDIES, ROUNDS = 1000, 15
PATH = f"/dicom-web/main/studies?limit={STUDIES}"
OURS, FLOOR, FINDSCU = "`/dicom-web`", "floor in C", "findscu"
# Both with TCP_NODELAY=1, and so is the PACS.
OURS_NODELAY, FINDSCU_NODELAY = "`/dicom-web`, TCP_NODELAY", "findscu, TCP_NODELAY"
TARGET = 1.6


def run(bench: Bench) -> Iterator[Result]:
    pacs = bench.orthanc(patients=(STUDIES,))
    unhurried = bench.orthanc(patients=(STUDIES,), nodelay=True)
    said = bench.recorded_search(pacs, PATH, STUDIES)
    keys = _keys(first_identifier(said))
    alternatives: dict[str, Measure] = {
        OURS: bench.searching(pacs, PATH, STUDIES).once,
        FLOOR: bench.replaying(said, pacs, STUDIES).once,
        FINDSCU: competitors.findscu_for(keys, pacs, STUDIES),
        OURS_NODELAY: bench.searching(unhurried, PATH, STUDIES).once,
        FINDSCU_NODELAY: competitors.findscu_for(keys, unhurried, STUDIES, NODELAY),
    }
    what = f"{STUDIES} studies, {len(keys)} keys, from {pacs.name}"
    series = interleaved(what, alternatives, ROUNDS)
    yield series
    yield at_least_times(f"{what}: faster than findscu", series.ratio(FINDSCU, OURS), TARGET)
    nodelay = series.ratio(FINDSCU_NODELAY, OURS_NODELAY)
    yield at_least_times(
        f"{what}: faster than findscu, TCP_NODELAY=1 on both sides", nodelay, TARGET
    )
    yield told(f"{what}: of the floor's time", series.ratio(OURS, FLOOR), "×")


def _keys(identifier: bytes) -> dict[str, str]:
    """Return the keys of a request as findscu takes them."""
    data_set = DataSet(identifier, explicit_vr=identifier[4:6].isalpha())
    return {f"{tag >> 16:04x},{tag & 0xFFFF:04x}": data_set.text(tag) for tag in data_set.places}


ROW = Row(
    "12",
    "searches",
    "A search for all studies that an Orthanc has, on a new association, answered as DICOM JSON. "
    "findscu asks for the keys that the gateway was heard to ask for; the floor says the very "
    "bytes and decodes nothing.",
    run,
    seconds=300,
)
