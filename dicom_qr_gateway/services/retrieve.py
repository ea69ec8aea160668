"""Query, then have the PACS send every matching study: the clinical side of ``POST /qr``.

Rule: one C-MOVE request a study, since a list of UIDs hides a missing study behind Success; all on
one association, which is opened again for the rest when a study's trouble ended it.
"""

import socket
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from dicom_qr_gateway.dicom.association import Association
from dicom_qr_gateway.dicom.budgets import ByteBudget
from dicom_qr_gateway.dicom.bulkheads import RETRIEVES
from dicom_qr_gateway.dicom.c_move import c_move
from dicom_qr_gateway.dicom.pool import Pool
from dicom_qr_gateway.dicom.types import Deadline, QueryRetrieveLevel
from dicom_qr_gateway.dicom.uids import PATIENT_ROOT_MOVE, STUDY_ROOT_MOVE
from dicom_qr_gateway.errors import (
    GatewayError,
    MoveFailed,
    PacsTimeout,
    RetrieveTimeout,
    ShuttingDown,
)
from dicom_qr_gateway.services.matching import wire_patient_id
from dicom_qr_gateway.services.query import QueryService, StudyQuery
from dicom_qr_gateway.services.study import Study
from dicom_qr_gateway.services.study_outcome import Outcome, StudyOutcome


@dataclass(frozen=True, slots=True)
class StudyRetrieve:
    """A valid request to send the studies of one patient to a move destination."""

    query: StudyQuery
    move_destination: str


@dataclass(frozen=True, slots=True)
class Retrieved:
    """What was found and what became of it; at least a part of it was sent."""

    studies: list[Study]
    withheld: int
    details: list[dict[str, Any]]
    success_count: int
    total_count: int

    @property
    def status(self) -> str:
        """Return the contract's ``ok`` (everything was sent) or ``partial``."""
        return "ok" if self.success_count == self.total_count else "partial"


class RetrieveService:
    """Finds studies and has them sent."""

    def __init__(self, pool: Pool, queries: QueryService) -> None:
        """Keep where associations come from, and who finds the studies."""
        self._pool = pool
        self._queries = queries

    def retrieve(self, request: StudyRetrieve, client: socket.socket | None) -> Retrieved:
        """Return what became of each matching study, when at least one was sent in part.

        Raises:
            TargetNotAllowed: policy forbids the move destination.
            GatewayBusy: half of this worker's threads hold retrieves already.
            MoveFailed, PacsTimeout, ShuttingDown: nothing was sent; ``extra`` says why for each.
            GatewayError: the query failed, see QueryService.find.
        """
        self._pool.policy.check_destination(request.move_destination)
        with self._pool.bulkheads.place(RETRIEVES):
            return self._retrieve(request, client)

    def _retrieve(self, request: StudyRetrieve, client: socket.socket | None) -> Retrieved:
        whole = Deadline.after(
            self._pool.limits.retrieve_timeout,
            RetrieveTimeout,
            "The retrieve took longer than RETRIEVE_TIMEOUT.",
        )
        found = self._queries.find(request.query, client, whole)
        outcomes = [StudyOutcome(study.uid, request.move_destination) for study in found.studies]
        self._move_all(request, deque(outcomes), client, whole)
        if all(outcome.status is Outcome.FAILED for outcome in outcomes):
            raise nothing_was_sent(outcomes)
        return Retrieved(found.studies, found.withheld, **summary(outcomes))

    def _move_all(
        self,
        request: StudyRetrieve,
        waiting: deque[StudyOutcome],
        client: socket.socket | None,
        whole: Deadline,
    ) -> None:
        """Move study after study; an association that ends is opened again for the rest."""
        lists = ByteBudget(self._pool.limits.max_response_bytes)
        while waiting:
            try:
                with self._pool.association(
                    request.query.pacs,
                    request.query.calling_ae_title,
                    (STUDY_ROOT_MOVE, PATIENT_ROOT_MOVE),
                    client,
                    whole,
                ) as association:
                    # A study at least, or a PACS that ends each association is asked for ever.
                    self._move(association, request, waiting.popleft(), lists, whole)
                    while waiting and not association.has_ended():
                        self._move(association, request, waiting.popleft(), lists, whole)
            except _AssociationEnded:
                continue
            except GatewayError as error:
                for outcome in waiting:
                    outcome.error = error
                return

    def _move(
        self,
        association: Association,
        request: StudyRetrieve,
        outcome: StudyOutcome,
        lists: ByteBudget,
        whole: Deadline,
    ) -> None:
        """Move one study and note everything the PACS says.

        Raises:
            _AssociationEnded: the study's trouble ended the association.
        """
        context = association.context_for(STUDY_ROOT_MOVE, PATIENT_ROOT_MOVE)
        keys = {
            "QueryRetrieveLevel": QueryRetrieveLevel.STUDY.value,
            "StudyInstanceUID": outcome.study_instance_uid,
        }
        if context.abstract_syntax == PATIENT_ROOT_MOVE:
            keys["PatientID"] = wire_patient_id(request.query.patient_id)
        try:
            for response in c_move(
                association,
                context,
                keys,
                request.move_destination,
                self._pool.limits,
                lists,
                whole,
                charset=request.query.pacs.quirks.charset,
            ):
                outcome.add(response)
        except GatewayError as error:
            outcome.error = error
            raise _AssociationEnded from error


class _AssociationEnded(Exception):
    """A study's outcome is known, but its association cannot serve another."""


def summary(outcomes: list[StudyOutcome]) -> dict[str, Any]:
    """Return the counts and details that every answer to a retrieve states."""
    return {
        "details": [outcome.as_detail() for outcome in outcomes],
        "success_count": sum(outcome.status is Outcome.OK for outcome in outcomes),
        "total_count": len(outcomes),
    }


def nothing_was_sent(outcomes: list[StudyOutcome]) -> GatewayError:
    """Return the error of a retrieve of which no study was sent, not even in part."""
    counts = summary(outcomes)
    extra = {
        "success_count": counts["success_count"],
        "total_count": counts["total_count"],
        "retrieve_details": counts["details"],
    }
    errors = [outcome.error for outcome in outcomes]
    if any(isinstance(error, ShuttingDown) for error in errors):
        return ShuttingDown("The gateway is being stopped and ended this retrieve.", extra=extra)
    timeouts = [error for error in errors if isinstance(error, PacsTimeout)]
    if len(timeouts) == len(outcomes):
        return _common_timeout(timeouts)(
            "No study was sent in time: see retrieve_details for each.", extra=extra
        )
    return MoveFailed("No study was sent: see retrieve_details for each.", extra=extra)


def _common_timeout(timeouts: Iterable[PacsTimeout]) -> type[PacsTimeout]:
    """Return the one kind of time-out that ended every study, else the retrieve's own."""
    kinds = {type(timeout) for timeout in timeouts}
    return kinds.pop() if len(kinds) == 1 else RetrieveTimeout
