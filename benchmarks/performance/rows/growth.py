"""Row 5: time and memory grow as the answer does, up to twenty thousand matches."""

from collections.abc import Iterator

from benchmarks.common import processes
from benchmarks.common.figures import Row
from benchmarks.performance.bench import Bench
from benchmarks.performance.judging import at_most_times, told
from benchmarks.performance.report import Result
from benchmarks.performance.rounds import interleaved
from benchmarks.performance.samples import Samples
from benchmarks.performance.studies import CANNED_PATIENT

FEWER, MORE, ROUNDS = 1000, 20_000, 15
PER_MATCH, PER_BYTE = 1.2, 3


def run(bench: Bench) -> Iterator[Result]:
    gateway = bench.gateway(WEB_CONCURRENCY=1)
    clients = {
        f"{count} matches": bench.asking(gateway, bench.canned(count), CANNED_PATIENT, count)
        for count in (FEWER, MORE)
    }
    floors = {
        f"{count} matches, floor in C": bench.floor(
            gateway, bench.canned(count), CANNED_PATIENT, count
        )
        for count in (FEWER, MORE)
    }
    alternatives = {name: each.once for name, each in {**clients, **floors}.items()}
    series = interleaved("`/q` of a PACS that costs nothing", alternatives, ROUNDS)
    yield series
    small, large = clients
    ratio = series.ratio(large, small).times(FEWER / MORE)
    yield at_most_times(f"{MORE} matches: time per match, of that at {FEWER}", ratio, PER_MATCH)
    yield from _memory(bench)


def _memory(bench: Bench) -> Iterator[Result]:
    """Let workers that have answered but few matches answer many, each once."""
    grown = []
    for _ in range(3):
        gateway = bench.gateway(WEB_CONCURRENCY=1)
        with bench.asking(gateway, bench.canned(1), CANNED_PATIENT, 1) as client:
            client.window(8, count=200)
        before = processes.resident(gateway.worker)
        processes.forget_peak(gateway.worker)
        with bench.asking(gateway, bench.canned(MORE), CANNED_PATIENT, MORE) as client:
            size = client.window(1, count=1).bytes / processes.MIB
        grown.append((processes.peak(gateway.worker) - before, size))
        gateway.end()
    what = f"{MORE} matches: peak of the worker's memory above before"
    yield told(what, Samples.of([peak for peak, _ in grown]), "MiB")
    yield told(
        f"{MORE} matches: size of the answer", Samples.of([size for _, size in grown]), "MiB"
    )
    ratio = Samples.of([peak / size for peak, size in grown])
    yield at_most_times(f"{what}, of the answer's size", ratio, PER_BYTE)


ROW = Row(
    "5",
    "twenty thousand matches",
    "Time and memory grow as the answer does; the peak is the kernel's own (VmHWM), of a worker "
    "that had answered only small requests before.",
    run,
    seconds=200,
)
