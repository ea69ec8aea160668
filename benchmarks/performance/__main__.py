"""``python -m benchmarks.performance [row …] [--write]``: measure, judge, print.

It ends with 0 whatever the figures say: a target that is missed is a finding, not a failure.
"""

import argparse
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from types import FrameType

from benchmarks.common.figures import Figure, Row
from benchmarks.performance.bench import Bench
from benchmarks.performance.report import DOCUMENT, Report, Result
from benchmarks.performance.rows import ROWS


class TookTooLong(Exception):
    """A row did not come to its end."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the rows that are named, else all of ROWS; return the exit code."""
    known = {row.number: row for row in ROWS}
    parser = argparse.ArgumentParser(prog="python -m benchmarks.performance", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="row", help=f"of {', '.join(known)}")
    parser.add_argument("--write", action="store_true", help=f"update docs/{DOCUMENT.name}")
    chosen = parser.parse_args(arguments)
    for unknown in set(chosen.rows) - set(known):
        parser.error(f"there is no row {unknown}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends what runs, as Ctrl-C does
    report = Report()
    with Bench() as bench:
        for row in [known[number] for number in chosen.rows] or ROWS:
            report.add(row, _results(row, bench))
    report.write_lines()
    if chosen.write:
        report.write(is_whole=not chosen.rows)
    print(f"\n{report.misses} figures miss their target")
    return 0


def _results(row: Row, bench: Bench) -> list[Result]:
    """Run a row; whatever goes wrong with it is a figure that misses its target."""
    print(f"\nRow {row.number}, {row.title}", flush=True)
    results: list[Result] = []
    begun = time.monotonic()
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(row.seconds)
    try:
        for result in row.run(bench):
            results.append(result)
            _show(result)
    except Exception as error:
        traceback.print_exc()
        results.append(Figure("the whole row", "is measured", type(error).__name__, passed=False))
    finally:
        signal.alarm(0)
    print(f"  ({time.monotonic() - begun:.0f} s)", flush=True)
    return results


def _show(result: Result) -> None:
    if isinstance(result, Figure):
        verdict = result.verdict.strip("*")
        print(f"  {verdict:4}  {result.what}: {result.measured} ({result.threshold})", flush=True)
        return
    print(f"  {result.what}, {result.rounds} rounds, {result.unit}", flush=True)
    for name, samples in result.alternatives.items():
        print(f"        {name:28} {samples}, p99 {samples.p99:.3g}", flush=True)


def _too_long(_number: int, _frame: FrameType | None) -> None:
    raise TookTooLong


if __name__ == "__main__":
    sys.exit(main())
