"""One flat pass over an encoded data set finds what pydicom finds, or says that it is broken."""

import struct
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence

from dicom_qr_gateway.dicom.elements import elements
from dicom_qr_gateway.errors import ProtocolError

from .pydicom_oracle import both_encodings, written_by_pydicom

UNDEFINED = b"\xff\xff\xff\xff"
ITEM = b"\xfe\xff\x00\xe0"
END_OF_ITEM = b"\xfe\xff\x0d\xe0" + bytes(4)
END_OF_SEQUENCE = b"\xfe\xff\xdd\xe0" + bytes(4)
PATIENT_ID = 0x00100020


def implicit(tag: int, value: bytes) -> bytes:
    return struct.pack("<HHI", tag >> 16, tag & 0xFFFF, len(value)) + value


def long_form(tag: int, vr: bytes, length: bytes, value: bytes) -> bytes:
    return struct.pack("<HH2sxx", tag >> 16, tag & 0xFFFF, vr) + length + value


def an_element(tag: int, value: bytes, explicit_vr: bool) -> bytes:
    if explicit_vr:
        return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, b"LO", len(value)) + value
    return implicit(tag, value)


def a_sequence_header(tag: int, explicit_vr: bool, length: bytes = UNDEFINED) -> bytes:
    if explicit_vr:
        return long_form(tag, b"SQ", length, b"")
    return struct.pack("<HH", tag >> 16, tag & 0xFFFF) + length


def tags(data: bytes, explicit_vr: bool) -> list[int]:
    return [*elements(data, explicit_vr)]


@both_encodings
def test_each_value_lies_between_start_and_stop(explicit_vr: bool) -> None:
    data = an_element(0x00080050, b"A1", explicit_vr) + an_element(PATIENT_ID, b"", explicit_vr)
    found = [
        (tag, data[start:stop]) for tag, (_, start, stop) in elements(data, explicit_vr).items()
    ]
    assert found == [(0x00080050, b"A1"), (PATIENT_ID, b"")]


@both_encodings
def test_no_bytes_are_no_elements(explicit_vr: bool) -> None:
    assert tags(b"", explicit_vr) == []


@both_encodings
def test_odd_lengths_and_unsorted_tags_are_passed_on(explicit_vr: bool) -> None:
    parts = [(PATIENT_ID, b"odd"), (0x00080050, b"x")]
    data = b"".join(an_element(tag, value, explicit_vr) for tag, value in parts)
    found = [
        (tag, data[start:stop]) for tag, (_, start, stop) in elements(data, explicit_vr).items()
    ]
    assert found == parts


@both_encodings
def test_what_comes_twice_is_not_believed(explicit_vr: bool) -> None:
    data = an_element(PATIENT_ID, b"first", explicit_vr) + an_element(PATIENT_ID, b"2", explicit_vr)
    with pytest.raises(ProtocolError, match="twice"):
        elements(data, explicit_vr)


@both_encodings
def test_group_lengths_and_a_leading_group_0002_are_elements_like_others(explicit_vr: bool) -> None:
    parts = [0x00020000, 0x00080000, 0x00080050, 0x00100000, PATIENT_ID]
    data = b"".join(an_element(tag, b"\4\0\0\0", explicit_vr) for tag in parts)
    assert tags(data, explicit_vr) == parts


@pytest.mark.parametrize("vr", b"OB OD OF OL OV OW SQ SV UC UN UR UT UV ZZ".split())
def test_the_long_form_has_a_length_of_32_bits(vr: bytes) -> None:
    value = bytes(70_000)
    data = long_form(0x00091001, vr, struct.pack("<I", len(value)), value)
    data += an_element(PATIENT_ID, b"1", True)
    assert [(tag, stop - start) for tag, (_, start, stop) in elements(data, True).items()] == [
        (0x00091001, 70_000),
        (PATIENT_ID, 1),
    ]


@both_encodings
@pytest.mark.parametrize("undefined_items", [False, True])
@pytest.mark.parametrize("undefined_sequences", [False, True])
def test_nested_sequences_of_any_length_are_skipped(
    explicit_vr: bool, undefined_items: bool, undefined_sequences: bool
) -> None:
    item = Dataset()
    for depth in range(5):
        outer = Dataset()
        outer.PatientID = str(depth)
        outer.RequestAttributesSequence = Sequence([item, Dataset(), item])
        outer["RequestAttributesSequence"].is_undefined_length = undefined_sequences
        item.is_undefined_length_sequence_item = undefined_items
        item = outer
    item.InstitutionName = "Hospital"
    data = written_by_pydicom(item, explicit_vr)
    found = {
        tag: data[start:stop]
        for tag, (_, start, stop) in elements(data, explicit_vr).items()
        if stop > 0
    }
    assert found[PATIENT_ID] == b"4 "
    assert tags(data, explicit_vr) == [0x00080080, PATIENT_ID, 0x00400275]


def test_un_of_undefined_length_holds_implicit_vr() -> None:
    inner = a_sequence_header(0x00400275, False) + ITEM + UNDEFINED
    inner += implicit(PATIENT_ID, b"x" * 20) + END_OF_ITEM + END_OF_SEQUENCE
    content = ITEM + UNDEFINED + inner + END_OF_ITEM + END_OF_SEQUENCE
    data = long_form(0x00091001, b"UN", UNDEFINED, content) + an_element(PATIENT_ID, b"1", True)
    assert tags(data, True) == [0x00091001, PATIENT_ID]


