"""A picture of how long the alternatives take: horizontal bars, hand-written SVG.

Rule: the axis is logarithmic and says so; every bar has its value beside it.
"""

import math
from collections.abc import Callable, Sequence
from xml.sax.saxutils import escape

from benchmarks.performance.samples import Series

_WIDTH, _LEFT, _RIGHT, _BAR, _GAP = 860, 300, 80, 16, 34
_STYLE = (
    "text{font:13px sans-serif;fill:#222}.title{font-weight:bold}.axis{stroke:#ccc}"
    ".tick{fill:#666;text-anchor:middle}.name{text-anchor:end}.bar{fill:#9db4c8}.first{fill:#0b6e4f}"
    "svg{background:#fff}"
)


def plot(series: Sequence[Series]) -> str:
    """Return the picture; the first alternative of each series stands out."""
    medians = [each.median for one in series for each in one.alternatives.values()]
    lowest = 10 ** math.floor(math.log10(min(medians)))
    highest = 10 ** math.ceil(math.log10(max(medians)))
    scale = (_WIDTH - _LEFT - _RIGHT) / math.log10(highest / lowest)

    def x(value: float) -> float:
        return _LEFT + scale * math.log10(value / lowest)

    parts: list[str] = []
    y = 10.0
    for one in series:
        parts.append(f'<text class="title" x="8" y="{y + 14:g}">{escape(one.what)}</text>')
        y += 24
        for number, (name, samples) in enumerate(one.alternatives.items()):
            parts += _bar(name, samples.median, y, x(samples.median), is_first=number == 0)
            y += _BAR + 4
        y += _GAP - 24
    axis = _axis(lowest, highest, x, y, series[0].unit)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{y + 36:g}" '
        f'viewBox="0 0 {_WIDTH} {y + 36:g}">\n<style>{_STYLE}</style>\n'
        + "\n".join([*axis, *parts])
        + "\n</svg>\n"
    )


def _bar(name: str, value: float, y: float, end: float, *, is_first: bool) -> list[str]:
    kind = "first" if is_first else "bar"
    name = name.replace("`", "")
    return [
        f'<text class="name" x="{_LEFT - 8}" y="{y + 13:g}">{escape(name)}</text>',
        f'<rect class="{kind}" x="{_LEFT}" y="{y:g}" width="{end - _LEFT:.1f}" height="{_BAR}"/>',
        f'<text x="{end + 6:.1f}" y="{y + 13:g}">{value:.3g}</text>',
    ]


def _axis(
    lowest: float, highest: float, x: Callable[[float], float], y: float, unit: str
) -> list[str]:
    parts = []
    value = lowest
    while value <= highest:
        at = f"{x(value):.1f}"
        parts.append(f'<line class="axis" x1="{at}" x2="{at}" y1="8" y2="{y:g}"/>')
        parts.append(f'<text class="tick" x="{at}" y="{y + 16:g}">{value:g} {unit}</text>')
        value *= 10
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    note = "medians, logarithmic; shorter is better"
    parts.append(f'<text class="tick" x="{middle:g}" y="{y + 30:g}">{note}</text>')
    return parts
