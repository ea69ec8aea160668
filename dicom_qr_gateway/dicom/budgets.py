"""How much a PACS may send before the gateway refuses to hold more of it.

Rule: the PACS of one search spend one budget, each in its thread, so that no spending may be lost.
"""

import threading
from copy import copy

from dicom_qr_gateway.dicom.types import Limits
from dicom_qr_gateway.errors import ResponseTooLarge, TooManyMatches


class ByteBudget:
    """How many bytes of responses one operation may still receive (MAX_RESPONSE_BYTES)."""

    def __init__(self, most: int) -> None:
        """Begin with the whole budget."""
        self._left = most
        self._lock = threading.Lock()

    def spend(self, count: int) -> None:
        """Take received bytes off the budget.

        Raises:
            ResponseTooLarge: nothing is left.
        """
        with self._lock:
            self._left -= count
            is_spent = self._left < 0
        if is_spent:
            raise ResponseTooLarge(
                "The responses of the PACS exceed MAX_RESPONSE_BYTES: ask for less at a time."
            )


class FindBudget:
    """What all C-FINDs of one query may receive together: MAX_RESPONSE_BYTES and MAX_MATCHES.

    MAX_MATCHES is of what is searched: a C-FIND that asks for more of it has a ``further`` budget.
    ``rows`` is for what the responses become, which control characters and replaced bytes can make
    several times as large: it is bounded as they are.
    """

    def __init__(self, limits: Limits) -> None:
        """Begin with the whole budget."""
        self.bytes = ByteBudget(limits.max_response_bytes)
        self.rows = ByteBudget(limits.max_response_bytes)
        self._max_matches = self._matches_left = limits.max_matches
        self._lock = threading.Lock()

    def further(self) -> "FindBudget":
        """Return a budget of the same bytes, whose matches are counted by themselves."""
        budget = copy(self)
        budget._matches_left = self._max_matches
        return budget

    def count_match(self) -> None:
        """Take a match off the budget.

        Raises:
            TooManyMatches: none is left.
        """
        with self._lock:
            self._matches_left -= 1
            is_spent = self._matches_left < 0
        if is_spent:
            raise TooManyMatches("The query matches more than MAX_MATCHES: ask for less at a time.")
