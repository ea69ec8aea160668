"""The upper layer of an established association: PDUs in, and an end that leaves nothing behind.

Rule 1: every receive is under absolute deadlines, and its bytes count against a budget.
Rule 2: the end is an orderly A-RELEASE bounded to a second, or an A-ABORT (PS3.8 7.2 to 7.4).
"""

import logging
from typing import Final, NoReturn

from dicom_qr_gateway.dicom.budgets import Budget, ByteBudget
from dicom_qr_gateway.dicom.connection import Connection
from dicom_qr_gateway.dicom.pdu import Abort, Pdu, PduReader, ReleaseRP, ReleaseRQ, encode_pdu
from dicom_qr_gateway.dicom.types import Deadline
from dicom_qr_gateway.dicom.waiting import Waiter
from dicom_qr_gateway.errors import (
    AssociationAborted,
    ConnectionLost,
    GatewayError,
    ProtocolError,
    ResponseTimeout,
)

log = logging.getLogger(__name__)

RELEASE_TIMEOUT: Final = 1.0  # seconds


class UpperLayer:
    """A connection on which an A-ASSOCIATE-AC has been received."""

    def __init__(self, connection: Connection, reader: PduReader) -> None:
        """Take it over; the reader holds what the peer sent after the A-ASSOCIATE-AC."""
        self._connection = connection
        self._reader = reader
        self._is_open = True

    @property
    def is_open(self) -> bool:
        """Tell whether this side may still use the association."""
        return self._is_open

    def _read(self, budget: Budget, *deadlines: Deadline) -> None:
        data = self._connection.receive(self._reader.is_incomplete, ResponseTimeout, *deadlines)
        budget.spend(len(data))
        self._reader.feed(data)

    def _next_pdu(self, budget: Budget, *deadlines: Deadline) -> Pdu:
        pdu = self._reader.pop()
        while pdu is None:
            self._read(budget, *deadlines)
            pdu = self._reader.pop()
        log.debug("%s received, %d bytes", type(pdu).__name__, self._reader.length)
        return pdu

    def _end_by(self, pdu: Pdu) -> NoReturn:
        """Raise what it means that the peer sent this PDU instead of a response."""
        if isinstance(pdu, Abort):
            self._close()
            raise AssociationAborted(
                "The PACS aborted the association: its own log says why, often that it does not "
                "allow this gateway's AE title to ask.",
                dicom={"source": pdu.source, "reason": pdu.reason},
            )
        if isinstance(pdu, ReleaseRQ):
            self._is_open = False
            self._connection.send_and_close(encode_pdu(ReleaseRP()))
            raise ConnectionLost(
                "The PACS released the association before its answer was complete."
            )
        raise ProtocolError("The PACS sent a PDU that has no place in an association.")

    def suspend(self) -> None:
        """Leave the request that used it, to be kept without one."""
        self._connection.detach()

    def resume(self, waiter: Waiter) -> None:
        """Serve another request, which waits by the waiter."""
        self._connection.attach(waiter)

    def ignore_interrupts(self) -> None:
        """From now on let only deadlines end a wait: the operation is being ended already."""
        self._connection.ignore_interrupts()

    def release(self) -> None:
        """End the association in order, within a second, else by an abort (PS3.8 7.2).

        What the association was for is complete by now: a peer that cannot release properly
        changes nothing of it.
        """
        if not self._is_open:
            return
        self._connection.ignore_interrupts()
        deadline = Deadline.after(RELEASE_TIMEOUT, ResponseTimeout, "no A-RELEASE-RP in time")
        try:
            self._connection.send(encode_pdu(ReleaseRQ()), ResponseTimeout, deadline)
            self._await_release_response(deadline)
        except GatewayError as error:
            log.debug("the association could not be released in order: %s", error.message)
            self.abort()
        self._close()

    def _await_release_response(self, deadline: Deadline) -> None:
        budget = ByteBudget(1024 * 1024)
        while True:
            pdu = self._next_pdu(budget, deadline)
            if isinstance(pdu, ReleaseRP | Abort):
                return
            if isinstance(pdu, ReleaseRQ):  # both sides at once (PS3.8 7.2.2.7)
                self._connection.send(encode_pdu(ReleaseRP()), ResponseTimeout, deadline)

    def abort(self) -> None:
        """End the association at once (PS3.8 7.3); never waits, never fails."""
        if self._is_open:
            self._is_open = False
            log.debug("A-ABORT sent")
            self._connection.send_and_close(encode_pdu(Abort(source=0, reason=0)))

    def _close(self) -> None:
        self._is_open = False
        self._connection.close()
