"""How much a PACS may send before the gateway refuses to hold more of it.

Rule: where several PACS spend one budget, each in its thread, no spending is lost.
"""

import threading
from copy import copy
from typing import Final

from dicom_qr_gateway.dicom.types import Limits
from dicom_qr_gateway.errors import PacsError, ResponseTooLarge, TooManyMatches

_TOO_LARGE: Final = "The responses of the PACS exceed MAX_RESPONSE_BYTES: ask for less at a time."
_TOO_MANY: Final = "The query matches more than MAX_MATCHES: ask for less at a time."


class Budget:
    """How much may still be spent."""

    def __init__(self, most: int, error: type[PacsError], message: str) -> None:
        """Begin with the whole budget; the error is what it means that nothing is left."""
        self._left = most
        self._error, self._message = error, message

    def spend(self, count: int) -> None:
        """Take so much off the budget.

        Raises:
            PacsError: this budget's error, nothing is left.
        """
        self._left -= count
        if self._left < 0:
            raise self._error(self._message)


class SharedBudget(Budget):
    """A budget that several threads spend."""

    def __init__(self, most: int, error: type[PacsError], message: str) -> None:
        """Begin as Budget does."""
        super().__init__(most, error, message)
        self._lock = threading.Lock()

    def spend(self, count: int) -> None:
        """Take so much off the budget, see Budget."""
        with self._lock:
            super().spend(count)


class ByteBudget(Budget):
    """How many bytes of responses one operation may still receive (MAX_RESPONSE_BYTES)."""

    def __init__(self, most: int) -> None:
        """Begin with the whole budget; its error is ResponseTooLarge."""
        super().__init__(most, ResponseTooLarge, _TOO_LARGE)


class FindBudget:
    """What all C-FINDs of one query may receive together: MAX_RESPONSE_BYTES and MAX_MATCHES.

    ``rows`` is for what the responses become, which control characters and replaced bytes can make
    several times as large: it is bounded as they are. MAX_MATCHES is of what is searched: a C-FIND
    that asks for more of it has a ``further`` budget.
    """

    def __init__(self, limits: Limits, *, is_shared: bool = False) -> None:
        """Begin with the whole budget, which several threads spend where it is shared."""
        self._limits = limits
        self._kind = SharedBudget if is_shared else Budget
        self.bytes = self._kind(limits.max_response_bytes, ResponseTooLarge, _TOO_LARGE)
        self.rows = self._kind(limits.max_response_bytes, ResponseTooLarge, _TOO_LARGE)
        self.matches = self._all_matches()

    def further(self) -> "FindBudget":
        """Return a budget of the same bytes, whose matches are counted by themselves."""
        budget = copy(self)
        budget.matches = self._all_matches()
        return budget

    def _all_matches(self) -> Budget:
        return self._kind(self._limits.max_matches, TooManyMatches, _TOO_MANY)
