"""A search of one PACS: an association, what it finds, and the page of it that was asked for.

Rule: up to MAX_ROWS_HELD rows, and a page of up to twice as many, are read before anything is
answered; what is longer is left to a stream, which holds its association until it is closed.
"""

import logging
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Final

from dicom_qr_gateway.dicom.association import Association
from dicom_qr_gateway.dicom.budgets import FindBudget
from dicom_qr_gateway.dicom.pool import Pool
from dicom_qr_gateway.dicom.types import Deadline
from dicom_qr_gateway.errors import IdentifierRefused, PatientMismatch
from dicom_qr_gateway.named_pacs import NamedPacs
from dicom_qr_gateway.services.attribute_names import names_of
from dicom_qr_gateway.services.lent_association import LentAssociation
from dicom_qr_gateway.services.level_finder import models_of
from dicom_qr_gateway.services.qido_attributes import Level
from dicom_qr_gateway.services.qido_finder import Finder, options_for
from dicom_qr_gateway.services.qido_request import Search
from dicom_qr_gateway.services.qido_rows import MODALITIES_IN_STUDY, Draft, Key, Match
from dicom_qr_gateway.services.search_limits import ENOUGH, not_known
from dicom_qr_gateway.services.study_modalities import modalities_of

log = logging.getLogger(__name__)

MAX_ROWS_HELD: Final = 1000

MORE: Final = "There are additional results that can be requested."
# Of a limit that cuts what is sent while it is read.
MAYBE_MORE: Final = "There may be additional results that can be requested."
NOT_FUZZY: Final = (
    "The fuzzymatching parameter is not supported. Only literal matching has been performed."
)
LEFT_OUT: Final = "The PACS refused to be asked for everything. It was not asked for {}."
REFUSED_CHARSET: Final = (
    "The PACS refused to be asked in a second character set ({}): what is stored in it may be "
    "missing."
)
REFUSED_SERIES: Final = (
    "ModalitiesInStudy is missing in some studies: the PACS refused to be asked for their series."
)
# Of a stream: the PACS is still busy with it when its rows are sent.
NOT_ASKED_FOR_SERIES: Final = (
    "ModalitiesInStudy is missing in some studies: the PACS leaves it out, and of so many studies "
    "it is not asked for."
)
NOT_COUNTED: Final = "Of so many results, further ones that are withheld are not counted."


@dataclass(frozen=True, slots=True)
class Bounds:
    """What ends a search, however many PACS it asks: its client's hang-up, a deadline, a budget.

    ``client`` is the HTTP client's socket where the server offers it, else None.
    """

    client: socket.socket | None
    whole: Deadline
    budget: FindBudget


