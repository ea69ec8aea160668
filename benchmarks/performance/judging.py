"""From series to figures: the targets are factors, and a factor is judged by its median."""

from benchmarks.common.figures import Figure
from benchmarks.performance.samples import Samples


def at_least_times(what: str, ratio: Samples, target: float) -> Figure:
    """Judge a factor that must be reached."""
    return Figure(what, f"≥ {target:g} ×", f"{ratio} ×", ratio.median >= target)


def at_most_times(what: str, ratio: Samples, target: float) -> Figure:
    """Judge a factor that must not be exceeded."""
    return Figure(what, f"≤ {target:g} ×", f"{ratio} ×", ratio.median <= target)


def at_most_of(what: str, samples: Samples, target: float, unit: str) -> Figure:
    """Judge the median of what must not exceed the target."""
    return Figure(what, f"≤ {target:g} {unit}", f"{samples} {unit}", samples.median <= target)


def at_least_of(what: str, samples: Samples, target: float, unit: str) -> Figure:
    """Judge the median of what must reach the target."""
    return Figure(what, f"≥ {target:g} {unit}", f"{samples} {unit}", samples.median >= target)


def told(what: str, samples: Samples, unit: str) -> Figure:
    """State what has no target."""
    return Figure(what, "told only", f"{samples} {unit}", None)
