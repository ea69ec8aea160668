"""The rows, one module each, in the order in which they run."""

from benchmarks.common.figures import Row
from benchmarks.performance.rows import few

ROWS: tuple[Row, ...] = (few.ROW,)