class Session:
    """An association for one search of one PACS; ``close`` ends it, at any time, more than once."""

    def __init__(self, pool: Pool, search: Search, pacs: NamedPacs, bounds: Bounds) -> None:
        """Open the association.

        Raises:
            GatewayError: see Pool.association and Finder.
        """
        self._search, self._bounds = search, bounds
        self._refused_series = False
        self._open = ExitStack()
        self._lent = LentAssociation(_lend(pool, search, pacs, bounds))
        with ExitStack() as opening:
            opening.callback(self._lent.close)
            self._finder = Finder(
                self._lent, search, pacs.quirks, pool.limits, bounds.budget, bounds.whole
            )
            self._matches = self._finder.matches()
            # Closed before its association: that is where a C-CANCEL goes out.
            opening.callback(self._matches.close)
            self._open = opening.pop_all()

    def seconds_left(self) -> float:
        """Return the seconds until the search must be over."""
        return max(self._bounds.whole.remaining(), 0.0)

    def close(self) -> None:
        """End what is under way: by a C-CANCEL, then the association's end."""
        self._open.close()

    def read_drafts(self, count: int) -> list[Draft | bytes]:
        """Return the next matches as ``draft`` does, each while the PACS looks for the next one.

        Raises:
            ResponseTooLarge: all rows together are more than MAX_RESPONSE_BYTES.
            GatewayError: see Finder.matches.
        """
        return [self.draft(match) for match in islice(self._matches, count)]

    def read(self, matches: Iterable[Match]) -> tuple[list[Key], list[Draft | bytes]]:
        """Return what sorts each match, and its draft: written before the next one comes.

        Raises: as read_drafts.
        """
        keys, drafts = [], []
        for match in matches:
            keys.append(match.key(self._search.level))
            drafts.append(self.draft(match))
        return keys, drafts

    def skip(self, count: int) -> int:
        """Read so many matches, or all there are, and forget them; return how many."""
        return sum(1 for _ in islice(self._matches, count))

    def rest(self) -> Iterator[Match]:
        """Return all matches that were not read yet."""
        return self._matches

    def stream(self, drafts: Sequence[Draft | bytes]) -> tuple[list[bytes], list[str]]:
        """Let nothing be left out from now on; return the rows so far and what must be said."""
        said = [*self.warnings(), *([NOT_COUNTED] if self._search.asked else ())]
        self._finder.at_level.tell_no_more()
        lacking = [NOT_ASKED_FOR_SERIES] if any(isinstance(each, Draft) for each in drafts) else []
        return [self._finished(each, {}) for each in drafts], [*said, *lacking]

    def look_on(self) -> None:
        """Read on for attributes that are asked for without a value and were in no match yet.

        What a PACS leaves out counts as empty only if it returns it where it is not.
        """
        for _ in range(ENOUGH):
            if not self._finder.at_level.withheld.unknown_if_empty() or not self.skip(1):
                return

    def enough(self) -> None:
        """Ask for no more matches."""
        self._matches.close()

    def row(self, match: Match) -> bytes:
        """Return the row of a match.

        Raises:
            ResponseTooLarge: all rows together are more than MAX_RESPONSE_BYTES.
        """
        row = match.row(self._search.demanded)
        self._bounds.budget.rows.spend(len(row))
        return row

    def draft(self, match: Match) -> Draft | bytes:
        """Return the row of a match, or its draft where modalities are to be asked for.

        Raises:
            ResponseTooLarge: all rows together are more than MAX_RESPONSE_BYTES.
        """
        if self._search.level is not Level.STUDIES or match.text(MODALITIES_IN_STUDY):
            return self.row(match)
        draft = match.draft(self._search.demanded)
        self._bounds.budget.rows.spend(len(draft.lines))
        return draft

    def completed(self, drafts: Sequence[Draft | bytes]) -> list[bytes]:
        """Return the rows, with modalities where the PACS left them out (PS3.18 10.6.3.3).

        Raises:
            ResponseTooLarge: all rows together are more than MAX_RESPONSE_BYTES.
            GatewayError: see modalities_of and Pool.association.
        """
        known = self._modalities(sorted({each.uid for each in drafts if isinstance(each, Draft)}))
        return [self._finished(each, known) for each in drafts]

    def _finished(self, draft: Draft | bytes, known: Mapping[str, str]) -> bytes:
        if isinstance(draft, bytes):
            return draft
        row = draft.row(known.get(draft.uid, ""))
        self._bounds.budget.rows.spend(len(row) - len(draft.lines))
        return row

    def _modalities(self, uids: Sequence[str]) -> dict[str, str]:
        """Return the modalities of these studies, as far as the PACS lets itself be asked."""
        known: dict[str, str] = {}
        if uids and not self._lent.association.is_open:
            self._finder.at_level.use(self._lent.fresh())
        try:
            for start in range(0, len(uids), MAX_ROWS_HELD):
                several = uids[start : start + MAX_ROWS_HELD]
                found = modalities_of(self._finder.at_level, self._lent, several)
                known.update((uid, each.text) for uid, each in found.items())
        except IdentifierRefused:
            log.info("the PACS refuses to be asked for the series of its studies")
            self._refused_series = True
        return known

    def check(self, found: int) -> None:
        """Raise where what was found, or that nothing was, would not be the truth.

        Args:
            found: how many matches there are.

        Raises:
            PatientMismatch: PatientID is asked for by value and the PACS has other patients only.
            InvalidRequest: the PACS neither matches nor returns an attribute that is asked for.
        """
        withheld = self._finder.at_level.withheld
        if not found and withheld and withheld.are_of_other_patients:
            raise PatientMismatch(
                "The PACS returned only other patients: it may ignore the Patient ID key."
            )
        if unknown := withheld.unknown_if_empty() if found else withheld.unknown():
            raise not_known(unknown)

    def warnings(self) -> list[str]:
        """Return what must be said of the answer so far."""
        at_level, found = self._finder.at_level, []
        if self._search.fuzzy_matching and not at_level.agreed.fuzzy_matching:
            found.append(NOT_FUZZY)
        if count := at_level.withheld.count(self._search.level):
            log.warning("%d matches withheld that were not asked for", count)
        found += at_level.withheld.sayings(self._search.level)
        if names := names_of(at_level.left_out):
            found.append(LEFT_OUT.format(", ".join(names)))
        for charset in sorted(at_level.refused_charsets):
            found.append(REFUSED_CHARSET.format(charset.strip("\\").replace("\\", " and ")))
        if self._refused_series:
            found.append(REFUSED_SERIES)
        return found


def _lend(
    pool: Pool, search: Search, pacs: NamedPacs, bounds: Bounds
) -> Callable[[], AbstractContextManager[Association]]:
    return partial(
        pool.association,
        pacs.peer,
        pacs.calling_ae_title,
        models_of(search.level),
        bounds.client,
        bounds.whole,
        find_options=options_for(search, pacs.quirks),
    )
