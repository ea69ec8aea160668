"""``python -m benchmarks.performance [row …] [--write]``: measure, judge, print.

It ends with 0 whatever the figures say: a target that is missed is a finding, not a failure.
"""

import signal
import sys
from collections.abc import Sequence
from functools import partial

from benchmarks.common.command import read_arguments, results_of, show_figure
from benchmarks.common.figures import Figure
from benchmarks.performance.bench import Bench
from benchmarks.performance.report import Report, Result
from benchmarks.performance.rows import ROWS


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the rows that are named, else all of ROWS; return the exit code."""
    asked = read_arguments(arguments, "performance", __doc__, ROWS)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends what runs, as Ctrl-C does
    report = Report()
    with Bench() as bench:
        for row in asked.rows:
            report.add(row, results_of(row, partial(row.run, bench), _show))
    report.write_lines()
    if asked.write:
        report.write(is_whole=asked.is_whole)
    print(f"\n{report.misses} figures miss their target")
    return 0


def _show(result: Result) -> None:
    if isinstance(result, Figure):
        show_figure(result)
        return
    print(f"  {result.what}, {result.rounds} rounds, {result.unit}", flush=True)
    for name, samples in result.alternatives.items():
        print(f"        {name:28} {samples}, p99 {samples.p99:.3g}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
