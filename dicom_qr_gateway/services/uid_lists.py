"""What a PACS says of several studies: asked by lists of their UIDs, else UID by UID.

Rule 1: PS3.4 C.4.1.2.1 wants a single Study Instance UID below STUDY level; most PACS take a list.
What is said to a list counts only as a whole: if it fails, speaks of other studies or leaves one
out (a PACS may end its answers after so many rows, and say Success), all of it is forgotten, and
each study is asked for by itself.
Rule 2: where an association ends after a list was asked, the list may be why: then the question is
asked once more, on a fresh association, without lists, and under the same deadlines and budgets.
"""

import logging
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from typing import Final, Generic, TypeVar

from dicom_qr_gateway.errors import (
    AssociationAborted,
    ConnectionLost,
    DimseFailure,
    GatewayError,
    ResponseTimeout,
)

log = logging.getLogger(__name__)

UIDS_IN_A_LIST: Final = 100
# A UID has 64 characters and a backslash behind it; those of some PACS have more.
MAX_LIST_LENGTH: Final = UIDS_IN_A_LIST * 65

Row = TypeVar("Row")


# A PACS that goes on for long after a C-CANCEL is left by an abort; some end the association
# themselves, or answer a list later than they answer a single UID.
_ENDS: Final = (ConnectionLost, AssociationAborted, ResponseTimeout)


class ListUse:
    """Whether a PACS is asked by lists in one query, all its levels together."""

    def __init__(self) -> None:
        """Begin with lists allowed and none asked."""
        self.is_allowed = True
        self.has_begun = False

    def give_up_for(self, error: GatewayError) -> bool:
        """Allow no more lists where they may be why a query failed; tell whether that is so.

        It is so once at most: what fails without lists has failed.
        """
        if not (self.has_begun and isinstance(error, _ENDS)):
            return False
        log.info("the association ended after a list of UIDs, asked again without: %s", error.error)
        self.is_allowed = self.has_begun = False
        return True


class UidLists(Generic[Row]):
    """Asks a PACS at one level; remembers whether it takes lists there."""

    def __init__(
        self,
        ask: Callable[[str], Generator[Row, None, None]],
        uid_of: Callable[[Row], str],
        use: ListUse,
    ) -> None:
        """Keep how to ask.

        Args:
            ask: for one UID, or for several joined by backslashes; closed early, it cancels.
            uid_of: returns the Study Instance UID of a row, "" where it has none.
            use: whether lists may be asked in this query.
        """
        self._ask = ask
        self._uid_of = uid_of
        self._use = use
        self._takes_lists = True

    def rows(self, uids: Sequence[str]) -> dict[str, list[Row]]:
        """Return what the PACS says of each of these studies, which are all different.

        Raises:
            GatewayError: as ``ask``, of a single UID.
        """
        rows: dict[str, list[Row]] = {}
        for start in range(0, len(uids), UIDS_IN_A_LIST):
            several = uids[start : start + UIDS_IN_A_LIST]
            rows.update(self._of_several(several) or self._of_each(several))
        return rows

    def _of_each(self, uids: Sequence[str]) -> dict[str, list[Row]]:
        """Return what the PACS says of each study, asked for by itself."""
        return {
            uid: [row for row in self._ask(uid) if self._uid_of(row) in (uid, "")] for uid in uids
        }

    def _of_several(self, uids: Sequence[str]) -> dict[str, list[Row]]:
        """Return what the PACS says to a list of the studies, nothing where it does not count."""
        listed = "\\".join(uids)
        is_list = len(uids) > 1 and len(listed) <= MAX_LIST_LENGTH
        if not (is_list and self._use.is_allowed and self._takes_lists):
            return {}
        rows = self._said_to(listed, uids)
        self._takes_lists = len(rows) == len(uids)
        return rows if self._takes_lists else {}

    def _said_to(self, listed: str, uids: Sequence[str]) -> dict[str, list[Row]]:
        rows: dict[str, list[Row]] = {}
        self._use.has_begun = True
        try:
            with closing(self._ask(listed)) as found:
                for row in found:
                    uid = self._uid_of(row)
                    if uid not in uids:
                        log.info("the PACS takes a list of UIDs for any UID, asked one by one")
                        return {}
                    rows.setdefault(uid, []).append(row)
        except DimseFailure:
            log.info("the PACS refuses a list of UIDs, asked one by one")
            return {}
        return rows
