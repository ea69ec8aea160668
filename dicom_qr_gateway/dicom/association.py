"""One requestor association: messages out, messages in (PS3.7 6.3), over the upper layer.

Rule: a peer that ends early, in whatever way, is an error; only a complete message is an answer.
"""

import logging
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Final, Self

from dicom_qr_gateway.dicom.associate import UserInformation
from dicom_qr_gateway.dicom.budgets import Budget, ByteBudget
from dicom_qr_gateway.dicom.command_sets import CommandField, Request, Response, encode_cancel
from dicom_qr_gateway.dicom.connection import Connection
from dicom_qr_gateway.dicom.messages import Message, MessageReader, fragments
from dicom_qr_gateway.dicom.pdu import PduReader
from dicom_qr_gateway.dicom.types import AcceptedContext, Deadline
from dicom_qr_gateway.dicom.upper_layer import UpperLayer
from dicom_qr_gateway.dicom.waiting import Waiter
from dicom_qr_gateway.errors import (
    ConnectionLost,
    NoAcceptedContext,
    ProtocolError,
    ResponseTimeout,
)

log = logging.getLogger(__name__)

MAX_UNASKED: Final = 64 * 1024  # bytes that come before the question


class Association(UpperLayer):
    """An established association; a context manager that releases, or aborts what is unanswered."""

    def __init__(
        self,
        connection: Connection,
        reader: PduReader,
        accepted: dict[str, AcceptedContext],
        peer: UserInformation,
    ) -> None:
        """Take over a connection on which an A-ASSOCIATE-AC has been received.

        Args:
            connection: the connection.
            reader: holds what the peer sent after the A-ASSOCIATE-AC.
            accepted: abstract syntax -> presentation context.
            peer: what the peer said of itself; its maximum PDU length is kept to.
        """
        super().__init__(connection, reader)
        self._accepted = accepted
        self.peer = peer
        self._message_reader = MessageReader(reader)
        self._message_id = 0
        self._is_awaiting_response = False
        self._has_received = False

    def context_for(self, *abstract_syntaxes: str) -> AcceptedContext:
        """Return the accepted context of the first of these abstract syntaxes that has one.

        Raises:
            NoAcceptedContext: none of them was accepted.
        """
        for abstract_syntax in abstract_syntaxes:
            if abstract_syntax in self._accepted:
                return self._accepted[abstract_syntax]
        raise NoAcceptedContext(
            "The PACS accepted the association but not the service: check that it offers "
            "query/retrieve to this gateway's AE title."
        )

    def accepts(self, *abstract_syntaxes: str) -> bool:
        """Tell whether at least one of these abstract syntaxes was accepted."""
        return not self._accepted.keys().isdisjoint(abstract_syntaxes)

    def send(
        self,
        command_field: CommandField,
        context: AcceptedContext,
        identifier: bytes | None,
        *deadlines: Deadline,
        move_destination: str | None = None,
    ) -> int:
        """Send a request; return its message ID.

        Raises:
            PacsTimeout, ConnectionLost: it could not be sent.
            ProtocolError: the PACS has sent a response already, which can be to no question.
            AssociationAborted: the PACS has ended the association.
        """
        if not self._is_open:
            raise ConnectionLost("The association had to be ended before the last request.")
        self._expect_silence(*deadlines)
        self._message_id = self._message_id % 0xFFFF + 1
        request = Request(
            command_field,
            self._message_id,
            context.abstract_syntax,
            identifier is not None,
            move_destination,
        )
        log.debug("%s sent, message ID %d", command_field.name, self._message_id)
        self._is_awaiting_response = True
        self._send_message(context, request.encode(), identifier, *deadlines)
        return self._message_id

    def cancel(self, context: AcceptedContext, message_id: int, *deadlines: Deadline) -> None:
        """Send a C-CANCEL-RQ for a request under way (PS3.7 9.3.2.3)."""
        log.debug("C-CANCEL-RQ sent, message ID %d", message_id)
        self._send_message(context, encode_cancel(message_id), None, *deadlines)

    def _send_message(
        self,
        context: AcceptedContext,
        command_set: bytes,
        identifier: bytes | None,
        *deadlines: Deadline,
    ) -> None:
        data = fragments(context.context_id, command_set, identifier, self.peer.max_pdu_length)
        log.debug("DataTF sent, %d bytes", len(data))
        self._connection.send(data, ResponseTimeout, *deadlines)

    def receive(
        self,
        command_field: CommandField,
        context: AcceptedContext,
        message_id: int,
        budget: Budget,
        *deadlines: Deadline,
    ) -> Message:
        """Return the next complete response to that request.

        Raises:
            AssociationAborted, ConnectionLost: the PACS ended the association.
            ProtocolError: what came is no response to that request.
            ResponseTooLarge: the budget is spent.
            PacsTimeout: the error of the deadline that passed first.
        """
        message = self._next_message(budget, *deadlines)
        response = message.response
        log.debug("response 0x%04X, status 0x%04X", response.command_field, response.status)
        if (
            message.context_id != context.context_id
            or response.message_id != message_id
            or response.command_field != command_field.response
        ):
            raise ProtocolError("The PACS sent a message that answers no request of ours.")
        self._is_awaiting_response = response.is_pending
        return message

    def identifiers(self, message: Message) -> Iterator[bytes | None]:
        """Yield a response's identifier, then those of the responses that have come behind it.

        Only of those that say the same but for the identifier; ``receive`` returns whatever else.
        A match costs its decoding that way, and little else.
        """
        yield message.identifier
        further = 0
        try:
            while (identifier := self._message_reader.pop_identifier()) is not None:
                further += 1
                yield identifier
        finally:
            if further:
                log.debug("%d more responses like it", further)

    def expect_no_more(self, passed_over: Callable[[Response], bool] = lambda _: False) -> None:
        """Abort where more of an answer has come with its final response.

        Args:
            passed_over: tells of a response that it changes nothing.

        Raises:
            ProtocolError: the final response was not the last word.
        """
        while self._message_reader.holds_more:
            message = self._message_reader.pop()
            if not (isinstance(message, Message) and passed_over(message.response)):
                self.abort()
                raise ProtocolError("The PACS went on after its final response.")

    def begun_response(self, context: AcceptedContext, message_id: int) -> Response | None:
        """Return the command set of a response whose data set has not come, None if there is none.

        What stands in it is true, whatever has ended the association since.
        """
        begun = self._message_reader.begun
        if begun is None or begun.context_id != context.context_id:
            return None
        return begun.response if begun.response.message_id == message_id else None

    def _next_message(self, budget: Budget, *deadlines: Deadline) -> Message:
        while not isinstance(message := self._message_reader.pop(), Message):
            if message is None:
                self._read(budget, *deadlines)
            else:
                self._end_by(message)
        self._has_received = True
        return message

    def _expect_silence(self, *deadlines: Deadline) -> None:
        """Raise where the PACS has said something before it is asked."""
        budget = ByteBudget(MAX_UNASKED)
        message = self._message_reader.pop()
        while message is None and (self._holds_something or self._connection.has_something()):
            self._read(budget, *deadlines)
            message = self._message_reader.pop()
        if isinstance(message, Message):
            raise ProtocolError("The PACS answered before it was asked.")
        if message is not None:
            self._end_by(message)

    def has_ended(self) -> bool:
        """Tell whether the peer ended the association between two requests.

        Nothing may come then, so whatever has come is a release, an abort or a close.
        """
        return self._holds_something or self._connection.has_something()

    @property
    def has_received(self) -> bool:
        """Tell whether a byte of a response came since this request has the association."""
        return self._has_received or self._holds_something

    @property
    def _holds_something(self) -> bool:
        return self._reader.is_incomplete or self._message_reader.holds_something

    def resume(self, waiter: Waiter) -> None:
        """Serve another request, which waits by the waiter."""
        super().resume(waiter)
        self._has_received = False

    def __enter__(self) -> Self:
        """Enter the association's use."""
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Release when every request has its final response, else abort."""
        if self._is_awaiting_response:
            self.abort()
        else:
            self.release()
