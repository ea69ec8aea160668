"""The rows, one module each, in the order in which they run."""

from benchmarks.common.figures import Row
from benchmarks.reliability.rows import (
    bulkheads,
    burning,
    clients,
    clock,
    exhaustion,
    faults,
    memory,
    soak,
    stalled,
    stops,
)

ROWS: tuple[Row, ...] = (
    memory.ROW,
    faults.ROW,
    bulkheads.ROW,
    stalled.ROW,
    clients.ROW,
    stops.ROW,
    soak.ROW,
    burning.ROW,
    clock.ROW,
    exhaustion.ROW,
)
# Run only where they are named.
EXTRA_ROWS: tuple[Row, ...] = (soak.LONG_ROW,)
