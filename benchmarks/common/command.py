"""What both benches do with their command line: the rows that are named, one after the other.

Rule: whatever goes wrong with a row is a figure that fails, and no row lasts for ever.
"""

import argparse
import signal
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any

from benchmarks.common.figures import Figure, Row


class TookTooLong(Exception):
    """A row did not come to its end."""


@dataclass(frozen=True)
class Asked:
    """What the command line says; ``is_whole`` where it names no rows."""

    rows: Sequence[Row]
    is_whole: bool
    write: bool


def read_arguments(
    arguments: Sequence[str] | None,
    bench: str,
    description: str | None,
    rows: Sequence[Row],
    further: Sequence[Row] = (),
) -> Asked:
    """Return what is asked, or end the process with a line that says what is accepted.

    Args:
        arguments: of the command line; None for the process' own.
        bench: its name, which its page has too.
        description: for ``--help``.
        rows: all that run where none is named.
        further: rows that run only where they are named.
    """
    known = {row.number: row for row in (*rows, *further)}
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{bench}", description=description)
    parser.add_argument("rows", nargs="*", metavar="row", help=f"of {', '.join(known)}")
    parser.add_argument("--write", action="store_true", help=f"update docs/{bench}.md")
    chosen = parser.parse_args(arguments)
    for unknown in set(chosen.rows) - set(known):
        parser.error(f"there is no row {unknown}")
    named = [known[number] for number in chosen.rows]
    return Asked(named or rows, not named, chosen.write)


def results_of(
    row: Row, measure: Callable[[], Iterator[Any]], show: Callable[[Any], None]
) -> list[Any]:
    """Run a row and show its results as they come."""
    print(f"\nRow {row.number}, {row.title}", flush=True)
    results: list[Any] = []
    begun = time.monotonic()
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(row.seconds)
    try:
        for result in measure():
            results.append(result)
            show(result)
    except Exception as error:
        traceback.print_exc()
        results.append(Figure("the whole row", "is measured", type(error).__name__, passed=False))
        show(results[-1])
    finally:
        signal.alarm(0)
    print(f"  ({time.monotonic() - begun:.0f} s)", flush=True)
    return results


def show_figure(figure: Figure) -> None:
    """Print a figure and its verdict."""
    verdict = figure.verdict.strip("*")
    print(f"  {verdict:4}  {figure.what}: {figure.measured} ({figure.threshold})", flush=True)


def _too_long(_number: int, _frame: FrameType | None) -> None:
    raise TookTooLong
