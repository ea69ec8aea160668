"""Taking turns: every alternative once a round, each round in another order."""

from collections.abc import Callable, Mapping

from benchmarks.performance.samples import Samples, Series, rotated

Measure = Callable[[], float]


def interleaved(
    what: str,
    alternatives: Mapping[str, Measure],
    rounds: int,
    *,
    unit: str = "ms",
    factor: float = 1000,
    is_time: bool = True,
    warm_up: bool = True,
) -> Series:
    """Measure all alternatives in rounds.

    Args:
        what: the work.
        alternatives: name -> a function that does the work once and returns what is measured.
        rounds: how many of each.
        unit: of the series.
        factor: from what the functions return to that unit.
        is_time: less is better.
        warm_up: do each once before, unmeasured.
    """
    if warm_up:
        for measure in alternatives.values():
            measure()
    values: dict[str, list[float]] = {name: [] for name in alternatives}
    for order in rotated(list(alternatives), rounds):
        for name in order:
            values[name].append(alternatives[name]() * factor)
    samples = {name: Samples.of(each) for name, each in values.items()}
    return Series(what, unit, samples, is_time)
