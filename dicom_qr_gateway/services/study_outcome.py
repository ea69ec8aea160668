"""What became of one study of a retrieve: the contract's table of ok, partial and failed. No I/O.

Rule: a study is ``ok`` only when the PACS said Success as its last word, nothing failed or remains
of what it announced, and something was sent; anything less is never called sent.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from dicom_qr_gateway.dicom.c_move import MoveResponse
from dicom_qr_gateway.dicom.status import SUCCESS, advice, hex_status
from dicom_qr_gateway.dicom.types import SubOperations
from dicom_qr_gateway.errors import GatewayError, RetrieveTimeout, ShuttingDown

MOST_COUNTED = 0xFFFF


class Outcome(StrEnum):
    """How far a study got."""

    OK = "ok"
    PARTIAL = "partial"
    FAILED = "failed"


@dataclass(slots=True)
class StudyOutcome:
    """Everything the PACS said of one study, and what ended it."""

    study_instance_uid: str
    move_destination: str
    counts: SubOperations = field(default_factory=SubOperations)
    # The fewest sub-operations that a pending response says to be done or to remain: some PACS
    # count one that ends at that moment twice.
    announced: int | None = None
    final: MoveResponse | None = None
    failed_sop_instance_uids: tuple[str, ...] = ()
    error: GatewayError | None = None

    def add(self, response: MoveResponse) -> None:
        """Take a response.

        A count that is not stated keeps its last value, and one that was above zero never falls
        back to it: Orthanc's failure statuses state zeros, and 16-bit counters of large studies
        wrap around.
        """
        now = response.sub_operations
        self.counts = SubOperations(
            remaining=now.remaining,
            completed=_latest(self.counts.completed, now.completed),
            failed=_latest(self.counts.failed, now.failed),
            warning=_latest(self.counts.warning, now.warning),
        )
        listed = response.failed_sop_instance_uids
        self.failed_sop_instance_uids = listed or self.failed_sop_instance_uids
        if response.is_final:
            self.final = response
        elif now.remaining is not None:
            announced = _done(now) + now.remaining
            self.announced = min(announced, self.announced or announced)

    @property
    def sent_anything(self) -> bool:
        """Tell whether the PACS ever said that it sent an instance."""
        return bool(self.counts.completed or self.counts.warning)

    @property
    def status(self) -> Outcome:
        """Return the contract's verdict."""
        if self._is_ok():
            return Outcome.OK
        return Outcome.PARTIAL if self.sent_anything else Outcome.FAILED

    def _is_ok(self) -> bool:
        return (
            self.final is not None
            and self.final.status == SUCCESS
            and not self.counts.failed
            and not self.final.has_failed_list
            and not self.failed_sop_instance_uids
            and not self.counts.remaining
            and self._final_says_sent(self.final.sub_operations)
            and self._final_says_all(self.final.sub_operations)
        )

    def _final_says_sent(self, final: SubOperations) -> bool:
        """Tell whether the counts that the final response states say that something was sent.

        Where it states none, earlier ones count; where no response ever did, Success has to do. A
        zero is a 16-bit counter that wrapped around if the response before it was at its end.
        """
        if final.completed is None and final.warning is None:
            return self.sent_anything or self._is_uncounted()
        return bool(final.completed or final.warning) or self.counts.completed == MOST_COUNTED

    def _final_says_all(self, final: SubOperations) -> bool:
        """Tell whether the final response accounts for all that the ones before it announced.

        One without counts does, unless the operation was ended from our side: some PACS answer a
        C-CANCEL by Success. Counters of 16 bits cannot state more than they hold.
        """
        is_counted = final.completed is not None or final.warning is not None
        announced = self.announced or 0
        if is_counted and _done(self.counts) < announced < MOST_COUNTED:
            return False
        if self.error is None:
            return True
        return is_counted and isinstance(self.error, RetrieveTimeout | ShuttingDown)

    def _is_uncounted(self) -> bool:
        """Tell whether the PACS never stated how many it sent."""
        return self.counts == replace(SubOperations(), remaining=self.counts.remaining)

    @property
    def message(self) -> str:
        """Return in plain words what happened and what to check."""
        if self.status is Outcome.OK:
            return "All instances were sent."
        if self.error is not None:
            return self.error.message
        if self.final is None:
            return "The study was not begun."
        if self.final.status != SUCCESS:
            return advice("C-MOVE", self.final.status, move_destination=self.move_destination)
        if self.sent_anything:
            return "The PACS could not send every instance of the study."
        return "The PACS reported success but sent nothing: it may not have the study any more."

    def as_detail(self) -> dict[str, Any]:
        """Return the study's entry in ``retrieve_details``."""
        return {
            "StudyInstanceUID": self.study_instance_uid,
            "status": self.status.value,
            "completed": self.counts.completed,
            "failed": self.counts.failed,
            "warning": self.counts.warning,
            "remaining": self.counts.remaining,
            "dimse_status": None if self.final is None else hex_status(self.final.status),
            "failed_sop_instance_uids": list(self.failed_sop_instance_uids),
            "message": self.message,
        }


def _done(counts: SubOperations) -> int:
    return sum(filter(None, (counts.completed, counts.failed, counts.warning)))


def _latest(before: int | None, now: int | None) -> int | None:
    return before if now is None or (now == 0 and before) else now
