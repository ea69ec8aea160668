"""Data sets that are missing, broken, or odd but readable (PS3.5).

Rule: each is followed by Success, so that a client which passes over the broken match has an
answer that looks complete.
"""

import struct
import zlib

from dicom_qr_gateway.sandbox.misbehaving import wire
from dicom_qr_gateway.sandbox.misbehaving.fault import Family, Truth
from dicom_qr_gateway.sandbox.misbehaving.peer import PENDING, SUCCESS, Peer
from dicom_qr_gateway.sandbox.misbehaving.proposal import EXPLICIT_VR_LITTLE_ENDIAN, Service
from dicom_qr_gateway.sandbox.misbehaving.studies import SOMEBODY_ELSE

FAMILY = Family("Data sets")

DEPTH = 10_000
CONTENT_SEQUENCE = 0x0040A730
ITEM = 0xFFFEE000
ITEM_DELIMITER = 0xFFFEE00D
SEQUENCE_DELIMITER = 0xFFFEE0DD


def only_match(peer: Peer, data: bytes) -> None:
    """Send one match with these bytes for its data set, then Success."""
    peer.respond(PENDING, data)
    peer.respond(SUCCESS)


@FAMILY.find("DATA-MISSING", Truth.PROTOCOL_ERROR)
def match_without_a_data_set(peer: Peer) -> None:
    """Sends a match that says that it has no data set."""
    peer.respond(PENDING)
    peer.respond(SUCCESS)


@FAMILY.find("DATA-PROMISED", Truth.PROTOCOL_ERROR)
def match_whose_data_set_does_not_come(peer: Peer) -> None:
    """Sends a match that promises a data set, and the next response instead of it."""
    peer.send(peer.pdus(peer.command(PENDING, has_data_set=True)))
    peer.respond(SUCCESS)


@FAMILY.find("FINAL-PROMISED", Truth.RESPONSE_TIMEOUT)
def final_response_whose_data_set_does_not_come(peer: Peer) -> None:
    """Sends a match, and a Success that promises a data set, and nothing more."""
    peer.match()
    peer.send(peer.pdus(peer.command(SUCCESS, has_data_set=True)))
    peer.wait_for_the_end()


@FAMILY.move("M-FINAL-PROMISED", Truth.RETRIEVE_TIMEOUT)
def final_move_response_whose_data_set_does_not_come(peer: Peer) -> None:
    """Says Success without counts and promises a data set, and sends nothing more."""
    peer.send(peer.pdus(peer.command(SUCCESS, has_data_set=True)))
    peer.wait_for_the_end()


@FAMILY.find("DATA-EMPTY", Truth.PROTOCOL_ERROR)
def match_with_an_empty_data_set(peer: Peer) -> None:
    """Sends a match whose data set has no elements, so no Study Instance UID either."""
    only_match(peer, b"")


@FAMILY.find("DATA-GARBAGE", Truth.PROTOCOL_ERROR)
def match_of_garbage(peer: Peer) -> None:
    """Sends a match that is nothing but the byte FF."""
    only_match(peer, b"\xff" * 200)


@FAMILY.find("DATA-CUT", Truth.PROTOCOL_ERROR)
def match_cut_in_a_value(peer: Peer) -> None:
    """Sends a match whose last value is cut short."""
    only_match(peer, peer.encode(peer.study())[:-3])


@FAMILY.find("DATA-CUT-HEADER", Truth.PROTOCOL_ERROR)
def match_cut_in_a_header(peer: Peer) -> None:
    """Sends a match with five bytes of a further element's header at its end."""
    only_match(peer, peer.encode(peer.study()) + b"\x20\x00\x0e\x00\x10")


@FAMILY.find("DATA-LENGTH", Truth.PROTOCOL_ERROR)
def value_longer_than_the_data_set(peer: Peer) -> None:
    """Sends a match with an element that claims almost 4 GiB."""
    header = struct.pack("<HHI", 0x0040, 0x0275, 0xFFFFFFF0)
    only_match(peer, peer.encode(peer.study()) + header)


@FAMILY.find("UNDEFINED-VALUE", Truth.PROTOCOL_ERROR)
def patient_id_of_undefined_length(peer: Peer) -> None:
    """Sends a match whose Patient ID has an undefined length."""
    header = struct.pack("<HHI", 0x0010, 0x0020, wire.UNDEFINED_LENGTH)
    only_match(peer, peer.encode(peer.study(PatientID=None)) + header + b"P1")


@FAMILY.find("PATIENT-TWICE", Truth.PROTOCOL_ERROR)
def two_patients_in_one_match(peer: Peer) -> None:
    """Sends a match with two elements for its Patient ID: somebody else's, then the right one."""
    own = wire.element("PatientID", peer.patient_id, peer.explicit_vr)
    only_match(peer, peer.encode(peer.study(PatientID=SOMEBODY_ELSE)) + own)


def nested(explicit_vr: bool) -> tuple[bytes, bytes]:
    """Return what opens, and what closes, sequences and items of undefined length."""
    undefined = wire.UNDEFINED_LENGTH
    sequence = wire.element_header(CONTENT_SEQUENCE, "SQ", undefined, explicit_vr)
    item = wire.element_header(ITEM, "", undefined, explicit_vr=False)
    ends = [
        wire.element_header(tag, "", 0, explicit_vr=False)
        for tag in (ITEM_DELIMITER, SEQUENCE_DELIMITER)
    ]
    return (sequence + item) * DEPTH, b"".join(ends) * DEPTH


@FAMILY.find("NESTED-10000", Truth.COMPLETE)
def nested_ten_thousand_deep(peer: Peer) -> None:
    """Sends a match with sequences of undefined length nested 10,000 deep, all of them closed."""
    opening, closing = nested(peer.explicit_vr)
    only_match(peer, peer.encode(peer.study()) + opening + closing)


