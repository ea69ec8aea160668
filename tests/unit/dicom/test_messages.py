"""Messages: fragments in every size and order, and those that are recognised by their bytes."""

import struct
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dicom_qr_gateway.dicom.messages import (
    MAX_COMMAND_SET,
    MAX_IDENTIFIER,
    Message,
    MessageAssembler,
    MessageReader,
    fragments,
)
from dicom_qr_gateway.dicom.pdu import (
    MAX_INCOMING_PDU,
    Abort,
    DataTF,
    Fragment,
    PduReader,
    encode_pdu,
)
from dicom_qr_gateway.errors import GatewayError, ProtocolError, ResponseTooLarge

from .responses import a_find_response

MATCH = a_find_response()
FINAL = a_find_response(CommandDataSetType=0x0101, Status=0)


def fragments_of(data: bytes) -> list[Fragment]:
    """Return the fragments of encoded P-DATA-TF PDUs."""
    reader = PduReader()
    reader.feed(data)
    found = []
    while isinstance(pdu := reader.pop(), DataTF):
        found += pdu.fragments
    assert not reader.is_incomplete
    return found


@given(st.binary(min_size=2, max_size=500), st.integers(64, 300) | st.just(0))
def test_a_message_survives_every_maximum_pdu_length(identifier, max_pdu_length):
    sent = fragments(3, a_find_response(), identifier, max_pdu_length)
    assembler, messages = MessageAssembler(), []
    for fragment in fragments_of(sent):
        assert not max_pdu_length or len(fragment.data) + 6 <= max_pdu_length
        message = assembler.add(fragment)
        if message is not None:
            messages.append(message)
    (message,) = messages
    assert message.context_id == 3
    assert message.identifier == identifier
    assert message.response.status == 0xFF00


def test_two_messages_in_a_row_do_not_mix():
    assembler = MessageAssembler()
    sent = fragments(1, a_find_response(), b"ab", 0) + fragments(
        5, a_find_response(CommandDataSetType=0x0101, Status=0), None, 0
    )
    first, second = filter(None, map(assembler.add, fragments_of(sent)))
    assert (first.context_id, first.identifier) == (1, b"ab")
    assert (second.context_id, second.identifier, second.response.status) == (5, None, 0)


@given(
    st.lists(
        st.builds(
            Fragment,
            st.sampled_from([1, 3]),
            st.booleans(),
            st.booleans(),
            st.binary(max_size=60) | st.just(a_find_response()),
        ),
        max_size=6,
    )
)
def test_arbitrary_fragments_give_messages_or_a_protocol_error(arrived):
    assembler = MessageAssembler()
    try:
        for fragment in arrived:
            assembler.add(fragment)
    except ProtocolError:
        return


