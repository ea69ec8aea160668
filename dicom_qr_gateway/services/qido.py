"""Search by QIDO-RS: one PACS or several, one page or all of it.

Rule: an answer is either whole, a page of which it is said whether there is more, or a stream that
breaks where it fails and, under a limit, says that there may be more. Of several PACS each has
answered in full, or the answer says which did not.
"""

import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from operator import itemgetter
from typing import Final

from dicom_qr_gateway.dicom.budgets import FindBudget
from dicom_qr_gateway.dicom.pool import Pool
from dicom_qr_gateway.dicom.query_keys import texts_of
from dicom_qr_gateway.dicom.request_charset import can_encode
from dicom_qr_gateway.errors import GatewayError, InvalidRequest, PacsError
from dicom_qr_gateway.named_pacs import NamedPacs
from dicom_qr_gateway.services.qido_attributes import Level, of_steps
from dicom_qr_gateway.services.qido_outcomes import Outcome, ask_each
from dicom_qr_gateway.services.qido_request import Search
from dicom_qr_gateway.services.qido_rows import Draft, Match
from dicom_qr_gateway.services.qido_session import MAX_ROWS_HELD, MAYBE_MORE, MORE, Bounds, Session

MAX_PAGE: Final = 2 * MAX_ROWS_HELD  # rows that a limit has read whole, and one more


@dataclass(slots=True)
class Answer:
    """Rows in the DICOM JSON Model, and what must be said of them.

    ``rest`` continues ``rows`` where there are more than MAX_ROWS_HELD: it may raise any
    GatewayError, and needs ``close`` in every case.
    """

    rows: list[bytes]
    warnings: list[str] = field(default_factory=list)
    rest: Iterator[bytes] | None = None
    session: Session | None = None

    def seconds_left(self) -> float:
        """Return how long a stream may still take, in seconds, for its client too."""
        return self.session.seconds_left() if self.session is not None else 0.0

    def close(self) -> None:
        """End what a stream still holds."""
        if self.session is not None:
            self.session.close()


class QidoService:
    """Searches PACS."""

    def __init__(self, pool: Pool) -> None:
        """Keep where associations come from."""
        self._pool = pool

    def search(
        self, search: Search, pacs: Sequence[NamedPacs], client: socket.socket | None
    ) -> Answer:
        """Return what matches.

        Args:
            search: what is asked.
            pacs: whom to ask, at least one.
            client: the HTTP client's socket where the server offers it: a hang-up ends the query.

        Raises:
            InvalidRequest: a PACS cannot be asked this, or cannot answer it.
            PatientMismatch: every match is another patient's.
            GatewayError: the answer could not be had, see Session.
        """
        for each in pacs:
            _check_charset(search, each)
        _check_steps(search)
        limits = self._pool.limits
        budget = FindBudget(limits, is_shared=len(pacs) > 1)
        bounds = Bounds(client, limits.query_deadline(), budget)
        if len(pacs) == 1:
            return self._of_one(search, pacs[0], bounds)
        return self._of_several(search, pacs, bounds)

    def _of_one(self, search: Search, pacs: NamedPacs, bounds: Bounds) -> Answer:
        session = Session(self._pool, search, pacs, bounds)
        try:
            if search.limit is not None and search.limit <= MAX_PAGE:
                answer = _page(session, search, search.limit)
            else:
                answer = _all(session, search)
        except BaseException:
            session.close()
            raise
        if answer.rest is None:
            session.close()
        return answer

    def _of_several(self, search: Search, pacs: Sequence[NamedPacs], bounds: Bounds) -> Answer:
        """Return the rows of all PACS in one order.

        Every PACS is waited for, even after one has failed: ``failures`` names all that failed,
        so none may be left out because it was slower. QUERY_TIMEOUT bounds the wait for all
        together; a PACS whose turn comes after that has failed by it too.
        """
        outcomes = ask_each(self._pool, search, pacs, bounds)
        failures = [each for each in outcomes if each.failure is not None]
        if failures and (not search.partial or len(failures) == len(outcomes)):
            raise _failed(failures)
        rows = sorted((row for each in outcomes for row in each.rows), key=itemgetter(0))
        end = None if search.limit is None else search.offset + search.limit
        warnings = [warning for each in outcomes for warning in each.warnings]
        if end is not None and end < len(rows):
            warnings.append(MORE)
        return Answer([row for _, row in rows[search.offset : end]], warnings)


def _failed(failures: Sequence[Outcome]) -> GatewayError:
    """Return the error of a search that not every PACS answered: that of one which did not."""
    errors = [(each.pacs.name, each.failure) for each in failures if each.failure is not None]
    first = next((error for _, error in errors if isinstance(error, PacsError)), errors[0][1])
    first.extra["failures"] = [
        {"pacs": name, "error": error.error, "message": error.message} for name, error in errors
    ]
    names = ", ".join(name for name, _ in errors)
    first.message = f"Not every PACS answered: {names}. See failures, or ask for partial=true."
    return first


def _page(session: Session, search: Search, limit: int) -> Answer:
    """Return so many rows in the order of the PACS, and whether there are more."""
    skipped = session.skip(search.offset)
    drafts = session.read_drafts(limit)
    more = session.skip(1)
    session.look_on()
    session.enough()
    rows = session.completed(drafts)
    session.check(skipped + len(rows) + more)
    return Answer(rows, [*session.warnings(), *([MORE] if more else [])])


def _all(session: Session, search: Search) -> Answer:
    """Return everything from the offset on: sorted where all of it was read, else as a stream."""
    skipped = session.skip(search.offset)
    keys, drafts = session.read(islice(session.rest(), MAX_ROWS_HELD + 1))
    if len(drafts) > MAX_ROWS_HELD:
        session.check(skipped + len(drafts))
        return _stream(session, search, drafts)
    rows = session.completed(drafts)
    if search.limit is None and not search.offset:
        rows = [row for _, row in sorted(zip(keys, rows, strict=True), key=itemgetter(0))]
    session.check(skipped + len(rows))
    return Answer(rows, session.warnings())


def _stream(session: Session, search: Search, drafts: Sequence[Draft | bytes]) -> Answer:
    rows, warnings = session.stream(drafts)
    end = None
    if search.limit is not None:
        end = search.limit - len(rows)
        warnings.append(MAYBE_MORE)
    rest = chain(rows[MAX_ROWS_HELD:], _rest(session, islice(session.rest(), end)))
    return Answer(rows[:MAX_ROWS_HELD], warnings, rest, session)


def _rest(session: Session, matches: Iterator[Match]) -> Iterator[bytes]:
    for match in matches:
        yield session.row(match)
    session.warnings()


def _check_charset(search: Search, pacs: NamedPacs) -> None:
    charset = pacs.quirks.charset
    if charset and not all(can_encode(text, charset) for text in texts_of(search.asked)):
        raise InvalidRequest(
            {"query": [f"A value cannot be said in {charset}, which PACS {pacs.name} is asked in."]}
        )


def _check_steps(search: Search) -> None:
    """Refuse what a worklist has only inside of its steps: no PACS knows it elsewhere."""
    keywords = of_steps() if search.level is Level.WORKLIST else {}
    reason = "The attribute belongs to the scheduled procedure step: write {}."
    errors = {
        keyword: [reason.format(f"ScheduledProcedureStepSequence.{keyword}")]
        for key, keyword in keywords.items()
        if key in search.asked
    }
    if errors:
        raise InvalidRequest(errors)
