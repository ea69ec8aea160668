"""What each of several PACS answered to one search.

Rule: every PACS has an outcome, all its rows or why there are none; whoever has no turn before the
deadline has failed by it.
"""

import logging
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from contextvars import copy_context
from dataclasses import dataclass, replace
from typing import Final

from dicom_qr_gateway.dicom.pool import Pool
from dicom_qr_gateway.errors import GatewayError, ShuttingDown
from dicom_qr_gateway.named_pacs import NamedPacs
from dicom_qr_gateway.services.qido_request import Search
from dicom_qr_gateway.services.qido_rows import RETRIEVE_AE_TITLE, Key
from dicom_qr_gateway.services.qido_session import Bounds, Session

log = logging.getLogger(__name__)

MAX_AT_ONCE: Final = 8  # PACS that one search asks at a time


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one of several PACS answered: all rows with what sorts them, or why it did not."""

    pacs: NamedPacs
    rows: list[tuple[Key, bytes]]
    warnings: list[str]
    failure: GatewayError | None = None


def ask_each(
    pool: Pool, search: Search, pacs: Sequence[NamedPacs], bounds: Bounds
) -> list[Outcome]:
    """Ask all at once, but names of one host and port in turn: they share what it can take.

    Raises:
        ShuttingDown, ClientLeft: nobody waits for an answer any more.
    """
    by_place = defaultdict(list)
    for each in pacs:
        by_place[each.peer.host.lower(), each.peer.port].append(each)
    with ThreadPoolExecutor(min(len(by_place), MAX_AT_ONCE), "qido") as threads:
        # Each thread logs under the correlation id of the request.
        asked = [
            threads.submit(copy_context().run, _ask_in_turn, pool, search, names, bounds)
            for names in by_place.values()
        ]
    outcomes = {each.pacs.name: each for some in asked for each in some.result()}
    return [outcomes[each.name] for each in pacs]


def _ask_in_turn(
    pool: Pool, search: Search, pacs: Sequence[NamedPacs], bounds: Bounds
) -> list[Outcome]:
    return [_outcome(pool, search, each, bounds) for each in pacs]


def _outcome(pool: Pool, search: Search, pacs: NamedPacs, bounds: Bounds) -> Outcome:
    whole = replace(search, limit=None)  # a page is cut from all that all of them have
    try:
        with closing(Session(pool, whole, pacs, bounds)) as session:
            return _everything(session, pacs)
    except ShuttingDown:
        raise
    except GatewayError as error:
        log.warning("PACS %s: %s", pacs.name, error.error)
        return Outcome(pacs, [], [f"PACS {pacs.name} failed: {error.error}."], error)


def _everything(session: Session, pacs: NamedPacs) -> Outcome:
    """Return all that one PACS has; each row says where it can be retrieved from."""
    own = {RETRIEVE_AE_TITLE: pacs.peer.ae_title}
    keys, drafts = session.read(match.knowing(own) for match in session.rest())
    rows = session.completed(drafts)
    session.check(len(rows))
    warnings = [f"PACS {pacs.name}: {warning}" for warning in session.warnings()]
    return Outcome(pacs, [*zip(keys, rows, strict=True)], warnings)
