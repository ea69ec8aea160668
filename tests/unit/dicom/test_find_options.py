"""Extended negotiation: proposed where it is needed, believed where it is answered."""

import pytest

from dicom_qr_gateway.dicom.associate import AssociateRQ, UserInformation
from dicom_qr_gateway.dicom.find_options import NO_OPTIONS, FindOptions
from dicom_qr_gateway.dicom.pdu import encode_pdu
from dicom_qr_gateway.dicom.uids import STUDY_ROOT_FIND
from dicom_qr_gateway.errors import ProtocolError


@pytest.mark.parametrize(
    ("options", "information"),
    [
        (NO_OPTIONS, b""),
        (FindOptions(relational=True), b"\1\0\0"),
        (FindOptions(fuzzy_matching=True), b"\0\0\1"),
        (FindOptions(True, True), b"\1\0\1"),
    ],
)
def test_options_are_proposed_and_read(options: FindOptions, information: bytes) -> None:
    assert options.encode() == information
    assert FindOptions.decode(information) == options


@pytest.mark.parametrize("information", [b"", b"\0", b"\2\1\2", b"\xff\xff\xff", b"1\0001"])
def test_what_is_no_1_is_not_agreed(information: bytes) -> None:
    assert FindOptions.decode(information) == NO_OPTIONS


def test_the_item_is_what_it_was_on_the_wire() -> None:
    user = UserInformation(1, "1.2", "V", ((STUDY_ROOT_FIND, b"\1\0\1"), ("1.3", b"")))
    encoded = encode_pdu(AssociateRQ("A", "B", (), user))
    uid = STUDY_ROOT_FIND.encode()
    assert b"\x56\0\0\x20\0\x1b" + uid + b"\1\0\1" in encoded
    assert UserInformation.decode(user.encode()[4:]) == user


def test_an_item_that_is_cut_short_is_a_protocol_error() -> None:
    with pytest.raises(ProtocolError):
        UserInformation.decode(b"\x56\0\0\1\0")
