"""The document that states the figures.

Rule: a figure that fails is written like any other; a row that was not run this time keeps the
lines of the run before.
"""

import re
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from benchmarks.common.figures import Figure, Row, in_order, kept, machine, table_line

DOCUMENT = Path(__file__).parents[2] / "docs" / "reliability.md"
_TABLE_HEAD = "| row | what was done | threshold | measured | verdict |\n|---|---|---|---|---|\n"


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
            heading = f"Measured on {date.today().isoformat()}: {machine()}."
        else:
            heading = measured[0]
        sentences = kept(before, r"- \*\*Row (\S+),")
        lines = kept(before, r"\| (\S+) \| ")
        for number, (row, figures) in self.results.items():
            sentences[number] = [f"- **Row {number}, {row.title}.** {row.meaning}\n"]
            lines[number] = [table_line(number, figure) for figure in figures]
        document.write_text(_document(heading, sentences, lines), encoding="utf-8")


def _document(heading: str, sentences: dict[str, list[str]], lines: dict[str, list[str]]) -> str:
    order = sorted(lines, key=in_order)
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