def test_un_of_undefined_length_within_an_explicit_sequence_holds_implicit_vr() -> None:
    un = ITEM + UNDEFINED + implicit(PATIENT_ID, b"x" * 20) + END_OF_ITEM + END_OF_SEQUENCE
    item = long_form(0x00091001, b"UN", UNDEFINED, un) + an_element(0x00400001, b"explicit", True)
    data = a_sequence_header(0x00080001, True) + ITEM + UNDEFINED + item
    data += END_OF_ITEM + END_OF_SEQUENCE + an_element(PATIENT_ID, b"1", True)
    assert tags(data, True) == [0x00080001, PATIENT_ID]


def test_encapsulated_pixel_data_is_skipped() -> None:
    dataset = Dataset()
    dataset.PatientID = "1"
    dataset.PixelData = encapsulate([b"\xfe\xff\xdd\xe0" * 4, b"frame 2 "])
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    dataset.add_new(0xFFFCFFFC, "OB", b"padding ")
    data = written_by_pydicom(dataset, True)
    assert tags(data, True) == [PATIENT_ID, 0x7FE00010, 0xFFFCFFFC]


@both_encodings
def test_nesting_of_10000_levels_is_skipped_without_recursion(explicit_vr: bool) -> None:
    level = a_sequence_header(0x00400275, explicit_vr) + ITEM + UNDEFINED
    data = level * 10_000 + (END_OF_ITEM + END_OF_SEQUENCE) * 10_000
    data += an_element(PATIENT_ID, b"1", explicit_vr)
    assert tags(data, explicit_vr) == [0x00400275, PATIENT_ID]


@both_encodings
def test_nesting_that_never_ends_is_broken(explicit_vr: bool) -> None:
    data = (a_sequence_header(0x00400275, explicit_vr) + ITEM + UNDEFINED) * 10_000
    with pytest.raises(ProtocolError):
        tags(data, explicit_vr)


def in_a_sequence(content: bytes) -> Callable[[bool], bytes]:
    return lambda explicit_vr: a_sequence_header(0x00400275, explicit_vr) + content


@both_encodings
@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(lambda _: b"\x10", id="half a header"),
        pytest.param(lambda x: an_element(PATIENT_ID, b"123", x)[:-1], id="half a value"),
        pytest.param(lambda _: END_OF_ITEM, id="item delimiter outside a sequence"),
        pytest.param(lambda _: END_OF_SEQUENCE, id="sequence delimiter outside a sequence"),
        pytest.param(lambda _: ITEM + bytes(4), id="item outside a sequence"),
        pytest.param(in_a_sequence(b""), id="sequence without end"),
        pytest.param(in_a_sequence(END_OF_ITEM), id="item delimiter outside an item"),
        pytest.param(in_a_sequence(bytes(8)), id="element outside an item"),
        pytest.param(in_a_sequence(ITEM + b"\xff\0\0\0"), id="item longer than the data"),
        pytest.param(in_a_sequence(ITEM + UNDEFINED + END_OF_SEQUENCE), id="item without end"),
        pytest.param(in_a_sequence(ITEM + UNDEFINED + ITEM + bytes(4)), id="item in an item"),
        pytest.param(in_a_sequence(END_OF_SEQUENCE[:4] + b"\2\0\0\0AB"), id="delimiter with value"),
    ],
)
def test_a_broken_encoding_is_a_protocol_error(
    broken: Callable[[bool], bytes], explicit_vr: bool
) -> None:
    data = an_element(0x00080050, b"secret", explicit_vr) + broken(explicit_vr)
    with pytest.raises(ProtocolError) as raised:
        tags(data, explicit_vr)
    assert raised.value.message == "The PACS sent a data set whose encoding is broken."


@pytest.mark.parametrize("vr", [b"\0\0", b"lo", b"??", b"L1", b"\xc4\xd6", b"  "])
def test_a_vr_of_anything_but_capitals_is_broken(vr: bytes) -> None:
    with pytest.raises(ProtocolError):
        tags(long_form(PATIENT_ID, vr, bytes(4), b""), True)


def test_a_truncated_long_form_is_broken() -> None:
    for size in range(8, 12):
        with pytest.raises(ProtocolError):
            tags(long_form(PATIENT_ID, b"UT", bytes(4), b"")[:size], True)


FRAGMENTS = st.sampled_from(
    [
        *(ITEM, UNDEFINED, bytes(4), END_OF_ITEM, END_OF_SEQUENCE, b"\2\0\0\0", b"\x10\0\x20\0"),
        *(b"LO\2\0", b"SQ\0\0", b"UN\0\0", b"OB\0\0", b"AB"),
    ]
)


@both_encodings
@given(data=st.one_of(st.binary(), st.lists(FRAGMENTS, max_size=40).map(b"".join)))
@example(data=b"\x10\0\x20\0" + UNDEFINED)
def test_arbitrary_bytes_give_elements_within_the_data_or_a_protocol_error(
    explicit_vr: bool, data: bytes
) -> None:
    try:
        found = elements(data, explicit_vr).values()
    except ProtocolError:
        return
    assert all(8 <= start <= len(data) and stop <= len(data) for _, start, stop in found)