def test_an_endless_command_set_is_refused_at_a_stated_size():
    assembler = MessageAssembler()
    piece = Fragment(1, True, False, bytes(MAX_COMMAND_SET // 2))
    assembler.add(piece)
    assembler.add(piece)
    with pytest.raises(ProtocolError, match="too long"):
        assembler.add(Fragment(1, True, False, b"ab"))


def test_an_endless_identifier_is_refused_at_a_stated_size():
    assembler = MessageAssembler()
    assembler.add(Fragment(1, True, True, a_find_response()))
    piece = Fragment(1, False, False, bytes(MAX_IDENTIFIER // 2))
    assembler.add(piece)
    assembler.add(piece)
    with pytest.raises(ResponseTooLarge):
        assembler.add(Fragment(1, False, False, b"ab"))


@pytest.mark.parametrize(
    "second",
    [Fragment(1, True, True, b""), Fragment(3, False, True, b"")],
    ids=["a command set where a data set is due", "another presentation context"],
)
def test_a_fragment_out_of_place_is_a_protocol_error(second):
    assembler = MessageAssembler()
    assembler.add(Fragment(1, True, True, a_find_response()))
    with pytest.raises(ProtocolError):
        assembler.add(second)


def test_a_data_set_without_a_command_set_is_a_protocol_error():
    with pytest.raises(ProtocolError, match="wrong order"):
        MessageAssembler().add(Fragment(1, False, True, b"ab"))


# --- Messages off PDUs: what is recognised by its bytes is what it would be read as ---------------


def data_pdu(*pieces: Fragment) -> bytes:
    return encode_pdu(DataTF(pieces))


def raw_pdu(kind: int, item_length: int, body: bytes) -> bytes:
    """Return a PDU with one item of presentation context 1 whose length may be wrong."""
    return struct.pack(">BxIIBB", kind, len(body) + 6, item_length, 1, 2) + body


COMMAND = Fragment(1, True, True, MATCH)
A_MATCH = fragments(1, MATCH, b"ab", 0)
AN_END = fragments(1, FINAL, None, 0)
# What may come behind the PDU of a command set, and is no data set of one PDU.
BEHIND = [
    data_pdu(Fragment(1, False, False, b"ab")) + data_pdu(Fragment(1, False, True, b"cd")),
    data_pdu(Fragment(1, False, False, b"ab"), Fragment(1, False, True, b"cd")),
    data_pdu(Fragment(1, False, True, b"ab"), COMMAND) + data_pdu(Fragment(1, False, True, b"cd")),
    data_pdu(Fragment(3, False, True, b"ab")),
    data_pdu(COMMAND),
    data_pdu(Fragment(1, False, True, b"")),
    raw_pdu(4, 3, b"abcd"),
    raw_pdu(4, 9, b"abcd"),
    raw_pdu(4, 1, b""),
    struct.pack(">BxIIBB", 4, 5, 1, 1, 2),  # the last byte is the next PDU's first
    raw_pdu(5, 6, b"abcd"),
    struct.pack(">BxIIBB", 4, MAX_INCOMING_PDU + 1, MAX_INCOMING_PDU - 3, 1, 2),
    encode_pdu(Abort(2, 0)),
    b"HTTP/1.1 400",
]
messages = (
    st.just(A_MATCH)
    | st.builds(
        fragments,
        st.sampled_from([1, 3]),
        st.sampled_from([MATCH, a_find_response(Status=0xFF01)]),
        st.sampled_from([b"ab", b"abcd" * 50, MATCH]),
        st.sampled_from([0, 64]),
    )
    | st.sampled_from(BEHIND).map(data_pdu(COMMAND).__add__)
    | st.sampled_from([AN_END, data_pdu(COMMAND, Fragment(1, False, True, b"ab")), *BEHIND])
)


def read(data: bytes, chunk: int, reader: PduReader, pop: Any) -> list[object]:
    """Return what is read of data that arrives in chunks, up to the first error."""
    found: list[object] = []
    try:
        for start in range(0, len(data), chunk):
            reader.feed(data[start : start + chunk])
            while (one := pop()) is not None:
                found.append(one)
    except GatewayError as error:
        found.append(error.message)
    return found


def plainly(reader: PduReader) -> Any:
    """Return what pops messages and other PDUs, each PDU read in full."""
    assembler = MessageAssembler()

    def popped() -> Iterator[object]:
        while True:
            pdu = reader.pop()
            if isinstance(pdu, DataTF):
                yield from [each for each in map(assembler.add, pdu.fragments) if each]
            else:
                yield pdu

    return popped().__next__


def in_runs(messages: MessageReader) -> Any:
    """Return what pops messages as a C-FIND does: those like the last one by their identifiers."""
    last: object = None

    def pop() -> object:
        nonlocal last
        if isinstance(last, Message):
            identifier = messages.pop_identifier()
            if identifier is not None:
                return Message(last.context_id, last.response, identifier)
        last = messages.pop()
        return last

    return pop


@given(
    st.lists(messages, max_size=6).map(lambda several: A_MATCH + b"".join(several)),
    st.integers(1, 700),
    st.none() | st.tuples(st.integers(0, 5000), st.integers(0, 255)),
)
@example(A_MATCH * 3 + AN_END, 10_000, None)
def test_a_message_is_the_same_whether_it_is_recognised_or_read(data, chunk, fault):
    if fault and fault[0] < len(data):
        data = data[: fault[0]] + bytes([fault[1]]) + data[fault[0] + 1 :]
    one, other, third = PduReader(), PduReader(), PduReader()
    by_reader = read(data, chunk, one, MessageReader(one).pop)
    assert by_reader == read(data, chunk, other, plainly(other))
    assert by_reader == read(data, chunk, third, in_runs(MessageReader(third)))
    assert one.is_incomplete == other.is_incomplete == third.is_incomplete


@pytest.mark.parametrize("behind", BEHIND)
def test_whatever_else_comes_behind_a_command_set_is_read(behind):
    data = A_MATCH * 2 + data_pdu(COMMAND) + behind + A_MATCH
    one, other = PduReader(), PduReader()
    by_reader = read(data, len(data), one, MessageReader(one).pop)
    assert by_reader == read(data, len(data), other, plainly(other))
    assert one.is_incomplete == other.is_incomplete


def test_the_messages_of_a_long_answer_are_recognised(monkeypatch):
    reader = PduReader()
    read_in_full = []
    pop = reader.pop
    monkeypatch.setattr(reader, "pop", lambda: read_in_full.append(1) or pop())
    messages = MessageReader(reader)
    reader.feed(A_MATCH * 9)
    found = []
    while (message := messages.pop()) is not None:
        assert isinstance(message, Message)
        found.append(message.identifier)
    assert (found, len(read_in_full)) == ([b"ab"] * 9, 2 + 1)


def test_of_two_messages_in_a_pdu_the_second_is_not_passed_over() -> None:
    reader = PduReader()
    messages = MessageReader(reader)
    match = Fragment(1, False, True, b"ab")
    other = Fragment(1, True, True, a_find_response(Status=0xFF01))
    like_the_second = fragments(1, a_find_response(Status=0xFF01), b"cd", 0)
    reader.feed(data_pdu(COMMAND, match, other, match) + like_the_second)
    assert isinstance(messages.pop(), Message)
    assert messages.pop_identifier() is None
    second = messages.pop()
    assert isinstance(second, Message)
    assert (second.response.status, second.identifier) == (0xFF01, b"ab")
    assert messages.pop_identifier() == b"cd"


def test_a_part_of_a_message_is_held() -> None:
    reader = PduReader()
    messages = MessageReader(reader)
    assert not messages.holds_something
    reader.feed(A_MATCH[:-1])
    assert (messages.pop(), messages.holds_something) == (None, True)
    reader.feed(b"b" + AN_END)
    assert isinstance(messages.pop(), Message)
    assert not messages.holds_something


def test_of_two_messages_in_a_pdu_the_second_is_held() -> None:
    reader = PduReader()
    messages = MessageReader(reader)
    reader.feed(data_pdu(COMMAND, Fragment(1, False, True, b"ab"), Fragment(1, True, True, FINAL)))
    first = messages.pop()
    assert isinstance(first, Message)
    assert (first.identifier, messages.holds_something, messages.holds_more) == (b"ab", True, True)
    assert isinstance(messages.pop(), Message)
    assert not messages.holds_something
    assert not messages.holds_more
    reader.feed(encode_pdu(Abort(0, 0)))
    assert not messages.holds_more
    assert isinstance(messages.pop(), Abort)
    reader.feed(AN_END[:1])
    assert messages.holds_more
