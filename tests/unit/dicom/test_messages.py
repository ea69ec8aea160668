"""DIMSE messages: agreement with pynetdicom, fragments in every size, hostile command sets."""

import struct
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom.dimse_messages import (
    C_CANCEL_RQ,
    C_ECHO_RQ,
    C_FIND_RQ,
    C_FIND_RSP,
    C_MOVE_RQ,
    C_MOVE_RSP,
)
from pynetdicom.dimse_primitives import C_FIND, C_MOVE
from pynetdicom.dsutils import decode, encode

from dicom_qr_gateway.dicom.messages import (
    MAX_COMMAND_SET,
    MAX_IDENTIFIER,
    CommandField,
    MessageAssembler,
    Request,
    Response,
    encode_cancel,
    fragments,
)
from dicom_qr_gateway.dicom.pdu import DataTF, Fragment, PduReader
from dicom_qr_gateway.dicom.types import SubOperations
from dicom_qr_gateway.dicom.uids import STUDY_ROOT_FIND
from dicom_qr_gateway.errors import ProtocolError, ResponseTooLarge

numbers = st.integers(0, 0xFFFF)
ae_titles = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="\\"),
    min_size=1,
    max_size=16,
)


def fragments_of(data: bytes) -> list[Fragment]:
    """Return the fragments of encoded P-DATA-TF PDUs."""
    reader = PduReader()
    reader.feed(data)
    found = []
    while isinstance(pdu := reader.pop(), DataTF):
        found += pdu.fragments
    assert not reader.is_incomplete
    return found


def command_set(**elements: object) -> bytes:
    """Return a command set as pynetdicom encodes it, with its group length."""
    data_set = Dataset()
    for keyword, value in elements.items():
        setattr(data_set, keyword, value)
    return encode(data_set, True, True)


def a_find_response(**elements: object) -> bytes:
    """Return a pending C-FIND-RSP with an identifier, elements added or replaced."""
    usual = {
        "CommandField": 0x8020,
        "MessageIDBeingRespondedTo": 1,
        "CommandDataSetType": 1,
        "Status": 0xFF00,
    }
    return command_set(**{**usual, **elements})


@given(st.sampled_from(list(CommandField)[:3]), numbers, st.booleans(), st.none() | ae_titles)
def test_pynetdicom_reads_our_requests(command_field, message_id, has_identifier, destination):
    request = Request(command_field, message_id, STUDY_ROOT_FIND, has_identifier, destination)
    encoded = request.encode()
    theirs = decode(BytesIO(encoded), True, True)
    assert theirs.CommandGroupLength == len(encoded) - 12
    assert theirs.CommandField == command_field
    assert theirs.MessageID == message_id
    assert theirs.AffectedSOPClassUID == UID(STUDY_ROOT_FIND)
    assert (theirs.CommandDataSetType != 0x0101) == has_identifier
    assert theirs.get("MoveDestination") == destination


def test_our_command_sets_have_the_elements_of_pynetdicoms():
    for theirs, ours in (
        (C_FIND_RQ(), Request(CommandField.C_FIND_RQ, 1, STUDY_ROOT_FIND)),
        (C_MOVE_RQ(), Request(CommandField.C_MOVE_RQ, 1, STUDY_ROOT_FIND, True, "ANY")),
        (C_ECHO_RQ(), Request(CommandField.C_ECHO_RQ, 1, STUDY_ROOT_FIND, False)),
    ):
        read = decode(BytesIO(ours.encode()), True, True)
        assert [e.keyword for e in read] == [e.keyword for e in theirs.command_set]


def test_a_cancel_has_the_elements_of_pynetdicoms():
    read = decode(BytesIO(encode_cancel(7)), True, True)
    assert [e.keyword for e in read] == [e.keyword for e in C_CANCEL_RQ().command_set]
    assert read.MessageIDBeingRespondedTo == 7
    assert read.CommandField == 0x0FFF


@given(numbers, numbers, st.booleans())
def test_we_read_pynetdicoms_find_response(message_id, status, has_identifier):
    primitive = C_FIND()
    primitive.MessageIDBeingRespondedTo = message_id
    primitive.AffectedSOPClassUID = STUDY_ROOT_FIND
    primitive.Status = status
    message = C_FIND_RSP()
    message.primitive_to_message(primitive)
    message.command_set.CommandDataSetType = 1 if has_identifier else 0x0101
    read = Response.decode(encode(message.command_set, True, True))
    assert read == Response(0x8020, message_id, status, has_identifier, SubOperations())


@given(st.none() | numbers, st.none() | numbers, st.none() | numbers, st.none() | numbers)
def test_we_read_pynetdicoms_move_counts_and_absent_ones_as_none(
    remaining, completed, failed, warning
):
    primitive = C_MOVE()
    primitive.MessageIDBeingRespondedTo = 1
    primitive.Status = 0xFF00
    primitive.NumberOfRemainingSuboperations = remaining
    primitive.NumberOfCompletedSuboperations = completed
    primitive.NumberOfFailedSuboperations = failed
    primitive.NumberOfWarningSuboperations = warning
    message = C_MOVE_RSP()
    message.primitive_to_message(primitive)
    read = Response.decode(encode(message.command_set, True, True))
    assert read.sub_operations == SubOperations(remaining, completed, failed, warning)


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


@given(st.binary(max_size=200))
def test_an_arbitrary_command_set_gives_a_response_or_a_protocol_error(data):
    try:
        Response.decode(data)
    except ProtocolError:
        return


@pytest.mark.parametrize(
    "missing", ["CommandField", "MessageIDBeingRespondedTo", "CommandDataSetType", "Status"]
)
def test_a_response_without_a_mandatory_element_is_a_protocol_error(missing):
    elements = {
        "CommandField": 0x8020,
        "MessageIDBeingRespondedTo": 1,
        "CommandDataSetType": 1,
        "Status": 0xFF00,
    }
    del elements[missing]
    with pytest.raises(ProtocolError, match="mandatory"):
        Response.decode(command_set(**elements))


def test_every_truncation_of_a_response_is_a_value_or_a_protocol_error():
    whole = a_find_response()
    for end in range(len(whole)):
        with pytest.raises(ProtocolError):
            Response.decode(whole[:end])


def test_a_number_of_the_wrong_length_is_a_protocol_error():
    broken = a_find_response() + struct.pack("<HHI", 0, 0x1020, 4) + bytes(4)
    with pytest.raises(ProtocolError, match="wrong length"):
        Response.decode(broken)


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
