"""The rows, one module each, in the order in which they run."""

from benchmarks.common.figures import Row
from benchmarks.performance.rows import (
    canned,
    conversion,
    few,
    growth,
    keys,
    many,
    moves,
    processor,
    searches,
    start,
    throughput,
    twins,
)

ROWS: tuple[Row, ...] = (
    few.ROW,
    canned.ROW,
    many.ROW,
    conversion.ROW,
    growth.ROW,
    processor.ROW,
    throughput.ROW,
    twins.ROW,
    moves.ROW,
    start.ROW,
    keys.ROW,
    searches.ROW,
)
