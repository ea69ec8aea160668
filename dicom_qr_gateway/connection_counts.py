"""How many clients each worker serves, so that the next one goes to who has the fewest.

Rule: numbers in memory that all workers share, each written by its own worker alone. What a worker
says of itself may be a moment old; nothing but the choice between workers depends on it.
"""

import mmap
from typing import Final

PLACES: Final = 512  # workers at a time: twice 256, while all are replaced
_BYTES: Final = 8


class ConnectionCounts:
    """The counts of the workers that descend from one process."""

    def __init__(self) -> None:
        """Begin without a worker."""
        self._counts = memoryview(mmap.mmap(-1, PLACES * _BYTES)).cast("d")

    def tell(self, worker: int, connections: float) -> None:
        """Write how many connections a worker has; each has a number of its own."""
        self._counts[worker % PLACES] = connections + 1

    def forget(self, worker: int) -> None:
        """Count a worker no more: it takes no connections."""
        self._counts[worker % PLACES] = 0

    def beyond_the_least(self, worker: int) -> float:
        """Return how many connections more than another a worker has; it has told them."""
        return self._counts[worker % PLACES] - min(filter(None, self._counts.tolist()))


COUNTS: Final = ConnectionCounts()
