"""Figures, their verdicts, and the document that states them.

Rule: a threshold is written beside the figure it judges; a figure that fails is written like any
other. A row that was not run this time keeps the lines of the run before.
"""

import os
import platform
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

DOCUMENT = Path(__file__).parents[2] / "docs" / "reliability.md"
_TABLE_HEAD = "| row | what was done | threshold | measured | verdict |\n|---|---|---|---|---|\n"


@dataclass(frozen=True)
class Figure:
    """One thing that was done, what was asked of it and what came out."""

    what: str
    threshold: str
    measured: str
    passed: bool

    @property
    def verdict(self) -> str:
        return "pass" if self.passed else "**FAIL**"


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


Run: TypeAlias = Callable[[Any], Iterator[Figure]]


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


@dataclass
class Report:
    """What was measured, by row."""

    results: dict[str, tuple[Row, list[Figure]]] = field(default_factory=dict)

    def add(self, row: Row, figures: list[Figure]) -> None:
        self.results[row.number] = (row, figures)

    @property
    def passed(self) -> bool:
        return all(figure.passed for _, figures in self.results.values() for figure in figures)

    def write(self, *, is_whole: bool, document: Path = DOCUMENT) -> None:
        """Write the document; rows that were not run keep what it says of them.

        Args:
            is_whole: all rows were run, so the day and the machine are this run's.
            document: where to.
        """
        before = document.read_text(encoding="utf-8") if document.exists() else ""
        measured = re.search(r"^Measured on .+$", before, re.MULTILINE)
        if is_whole or measured is None:
            heading = f"Measured on {date.today().isoformat()}: {_machine()}."
        else:
            heading = measured[0]
        sentences = dict(_kept(before, r"- \*\*Row (\S+),"))
        lines = dict(_kept(before, r"\| (\S+) \| "))
        for number, (row, figures) in self.results.items():
            sentences[number] = [f"- **Row {number}, {row.title}.** {row.meaning}\n"]
            lines[number] = [_line(number, figure) for figure in figures]
        document.write_text(_document(heading, sentences, lines), encoding="utf-8")


def _kept(text: str, pattern: str) -> Iterator[tuple[str, list[str]]]:
    found: dict[str, list[str]] = {}
    for line in text.splitlines(keepends=True):
        match = re.match(pattern, line)
        if match and match[1] != "row":
            found.setdefault(match[1], []).append(line)
    yield from found.items()


def _line(number: str, figure: Figure) -> str:
    cells = (number, figure.what, figure.threshold, figure.measured, figure.verdict)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _in_order(number: str) -> tuple[int, str]:
    digits = re.match(r"\d+", number)
    return int(digits[0]) if digits else 0, number


def _document(heading: str, sentences: dict[str, list[str]], lines: dict[str, list[str]]) -> str:
    order = sorted(lines, key=_in_order)
    table = "".join(line for number in order for line in lines[number])
    failing = table.count("**FAIL**")
    verdict = f"Figures that fail: {failing}." if failing else "Every figure passes."
    return (
        "# Reliability, measured\n\n"
        "`make reliability` writes this page (`make soak` its line of row 9L), whatever the "
        "figures say.\nEverything runs on one machine over loopback: gunicorn as "
        "`gunicorn.conf.py` sets it up, nginx as `deploy/nginx.conf` does,\nand a PACS of canned "
        "bytes that misbehaves on request.\n\n"
        f"{heading}\n\n{verdict}\n\n"
        + _TABLE_HEAD
        + table
        + "\n## What each row means\n\n"
        + "".join(line for number in order for line in sentences.get(number, ()))
    )


def _machine() -> str:
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
