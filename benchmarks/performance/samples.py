"""Medians, quartiles, percentiles and ratios of what was measured: pure.

Rule: a ratio is taken round by round and then summarised, so that what slows a whole round down
cancels out.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Samples:
    """Values of one kind, in the order in which they were measured; at least one."""

    values: tuple[float, ...]

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        return cls(tuple(values))

    @property
    def median(self) -> float:
        return self.percentile(50)

    @property
    def quartiles(self) -> tuple[float, float]:
        return self.percentile(25), self.percentile(75)

    @property
    def p99(self) -> float:
        return self.percentile(99)

    def percentile(self, percent: float) -> float:
        """Return the value below which so many percent lie, between two of them linearly."""
        ordered = sorted(self.values)
        position = (len(ordered) - 1) * percent / 100
        below = math.floor(position)
        above = math.ceil(position)
        return ordered[below] + (ordered[above] - ordered[below]) * (position - below)

    def over(self, other: "Samples") -> "Samples":
        """Return this divided by the other, round by round."""
        return Samples(tuple(a / b for a, b in zip(self.values, other.values, strict=True)))

    def minus(self, other: "Samples") -> "Samples":
        """Return this less the other, round by round."""
        return Samples(tuple(a - b for a, b in zip(self.values, other.values, strict=True)))

    def times(self, factor: float) -> "Samples":
        return Samples(tuple(value * factor for value in self.values))

    def __str__(self) -> str:
        """Return the median and the quartiles."""
        first, third = self.quartiles
        return f"{self.median:.3g} ({first:.3g} to {third:.3g})"


@dataclass(frozen=True)
class Series:
    """What several alternatives took for the same work, in the same rounds."""

    what: str
    unit: str
    alternatives: Mapping[str, Samples]
    is_time: bool = True

    def __getitem__(self, name: str) -> Samples:
        return self.alternatives[name]

    @property
    def rounds(self) -> int:
        return len(next(iter(self.alternatives.values())).values)

    def ratio(self, name: str, to: str) -> Samples:
        """Return one alternative divided by another, round by round."""
        return self[name].over(self[to])


def rotated(names: Sequence[str], rounds: int) -> Iterator[Sequence[str]]:
    """Yield the order of each round: each begins with the next one."""
    for number in range(rounds):
        start = number % len(names)
        yield [*names[start:], *names[:start]]