@FAMILY.find("NESTED-OPEN", Truth.PROTOCOL_ERROR)
def nested_and_never_closed(peer: Peer) -> None:
    """Sends a match with sequences of undefined length nested 10,000 deep, none of them closed."""
    opening, _ = nested(peer.explicit_vr)
    only_match(peer, peer.encode(peer.study()) + opening)


@FAMILY.association("VR-UNKNOWN", Truth.PROTOCOL_ERROR, Service.FIND)
def value_representation_that_is_none(peer: Peer) -> None:
    """Sends a match in Explicit VR whose Patient ID has the VR "??"."""
    peer.accept(EXPLICIT_VR_LITTLE_ENDIAN)
    peer.read_request(Service.FIND)
    only_match(peer, peer.encode(peer.study()).replace(b"\x10\0\x20\0LO", b"\x10\0\x20\0??"))
    peer.read_release()


@FAMILY.association("VR-IMPLICIT", Truth.PROTOCOL_ERROR, Service.FIND)
def implicit_where_explicit_was_accepted(peer: Peer) -> None:
    """Accepts Explicit VR and sends a match in Implicit VR."""
    peer.accept(EXPLICIT_VR_LITTLE_ENDIAN)
    peer.read_request(Service.FIND)
    only_match(peer, wire.data_set(peer.study(), explicit_vr=False))
    peer.read_release()


@FAMILY.find("DATA-EXPLICIT", Truth.PROTOCOL_ERROR)
def explicit_where_implicit_was_accepted(peer: Peer) -> None:
    """Accepts Implicit VR and sends a match in Explicit VR."""
    only_match(peer, wire.data_set(peer.study(), explicit_vr=True))


@FAMILY.find("DATA-DEFLATED", Truth.PROTOCOL_ERROR)
def deflated_where_implicit_was_accepted(peer: Peer) -> None:
    """Accepts Implicit VR and sends a match deflated."""
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    only_match(peer, deflate.compress(peer.encode(peer.study())) + deflate.flush())


@FAMILY.find("UID-NO-UID", Truth.PROTOCOL_ERROR)
def study_instance_uid_that_is_none(peer: Peer) -> None:
    """Sends a match whose Study Instance UID is a word."""
    only_match(peer, peer.encode(peer.study(StudyInstanceUID="NOT-A-UID")))


@FAMILY.find("UID-NUL", Truth.PROTOCOL_ERROR)
def nul_in_a_uid(peer: Peer) -> None:
    """Sends a match with a NUL in the middle of its Study Instance UID."""
    only_match(peer, peer.encode(peer.study(StudyInstanceUID=b"2.25.31\x004159")))


@FAMILY.find("TEXT-100-KB", Truth.PROTOCOL_ERROR)
def value_longer_than_any_text(peer: Peer) -> None:
    """Sends a match with a Patient Name of 100,000 characters."""
    only_match(peer, peer.encode(peer.study(PatientName="X" * 100_000)))


@FAMILY.find("VALUES-BROKEN", Truth.COMPLETE)
def values_that_break_their_vr(peer: Peer) -> None:
    """Sends a match whose date, time and numbers are none, with control characters in its text."""
    only_match(
        peer,
        peer.encode(
            peer.study(
                StudyDate="99999999",
                StudyTime="noon",
                PatientBirthDate="+4",
                NumberOfStudyRelatedInstances="12x",
                StudyDescription="A\x07\x1b[31mB\x7f",
            )
        ),
    )


@FAMILY.find("VALUES-NUL", Truth.COMPLETE)
def values_with_nuls(peer: Peer) -> None:
    """Sends a match whose texts are full of NULs, within them and as padding."""
    patient_id = peer.patient_id.encode("utf-8")
    only_match(
        peer,
        peer.encode(
            peer.study(
                PatientID=patient_id + bytes(6),
                PatientName=b"DOE\0^\0JANE\0\0",
                StudyDescription=bytes(64),
            )
        ),
    )


@FAMILY.find("CHARSET-UNKNOWN", Truth.COMPLETE)
def unknown_character_set(peer: Peer) -> None:
    """Names a Specific Character Set that does not exist, and sends bytes above 127."""
    name = b"M\xfcLLER^J\xd6RG"
    study = peer.study(SpecificCharacterSet="ISO_IR 999", PatientName=name)
    only_match(peer, peer.encode(study))


@FAMILY.find("CHARSET-WRONG", Truth.COMPLETE)
def wrong_character_set(peer: Peer) -> None:
    """Says UTF-8 and sends ISO 8859-1."""
    only_match(peer, peer.encode(peer.study(PatientName=b"M\xfcLLER^J\xd6RG ")))


@FAMILY.find("CHARSET-PYTHON", Truth.COMPLETE)
def character_set_of_a_programming_language(peer: Peer) -> None:
    """Names a Specific Character Set that only a programming language knows: unicode_escape."""
    study = peer.study(SpecificCharacterSet="unicode_escape", PatientName="\\ud800\\x41^")
    only_match(peer, peer.encode(study))


@FAMILY.find("CHARSET-ESCAPES", Truth.COMPLETE)
def escape_sequences_that_lead_nowhere(peer: Peer) -> None:
    """Says ISO 2022 and sends escape sequences that are unknown, unfinished or out of place."""
    name = b"\x1b$B;3\x1b(Z=\x1b\xff\x1b$"
    study = peer.study(SpecificCharacterSet="\\ISO 2022 IR 87", PatientName=name)
    only_match(peer, peer.encode(study))
