"""The programs in C: compiled here, then told by lines and answering by lines of JSON."""

import json
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from benchmarks.common.programs import Broken
from benchmarks.performance.samples import Samples

SOURCES = Path(__file__).parent
PROGRAMS = ("floor", "http_load", "floor_pacs")
_COMPILER = "gcc -std=gnu11 -O2 -Wall -Wextra -Werror -pthread"


def compile_into(folder: Path) -> None:
    """Compile the programs.

    Raises:
        CalledProcessError: the compiler is not content, and has said why.
    """
    for name in PROGRAMS:
        sources = [str(SOURCES / f"{each}.c") for each in (name, "runner", "wire")]
        subprocess.run([*_COMPILER.split(), "-o", str(folder / name), *sources], check=True)


@dataclass(frozen=True)
class Load:
    """What a generator did in a window."""

    done: int
    failed: int
    matches: int
    bytes: int
    seconds: float
    latencies: list[float]

    @property
    def rate(self) -> float:
        """Return how many were done a second."""
        return self.done / self.seconds

    @property
    def tail(self) -> float:
        """Return the 99th percentile divided by the median."""
        latencies = Samples.of(self.latencies)
        return latencies.p99 / latencies.median


class Generator:
    """A load generator that waits for windows; a context manager that ends it."""

    def __init__(self, command: list[str], matches: int | None) -> None:
        """Start it.

        Args:
            command: the program.
            matches: what each answer has to have; None for as many as the first one has.
        """
        self._matches = matches
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(BrokenPipeError):  # it has ended already
            self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def window(self, connections: int, *, count: int = 0, seconds: float = 0) -> Load:
        """Work on so many connections until so many are done or so much time has passed.

        Raises:
            Broken: an answer failed, or had not the matches it has to have.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{connections} {count} {round(seconds * 1000)}\n")
        self._process.stdin.flush()
        told = self._process.stdout.readline()
        if not told:
            raise Broken(f"{self._process.args!r} ended")
        load = Load(**json.loads(told))
        if self._matches is None and load.done:
            self._matches = load.matches // load.done
        if load.failed or not load.done or load.matches != load.done * (self._matches or 0):
            raise Broken(
                f"{self._process.args!r}: {load.failed} failed, {load.matches} matches in "
                f"{load.done} answers, {self._matches} expected in each"
            )
        return load

    def once(self) -> float:
        """Do the work once; return the seconds it took."""
        return self.window(1, count=1).latencies[0]
