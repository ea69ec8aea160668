"""Figures and their verdicts, and what both pages say of the machine.

Rule: a threshold is written beside the figure it judges; a figure that fails is written like any
other.
"""

import os
import platform
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias


@dataclass(frozen=True)
class Figure:
    """One thing that was done, what was asked of it and what came out.

    ``passed`` is None where nothing was asked: the figure is only told.
    """

    what: str
    threshold: str
    measured: str
    passed: bool | None

    @property
    def verdict(self) -> str:
        return {None: "–", True: "pass", False: "**FAIL**"}[self.passed]


def at_most(what: str, measured: float, limit: float, unit: str) -> Figure:
    """Judge a figure that must not exceed its limit."""
    return Figure(what, f"≤ {limit:g} {unit}", f"{measured:.3g} {unit}", measured <= limit)


def at_least(what: str, measured: float, limit: float, unit: str) -> Figure:
    """Judge a figure that must reach its limit."""
    return Figure(what, f"≥ {limit:g} {unit}", f"{measured:.3g} {unit}", measured >= limit)


def within(what: str, before: float, after: float, margin: float, unit: str) -> Figure:
    """Judge a figure that must be as it was before, give or take a margin."""
    change = after - before
    measured = f"{before:.3g} → {after:.3g} {unit} ({change:+.2g})"
    return Figure(what, f"± {margin:g} {unit}", measured, abs(change) <= margin)


def all_of(what: str, outcomes: Iterable[object], expected: Callable[[Any], bool]) -> Figure:
    """Judge outcomes that must all be as expected; name the ones that are not."""
    seen = list(outcomes)
    wrong = [str(outcome) for outcome in seen if not expected(outcome)]
    kinds = ", ".join(f"{wrong.count(kind)} × {kind}" for kind in sorted(set(wrong))[:5])
    measured = f"{len(seen) - len(wrong)} of {len(seen)}" + (f"; {kinds}" if kinds else "")
    return Figure(what, "all as expected", measured, bool(seen) and not wrong)


Run: TypeAlias = Callable[[Any], Iterator[Any]]


@dataclass(frozen=True)
class Row:
    """One row of the promise: its number, a sentence about it, and what measures it.

    ``seconds`` ends a row that hangs; it is no threshold.
    """

    number: str
    title: str
    meaning: str
    run: Run
    seconds: int = 120


def table_line(number: str, figure: Figure) -> str:
    """Return the figure as a line of a page's table."""
    cells = (number, figure.what, figure.threshold, figure.measured, figure.verdict)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def in_order(number: str) -> tuple[int, str]:
    """Return the key that sorts row numbers: 9 before 9L before 10."""
    digits = re.match(r"\d+", number)
    return int(digits[0]) if digits else 0, number


def kept(text: str, pattern: str) -> dict[str, list[str]]:
    """Return a page's lines that the pattern matches, by the row number that it captures."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines(keepends=True):
        match = re.match(pattern, line)
        if match and match[1] != "row":
            found.setdefault(match[1], []).append(line)
    return found


def machine() -> str:
    """Describe the machine without its name."""
    model = re.search(r"model name\s*: (.+)", _text("/proc/cpuinfo"))
    kilobytes = re.search(r"MemTotal:\s+(\d+)", _text("/proc/meminfo"))
    memory = f"{int(kilobytes[1]) / 2**20:.0f} GiB" if kilobytes else "unknown memory"
    processor = model[1] if model else platform.machine()
    return (
        f"{os.cpu_count()} processors ({processor}), {memory}, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    )


def _text(path: str) -> str:
    return Path(path).read_text(encoding="utf-8")
