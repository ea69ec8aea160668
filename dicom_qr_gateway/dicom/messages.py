"""DIMSE messages and their fragments (PS3.7 6.3, PS3.8 Annex E), pure.

Rule: whatever fragments arrive, the outcome is a Message, "more is needed" or ProtocolError.
An identifier stays the bytes that came.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from dicom_qr_gateway.dicom.command_sets import Response, decode_response
from dicom_qr_gateway.dicom.pdu import DataTF, Fragment, Pdu, PduReader, encode_fragment
from dicom_qr_gateway.errors import ProtocolError, ResponseTooLarge

# Decoding is not under a deadline, so its input is bounded: a list of 65,535 UIDs has 4 MB.
MAX_IDENTIFIER: Final = 5 * 1024 * 1024
MAX_COMMAND_SET: Final = 16 * 1024  # bytes; a real one has about 200


@dataclass(slots=True)
class Message:
    """A complete response: its command set, and the identifier's bytes where it has one."""

    context_id: int
    response: Response
    identifier: bytes | None


class MessageAssembler:
    """Puts fragments together to messages (PS3.8 Annex E.2)."""

    def __init__(self) -> None:
        """Begin between two messages."""
        self._context_id: int | None = None
        self._response: Response | None = None
        self._data = bytearray()
        self.command_set = b""  # of the message that is or was last put together

    @property
    def is_incomplete(self) -> bool:
        """Tell whether a part of a message has arrived and the rest is awaited."""
        return self._context_id is not None

    @property
    def begun(self) -> Message | None:
        """Return what is known of a message whose data set has not come, None of any other."""
        if self._context_id is None or self._response is None:
            return None
        return Message(self._context_id, self._response, None)

    def add(self, fragment: Fragment) -> Message | None:
        """Take the next fragment; return the message that it completes, if any.

        Raises:
            ProtocolError: the fragment does not belong here.
        """
        if self._context_id is None:
            self._context_id = fragment.context_id
        if fragment.context_id != self._context_id:
            raise ProtocolError("The PACS mixed two presentation contexts in one message.")
        if fragment.is_command != (self._response is None):
            raise ProtocolError("The PACS sent command and data set in the wrong order.")
        length = len(self._data) + len(fragment.data)
        if length > MAX_COMMAND_SET and fragment.is_command:
            raise ProtocolError("The PACS sent a command set that is too long.")
        if length > MAX_IDENTIFIER:
            raise ResponseTooLarge("The PACS sent one response that is larger than any may be.")
        if fragment.is_last and not self._data:
            return self._complete(fragment.context_id, fragment.data)
        self._data += fragment.data
        if not fragment.is_last:
            return None
        data = bytes(self._data)
        self._data.clear()
        return self._complete(fragment.context_id, data)

    def _complete(self, context_id: int, data: bytes) -> Message | None:
        identifier = None
        if self._response is None:
            self._response = decode_response(data)
            self.command_set = data
            if self._response.has_identifier:
                return None
        else:
            identifier = data
        message = Message(context_id, self._response, identifier)
        self._context_id = self._response = None
        return message


class MessageReader:
    """Reads messages off the PDUs of an association.

    A PACS sends each match behind the same command set, in a PDU of its own: nearly all messages of
    a long answer are recognised by these bytes, which were read in full once.
    """

    def __init__(self, pdus: PduReader) -> None:
        """Begin between two messages."""
        self._pdus = pdus
        self._assembler = MessageAssembler()
        self._messages: deque[Message] = deque()
        self._last: Message | None = None
        self._last_command_pdu = b""

    @property
    def holds_something(self) -> bool:
        """Tell whether something of a message was read off the PDUs that was not returned yet."""
        return self._assembler.is_incomplete or bool(self._messages)

    @property
    def holds_more(self) -> bool:
        """Tell whether something of a message has arrived behind the one that was returned last."""
        return self.holds_something or self._pdus.begins_message

    @property
    def begun(self) -> Message | None:
        """See MessageAssembler.begun."""
        return self._assembler.begun

    def pop(self) -> Message | Pdu | None:
        """Return the next message, or a PDU that is none; None if there is neither yet.

        Raises:
            ProtocolError, ResponseTooLarge: see PduReader.pop and MessageAssembler.add.
        """
        while not self._messages:
            identifier = self.pop_identifier()
            if identifier is not None and self._last is not None:
                return Message(self._last.context_id, self._last.response, identifier)
            pdu = self._pdus.pop()
            if not isinstance(pdu, DataTF):
                return pdu
            self._add(pdu)
        return self._messages.popleft()

    def pop_identifier(self) -> bytes | None:
        """Return the identifier of the next message where all the rest is that of the last one.

        None only says that it is otherwise, or not complete yet.
        """
        if self._last is None or self._messages:
            return None
        return self._pdus.pop_data_set(self._last_command_pdu, self._last.context_id)

    def _add(self, pdu: DataTF) -> None:
        message = None
        for fragment in pdu.fragments:
            message = self._assembler.add(fragment)
            if message is not None:
                self._messages.append(message)
        self._last = None
        if message is not None and message.identifier is not None:
            command_set = self._assembler.command_set
            self._last = message
            self._last_command_pdu = encode_fragment(message.context_id, True, True, command_set)


def fragments(
    context_id: int, command_set: bytes, identifier: bytes | None, max_pdu_length: int
) -> bytes:
    """Return a message as P-DATA-TF PDUs, none longer than the peer's maximum (0: no limit).

    Command set and identifier have PDUs of their own, which every peer reads; both go out in one
    send (PS3.8 Annex E.1).
    """
    room = max_pdu_length - 6 if max_pdu_length else len(command_set) + len(identifier or b"")
    room -= room % 2  # a fragment has an even length (PS3.8 9.3.5.1)
    pieces = list(_cut(context_id, command_set, True, room))
    if identifier is not None:
        pieces += _cut(context_id, identifier, False, room)
    return b"".join(pieces)


def _cut(context_id: int, data: bytes, is_command: bool, room: int) -> Iterator[bytes]:
    for start in range(0, max(len(data), 1), room):
        end = start + room
        yield encode_fragment(context_id, is_command, end >= len(data), data[start:end])
