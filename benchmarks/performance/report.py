"""The page that states the figures, and the raw values as JSON lines.

Rule: a figure that misses its target is written like any other; a row that was not run this time
keeps what the page says of it.
"""

import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from benchmarks.common.figures import Figure, Row, in_order, kept, machine, table_line
from benchmarks.common.programs import ROOT
from benchmarks.performance.plot import plot
from benchmarks.performance.samples import Series
from benchmarks.performance.versions import versions

DOCUMENT = ROOT / "docs" / "performance.md"
PLOT = ROOT / "docs" / "performance.svg"
LINES = ROOT / "build" / "bench"
_TABLE_HEAD = "| row | work | target | measured | verdict |\n|---|---|---|---|---|\n"
_SECTION = re.compile(r"^## Row (\S+?), .*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)

Result = Figure | Series


@dataclass
class Report:
    """What was measured, by row."""

    results: dict[str, tuple[Row, list[Result]]] = field(default_factory=dict)
    load_before: float = field(default_factory=lambda: os.getloadavg()[0])

    def add(self, row: Row, results: list[Result]) -> None:
        self.results[row.number] = (row, results)

    @property
    def misses(self) -> int:
        """Return how many figures miss their target."""
        return sum(
            isinstance(result, Figure) and result.passed is False
            for _, results in self.results.values()
            for result in results
        )

    def write_lines(self, folder: Path = LINES) -> None:
        """Write a file for each row: a line of JSON for each figure and each series."""
        folder.mkdir(parents=True, exist_ok=True)
        for number, (_, results) in self.results.items():
            lines = [json.dumps(_as_json(number, result)) + "\n" for result in results]
            (folder / f"row-{number}.jsonl").write_text("".join(lines), encoding="utf-8")

    def write(self, *, is_whole: bool, document: Path = DOCUMENT, picture: Path = PLOT) -> None:
        """Write the page and its picture; rows that were not run keep what it says of them.

        Args:
            is_whole: all rows were run, so the day and the machine are this run's.
            document: where to.
            picture: where the plot goes, when the row that it shows was run.
        """
        before = document.read_text(encoding="utf-8") if document.exists() else ""
        measured = re.search(r"^Measured on .+\n.+$", before, re.MULTILINE)
        if is_whole or measured is None:
            heading = (
                f"Measured on {date.today().isoformat()}: {machine()}; load average before the run "
                f"{self.load_before:.1f}.\n{versions()}."
            )
        else:
            heading = measured[0]
        lines = kept(before, r"\| (\d\S*) \| ")
        sections = {found[1]: found[0].rstrip() + "\n" for found in _SECTION.finditer(before)}
        for number, (row, results) in self.results.items():
            figures = [result for result in results if isinstance(result, Figure)]
            lines[number] = [table_line(number, figure) for figure in figures]
            series = [result for result in results if isinstance(result, Series)]
            sections[number] = _section(row, series)
        document.write_text(_document(heading, lines, sections), encoding="utf-8")
        if "1" in self.results:
            shown = [each for each in self.results["1"][1] if isinstance(each, Series)]
            picture.write_text(plot(shown), encoding="utf-8")


def _as_json(number: str, result: Result) -> dict[str, object]:
    if isinstance(result, Figure):
        facts = {"target": result.threshold, "measured": result.measured, "passed": result.passed}
        return {"row": number, "work": result.what, **facts}
    values = {name: samples.values for name, samples in result.alternatives.items()}
    return {"row": number, "work": result.what, "unit": result.unit, "values": values}


def _section(row: Row, series: Iterable[Series]) -> str:
    return f"## Row {row.number}, {row.title}\n\n{row.meaning}\n" + "".join(map(_table, series))


def _table(series: Series) -> str:
    """Return a table of the alternatives; ratios are to the first of them, round by round."""
    first = next(iter(series.alternatives))
    head = (
        f"\n{series.what}, {series.rounds} rounds:\n\n"
        f"| | median ({series.unit}) | quartiles | p99 | ÷ {first} (quartiles) |\n"
        "|---|---|---|---|---|\n"
    )
    lines = []
    for name, samples in series.alternatives.items():
        low, high = samples.quartiles
        ratio = "" if name == first else str(series.ratio(name, first))
        lines.append(
            f"| {name} | {samples.median:.4g} | {low:.4g} to {high:.4g} | {samples.p99:.4g} "
            f"| {ratio} |\n"
        )
    return head + "".join(lines)


def _document(heading: str, lines: dict[str, list[str]], sections: dict[str, str]) -> str:
    order = sorted(lines, key=in_order)
    table = "".join(line for number in order for line in lines[number])
    misses = table.count("**FAIL**")
    verdict = f"Figures that miss their target: {misses}." if misses else "Every target is met."
    return (
        "# Performance, measured\n\n"
        "`make bench` writes this page, whatever the figures say. Everything runs on one machine "
        "over loopback; all alternatives\nof a table took turns, each round in another order, and "
        "a ratio is taken round by round: ratios count, times are noise.\nThe gateway is asked "
        "through real HTTP, kept alive, under gunicorn as `gunicorn.conf.py` sets it up. The floor "
        "is a program in C\nthat sends the same bytes to the same PACS and decodes nothing. A "
        "figure of several rounds is a median, with its\nquartiles in brackets. "
        "`benchmarks/README.md` says what the alternatives are and how to run it.\n\n"
        f"{heading}\n\n{verdict}\n\n"
        "![How long one C-FIND takes](performance.svg)\n\n"
        + _TABLE_HEAD
        + table
        + "\n"
        + "\n".join(sections[number] for number in order if number in sections)
    )
