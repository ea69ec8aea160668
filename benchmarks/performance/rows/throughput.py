"""Row 7: how many finds a second, of those that the PACS itself can serve on the same machine."""

from collections.abc import Iterator

from benchmarks.common.figures import Figure, Row
from benchmarks.common.programs import Program
from benchmarks.performance.bench import Bench
from benchmarks.performance.judging import at_least_of, at_least_times, at_most_times, told
from benchmarks.performance.peers import Peer
from benchmarks.performance.recording import first_request_only
from benchmarks.performance.report import Result
from benchmarks.performance.samples import Series
from benchmarks.performance.studies import CANNED_PATIENT, patient_of
from benchmarks.performance.windows import Windows

SHARES = {1: 55, 8: 70, 32: 70}  # connections -> percent of the PACS' own maximum
WIDE = {"WEB_THREADS": 64, "MAX_ASSOCIATIONS_PER_PACS": 32}  # for 32 connections
OURS, FLOOR, FIRST = "`/q`", "floor in C", "floor in C, first C-FIND only"
TUNED = "pynetdicom, tuned, 8 threads"


def run(bench: Bench) -> Iterator[Result]:
    gateways = {1: bench.gateway(), 32: bench.gateway(**WIDE)}
    gateways[8] = gateways[1]
    for connections in SHARES:
        gateway = gateways[connections]
        for pacs in (bench.orthanc(), bench.dcmqrscp()):
            yield from _archive(bench, gateway, pacs, connections)
        yield from _canned(bench, gateway, connections)


def _archive(bench: Bench, gateway: Program, pacs: Peer, connections: int) -> Iterator[Result]:
    asked = (pacs, patient_of(1), 1)
    said = bench.recorded(gateway, *asked)
    generators = {OURS: bench.asking(gateway, *asked), FLOOR: bench.replaying(said, pacs)}
    if (first := first_request_only(said)) != said:
        generators[FIRST] = bench.replaying(first, pacs)
    if connections == 8:
        generators[TUNED] = bench.pynetdicom(*asked)
    windows = Windows(connections)
    series = windows.measure(generators, f"1 match from {pacs.name}")
    yield series
    share = series.ratio(OURS, FLOOR).times(100)
    yield at_least_of(f"{series.what}: of the PACS' own maximum", share, SHARES[connections], "%")
    if FIRST in generators:
        alone = series.ratio(OURS, FIRST).times(100)
        yield told(f"{series.what}: of its maximum without the second C-FIND", alone, "%")
    if connections == 8:
        yield at_least_times(f"{series.what}: pynetdicom, tuned", series.ratio(OURS, TUNED), 8)
        yield _tail(series, windows)


def _canned(bench: Bench, gateway: Program, connections: int) -> Iterator[Result]:
    asked = (bench.canned(1), CANNED_PATIENT, 1)
    generators = {OURS: bench.asking(gateway, *asked), FLOOR: bench.floor(gateway, *asked)}
    windows = Windows(connections)
    series = windows.measure(generators, f"1 match from {asked[0].name}")
    yield series
    if connections == 1:
        yield told(series.what, series[OURS], "req/s")
        return
    yield at_least_of(series.what, series[OURS], 1800, "req/s")
    if connections == 8:
        yield _tail(series, windows)


def _tail(series: Series, windows: Windows) -> Figure:
    return at_most_times(f"{series.what}: p99 ÷ median", windows.tails(OURS), 3)


ROW = Row(
    "7",
    "throughput",
    "Windows of a second take turns. The PACS' own maximum is what the floor reaches with as many "
    "new associations at a time, on the same processors. For 32 at a time the gateway has "
    "WEB_THREADS=64 and MAX_ASSOCIATIONS_PER_PACS=32, else its defaults.",
    run,
    seconds=400,
)
