"""Rows that are text already, on their way out.

Rule: one send takes many rows, and what stands before and behind them goes with the first and the
last: a short answer is one send.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

ROWS_AT_A_TIME: Final = 100


def pieces(before: bytes, batches: Iterable[Sequence[bytes]], after: bytes) -> Iterator[bytes]:
    """Yield a JSON array and what is around it, a piece for each batch of its rows.

    Args:
        before: ends with the opening bracket.
        batches: none of them is empty; the next one is read before one is sent.
        after: begins with the closing bracket.
    """
    following = iter(batches)
    batch = next(following, ())
    piece = before
    for next_batch in following:
        yield piece + b",".join(batch) + b","
        piece, batch = b"", next_batch
    yield piece + b",".join(batch) + after


def in_batches(rows: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """Yield the rows, many at a time."""
    for start in range(0, len(rows), ROWS_AT_A_TIME):
        yield rows[start : start + ROWS_AT_A_TIME]
