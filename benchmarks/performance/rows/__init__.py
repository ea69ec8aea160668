"""The rows, one module each, in the order in which they run."""

from benchmarks.common.figures import Row
from benchmarks.performance.rows import few, processor, throughput, twins

ROWS: tuple[Row, ...] = (few.ROW, processor.ROW, throughput.ROW, twins.ROW)
