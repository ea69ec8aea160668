"""Command sets: agreement with pynetdicom, hostile bytes."""

import struct
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
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

from dicom_qr_gateway.dicom.command_sets import CommandField, Request, Response, encode_cancel
from dicom_qr_gateway.dicom.types import SubOperations
from dicom_qr_gateway.dicom.uids import STUDY_ROOT_FIND
from dicom_qr_gateway.errors import ProtocolError

from .responses import a_find_response, command_set

numbers = st.integers(0, 0xFFFF)
ae_titles = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="\\"),
    min_size=1,
    max_size=16,
)


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


@pytest.mark.parametrize("number", [0x0100, 0x0120, 0x0900, 0x1022])
def test_an_element_that_comes_twice_is_not_believed(number):
    good = a_find_response(NumberOfFailedSuboperations=0)
    again = struct.pack("<HHIH", 0, number, 2, 0)
    with pytest.raises(ProtocolError, match="twice"):
        Response.decode(good + again)
