"""``python -m benchmarks.reliability [row …] [--write]``: measure, judge, print; 1 if any fails."""

import sys
from collections.abc import Iterator, Sequence
from functools import partial

from benchmarks.common.command import read_arguments, results_of, show_figure
from benchmarks.common.figures import Figure, Row
from benchmarks.reliability.bench import Bench
from benchmarks.reliability.report import Report
from benchmarks.reliability.rows import EXTRA_ROWS, ROWS


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the rows that are named, else all of ROWS; return the exit code."""
    asked = read_arguments(arguments, "reliability", __doc__, ROWS, EXTRA_ROWS)
    report = Report()
    for row in asked.rows:
        report.add(row, results_of(row, partial(_figures, row), show_figure))
    if asked.write:
        report.write(is_whole=asked.is_whole)
    print("\nall rows pass" if report.passed else "\nsome figures fail")
    return 0 if report.passed else 1


def _figures(row: Row) -> Iterator[Figure]:
    with Bench() as bench:
        yield from row.run(bench)


if __name__ == "__main__":
    sys.exit(main())
