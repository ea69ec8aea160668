"""Throughput: generators take turns in short windows, and each window is a round."""

from dataclasses import dataclass, field
from functools import partial

from benchmarks.performance.generators import Generator, Load
from benchmarks.performance.rounds import interleaved
from benchmarks.performance.samples import Samples, Series

ROUNDS, SECONDS = 8, 1.0


@dataclass
class Windows:
    """Windows of load, and what was done in each."""

    connections: int
    loads: dict[str, list[Load]] = field(default_factory=dict)

    def measure(self, generators: dict[str, Generator], what: str) -> Series:
        """Let the generators take turns; return their rates."""
        alternatives = {
            name: partial(self._window, name, generator) for name, generator in generators.items()
        }
        what = f"{what}, {self.connections} at a time"
        series = interleaved(what, alternatives, ROUNDS, unit="req/s", factor=1, is_time=False)
        for loads in self.loads.values():
            loads.pop(0)  # the warm-up
        return series

    def tails(self, name: str) -> Samples:
        """Return the 99th percentile of each window, divided by its median."""
        return Samples.of([load.tail for load in self.loads[name]])

    def _window(self, name: str, generator: Generator) -> float:
        load = generator.window(self.connections, seconds=SECONDS)
        self.loads.setdefault(name, []).append(load)
        return load.rate
