"""``python -m benchmarks.reliability [row …] [--write]``: measure, judge, print; 1 if any fails."""

import argparse
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from types import FrameType

from benchmarks.common.figures import Figure, Row
from benchmarks.reliability.bench import Bench
from benchmarks.reliability.report import DOCUMENT, Report
from benchmarks.reliability.rows import EXTRA_ROWS, ROWS


class TookTooLong(Exception):
    """A row did not come to its end."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the rows that are named, else all of ROWS; return the exit code."""
    known = {row.number: row for row in (*ROWS, *EXTRA_ROWS)}
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reliability", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="row", help=f"of {', '.join(known)}")
    parser.add_argument("--write", action="store_true", help=f"update docs/{DOCUMENT.name}")
    chosen = parser.parse_args(arguments)
    for unknown in set(chosen.rows) - set(known):
        parser.error(f"there is no row {unknown}")
    report = Report()
    for row in [known[number] for number in chosen.rows] or ROWS:
        report.add(row, _figures(row))
    if chosen.write:
        report.write(is_whole=not chosen.rows)
    print("\nall rows pass" if report.passed else "\nsome figures fail")
    return 0 if report.passed else 1


def _figures(row: Row) -> list[Figure]:
    """Run a row; whatever goes wrong with it is a figure that fails."""
    print(f"\nRow {row.number}, {row.title}", flush=True)
    figures: list[Figure] = []
    begun = time.monotonic()
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(row.seconds)
    try:
        with Bench() as bench:
            for figure in row.run(bench):
                figures.append(figure)
                _show(figure)
    except Exception as error:
        traceback.print_exc()
        broken = Figure("the whole row", "comes to its end", type(error).__name__, passed=False)
        figures.append(broken)
        _show(broken)
    finally:
        signal.alarm(0)
    print(f"  ({time.monotonic() - begun:.0f} s)", flush=True)
    return figures


def _show(figure: Figure) -> None:
    verdict = figure.verdict.strip("*")
    print(f"  {verdict:4}  {figure.what}: {figure.measured} ({figure.threshold})", flush=True)


def _too_long(_number: int, _frame: FrameType | None) -> None:
    raise TookTooLong


if __name__ == "__main__":
    sys.exit(main())
