"""The DICOM JSON Model says what pydicom says, and says something where pydicom raises."""

import base64
import json
import math
import struct
from pathlib import Path
from typing import Any

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.sequence import Sequence

from dicom_qr_gateway.dicom.data_set import MAX_DEPTH, DataSet
from dicom_qr_gateway.dicom.dicom_json import to_json
from dicom_qr_gateway.dicom.elements import MAX_ELEMENTS
from dicom_qr_gateway.errors import ProtocolError

from .pydicom_oracle import both_encodings, pydicom_without_its_opinions, written_by_pydicom

__all__ = ["pydicom_without_its_opinions"]
pytestmark = pytest.mark.usefixtures("pydicom_without_its_opinions")

FILES = sorted(
    path
    for path in (Path(pydicom.__file__).parent / "data").rglob("*")
    if path.is_file() and path.suffix not in (".py", ".pyc", ".json")
)
Json = dict[str, Any]
CHARSET = "00080005"
UTF8 = {"vr": "CS", "Value": ["ISO_IR 192"]}


def ours(data: bytes, explicit_vr: bool = False) -> Json:
    text = to_json(DataSet(data, explicit_vr))
    found: Json = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert list(found) == sorted(found)
    return found


def of_pydicom(data: bytes, explicit_vr: bool) -> Json:
    dataset = read_dataset(DicomBytesIO(data), not explicit_vr, True)
    found: Json = json.loads(json.dumps(dataset.to_json_dict()))
    return found


def as_here(attributes: Json) -> Json:
    """Return what pydicom says with the differences that are ours on purpose.

    (0008,0005) says how the answer is encoded, not the PACS' data set; the same of group lengths,
    which are left out. Padding goes from each of several values and component groups. Empty
    values of several are null (PS3.18 F.2.5), empty component groups of a name are left out, and
    so is an empty Value.
    """
    return {
        tag: _as_here(tag, attribute) for tag, attribute in attributes.items() if tag[4:] != "0000"
    }


def _as_here(tag: str, attribute: Json) -> Json:
    if tag == CHARSET:
        return UTF8
    values = attribute.get("Value")
    if values is None:
        return attribute
    if attribute["vr"] == "SQ":
        values = [as_here(item) for item in values]
    elif attribute["vr"] == "PN":
        values = [
            {key: group.rstrip(" ") for key, group in each.items() if group} for each in values
        ]
        values = [name or None for name in values]
    else:
        values = [value.strip(" \0") if isinstance(value, str) else value for value in values]
        values = [None if value == "" else value for value in values]
    return {"vr": attribute["vr"], "Value": values} if values else {"vr": attribute["vr"]}


def without_charset(attributes: Json) -> Json:
    return {tag: attribute for tag, attribute in attributes.items() if tag != CHARSET}


def implicit(tag: int, value: bytes) -> bytes:
    return struct.pack("<HHI", tag >> 16, tag & 0xFFFF, len(value)) + value


def explicit(tag: int, vr: bytes, value: bytes) -> bytes:
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, len(value)) + value


def explicit_long(tag: int, vr: bytes, value: bytes) -> bytes:
    return struct.pack("<HH2sxxI", tag >> 16, tag & 0xFFFF, vr, len(value)) + value


# --- Beside pydicom ----------------------------------------------------------------------------


# Cut short, or its items are: a data set that pydicom reads as far as it goes.
BROKEN = {("rtplan_truncated.dcm", False), ("DICOMDIR-nooffset", True)}


def test_every_data_set_that_pydicom_ships_is_written_as_pydicom_does() -> None:
    compared = 0
    for path in FILES:
        for explicit_vr in (False, True):
            dataset = pydicom.dcmread(path, force=True)
            try:
                data = written_by_pydicom(dataset, explicit_vr)
                expected = as_here(of_pydicom(data, explicit_vr))
            except (TypeError, ValueError):  # a value pydicom cannot write, or not as a number
                continue
            is_encapsulated = not explicit_vr and b"\xe0\x7f\x10\x00\xff\xff\xff\xff" in data
            if (path.name, explicit_vr) in BROKEN or is_encapsulated:  # PS3.5 A.4: explicit only
                continue
            assert without_charset(ours(data, explicit_vr)) == without_charset(expected), path
            compared += 1
    assert compared > 350


def test_what_pydicom_ships_broken_is_a_protocol_error() -> None:
    paths = {path.name: path for path in FILES}
    for name, explicit_vr in BROKEN:
        data = written_by_pydicom(pydicom.dcmread(paths[name], force=True), explicit_vr)
        with pytest.raises(ProtocolError):
            to_json(DataSet(data, explicit_vr))


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\\^=\0\x1b\r\n\t\f"), max_size=12)
NAMES = st.lists(
    st.lists(TEXTS.filter(str.strip), min_size=1, max_size=3).map("^".join), min_size=1, max_size=3
).map("=".join)
ELEMENTS = st.one_of(
    st.tuples(st.sampled_from(["PatientID", "StudyDescription", "SeriesDescription"]), TEXTS),
    st.tuples(st.just("OtherPatientNames"), st.lists(NAMES, max_size=3)),
    st.tuples(st.just("PatientName"), NAMES),
    st.tuples(st.just("InstanceNumber"), st.integers(-(2**31), 2**31 - 1)),
    st.tuples(st.just("ImageType"), st.lists(st.sampled_from(["A", "", "B C"]), max_size=3)),
    st.tuples(st.just("PixelSpacing"), st.lists(st.integers(-9999, 9999), max_size=3)),
    st.tuples(st.just("Rows"), st.integers(0, 2**16 - 1)),
    st.tuples(st.just("ReferencePixelX0"), st.integers(-(2**31), 2**31 - 1)),
    st.tuples(st.just("EventElapsedTimes"), st.lists(st.integers(0, 99).map(str), max_size=3)),
    st.tuples(st.just("FrameDimensionPointer"), st.integers(0, 2**32 - 1)),
    st.tuples(st.just("RecommendedDisplayFrameRateInFloat"), st.floats(width=32)),
    st.tuples(st.just("TimeRange"), st.lists(st.floats(allow_nan=False), max_size=2)),
    st.tuples(st.just("EncapsulatedDocument"), st.binary(max_size=10).map(lambda b: b * 2)),
)
DATA_SETS = st.recursive(
    st.lists(ELEMENTS, max_size=8).map(dict),
    lambda inner: st.builds(
        lambda outer, items: {**outer, "RequestAttributesSequence": items},
        st.lists(ELEMENTS, max_size=4).map(dict),
        st.lists(inner, max_size=3),
    ),
    max_leaves=6,
)


def a_data_set(elements: dict[str, Any]) -> Dataset:
    dataset = Dataset()
    for keyword, value in elements.items():
        if keyword == "RequestAttributesSequence":
            value = Sequence([a_data_set(item) for item in value])
        setattr(dataset, keyword, value)
    return dataset


@both_encodings
@given(elements=DATA_SETS)
def test_generated_data_sets_are_written_as_pydicom_does(
    explicit_vr: bool, elements: dict[str, Any]
) -> None:
    dataset = a_data_set(elements)
    dataset.SpecificCharacterSet = "ISO_IR 192"
    data = written_by_pydicom(dataset, explicit_vr)
    found = ours(data, explicit_vr)
    assert found[CHARSET] == UTF8
    assert finite(without_charset(found)) == finite(
        without_charset(as_here(of_pydicom(data, explicit_vr)))
    )


def finite(value: Any) -> Any:
    """Return pydicom's numbers that are not finite, which its JSON is not valid with, as ours."""
    if isinstance(value, dict):
        return {key: finite(each) for key, each in value.items()}
    if isinstance(value, list):
        return [finite(each) for each in value]
    return json.dumps(value) if isinstance(value, float) and not math.isfinite(value) else value


@both_encodings
@given(data=st.data())
def test_whatever_bytes_a_value_has_the_answer_is_json(explicit_vr: bool, data: Any) -> None:
    tags = st.sampled_from([0x00080005, 0x00080020, 0x00100010, 0x00201206, 0x00280030, 0x00280010])
    more = st.sampled_from([0x00280106, 0x00280009, 0x00091001, 0x00400275, 0x7FE00010, 0x00209998])
    vrs = st.sampled_from(b"AE AT CS DS FD FL IS LO PN SL SS UI UL US LT".split())
    elements = data.draw(
        st.lists(
            st.tuples(st.one_of(tags, more), vrs, st.binary(max_size=20)),
            max_size=6,
            unique_by=lambda element: element[0],
        )
    )
    encoded_elements = b"".join(
        explicit(tag, vr, value) if explicit_vr else implicit(tag, value)
        for tag, vr, value in elements
    )
    try:
        ours(encoded_elements, explicit_vr)
    except ProtocolError:
        assert any(tag == 0x00400275 and value for tag, _, value in elements)


@both_encodings
@given(data=st.binary())
def test_whatever_bytes_a_data_set_has_it_is_json_or_a_protocol_error(
    explicit_vr: bool, data: bytes
) -> None:
    try:
        ours(data, explicit_vr)
    except ProtocolError:
        return


# --- Where there is no pydicom to ask ----------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7", 7),
        (" 7 ", 7),
        ("+4", 4),
        ("-04", -4),
        ("007", 7),
        ("12x", "12x"),
        ("1.0", "1.0"),
        ("1234567890123", "1234567890123"),
        ("²", "²"),
        ("٣".encode().decode("latin-1"), "٣".encode().decode("latin-1")),
    ],
)
def test_an_integer_string_is_a_number_where_it_is_one(text: str, value: int | str) -> None:
    data = implicit(0x00201206, text.encode("latin-1"))
    assert ours(data)["00201206"] == {"vr": "IS", "Value": [value]}


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("1.50", "1.50"),
        ("+1.5", "1.5"),
        (".5", "0.5"),
        ("5.", "5.0"),
        ("-00.5", "-0.5"),
        ("1E-3", "1E-3"),
        ("1e400", '"1e400"'),
        ("1,5", '"1,5"'),
        ("nan", '"nan"'),
        ("9" * 70, f'"{"9" * 70}"'),
        ("1\\\\x", '1,null,"x"'),
    ],
)
def test_a_decimal_string_keeps_its_digits(text: str, written: str) -> None:
    data = implicit(0x00280030, text.encode())
    assert to_json(DataSet(data, explicit_vr=False)) == (
        f'{{"00280030":{{"vr":"DS","Value":[{written}]}}}}'
    )


@pytest.mark.parametrize(
    ("name", "groups"),
    [
        (b"Yamada^Tarou ", [{"Alphabetic": "Yamada^Tarou"}]),
        (b"A=B=C", [{"Alphabetic": "A", "Ideographic": "B", "Phonetic": "C"}]),
        (b"==C", [{"Phonetic": "C"}]),
        (b"A ==", [{"Alphabetic": "A"}]),
        (b"A\\\\B=C", [{"Alphabetic": "A"}, None, {"Alphabetic": "B", "Ideographic": "C"}]),
        (b"A=B=C=D", [{"Alphabetic": "A", "Ideographic": "B", "Phonetic": "C=D"}]),
    ],
)
def test_a_name_is_written_by_its_component_groups(name: bytes, groups: list[Json]) -> None:
    assert ours(implicit(0x00100010, name)) == {"00100010": {"vr": "PN", "Value": groups}}


@pytest.mark.parametrize("value", [b"", b" ", b"\0\0", b"=", b"  == "])
def test_an_empty_attribute_has_no_value(value: bytes) -> None:
    assert ours(implicit(0x00100010, value)) == {"00100010": {"vr": "PN"}}


def test_numbers_that_are_not_finite_are_strings() -> None:
    value = struct.pack("<3d", math.nan, math.inf, -math.inf)
    assert ours(implicit(0x00081163, value)) == {
        "00081163": {"vr": "FD", "Value": ["NaN", "Infinity", "-Infinity"]}
    }


@pytest.mark.parametrize("tag", [0x00280010, 0x00280009])
def test_binary_values_of_a_wrong_length_stay_bytes(tag: int) -> None:
    text = base64.b64encode(b"abc").decode()
    assert ours(implicit(tag, b"abc")) == {f"{tag:08X}": {"vr": "UN", "InlineBinary": text}}


def test_an_unknown_attribute_is_bytes_in_implicit_and_what_it_claims_in_explicit() -> None:
    assert ours(implicit(0x00080002, b"AB")) == {"00080002": {"vr": "UN", "InlineBinary": "QUI="}}
    data = explicit(0x00080002, b"LO", b"AB")
    assert ours(data, explicit_vr=True) == {"00080002": {"vr": "LO", "Value": ["AB"]}}


def test_what_claims_no_vr_of_the_standard_has_that_of_the_dictionary() -> None:
    data = explicit_long(0x00100020, b"UN", b"P1") + explicit_long(0x00100040, b"ZZ", b"M ")
    assert ours(data, explicit_vr=True) == {
        "00100020": {"vr": "LO", "Value": ["P1"]},
        "00100040": {"vr": "CS", "Value": ["M"]},
    }


def test_private_attributes_have_the_vr_of_their_creator() -> None:
    creator = implicit(0x00190010, b"GEMS_ACQU_01")
    known, unknown = implicit(0x00191002, struct.pack("<i", 7)), implicit(0x00191101, b"AB")
    assert ours(creator + known + unknown) == {
        "00190010": {"vr": "LO", "Value": ["GEMS_ACQU_01"]},
        "00191002": {"vr": "SL", "Value": [7]},
        "00191101": {"vr": "UN", "InlineBinary": "QUI="},
    }


def test_a_private_number_that_is_sent_as_text_stays_the_bytes_that_it_is() -> None:
    creator = explicit(0x00190010, b"LO", b"GEMS_ACQU_01")
    text = explicit_long(0x00191002, b"UN", b"512\0")  # as Orthanc sends it
    as_bytes = {"vr": "UN", "InlineBinary": base64.b64encode(b"512\0").decode()}
    assert ours(creator + text, explicit_vr=True)["00191002"] == as_bytes
    number = explicit_long(0x00191002, b"UN", struct.pack("<i", 512))
    assert ours(creator + number, explicit_vr=True)["00191002"] == {"vr": "SL", "Value": [512]}


def test_pixel_representation_chooses_between_signed_and_unsigned() -> None:
    value = implicit(0x00280106, b"\xff\xff")
    assert ours(value) == {"00280106": {"vr": "US", "Value": [65535]}}
    signed = ours(implicit(0x00280103, b"\1\0") + value)
    assert signed["00280106"] == {"vr": "SS", "Value": [-1]}
    assert ours(value) == {"00280106": {"vr": "US", "Value": [65535]}}


def test_an_answer_that_is_not_ascii_says_that_it_is_utf_8() -> None:
    found = ours(implicit(0x00080001, b"\0\0\0\0") + implicit(0x00100010, b"M\xfcller"))
    assert found == {
        "00080001": {"vr": "UL", "Value": [0]},
        CHARSET: UTF8,
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Müller"}]},
    }


def test_an_item_may_be_in_a_character_set_of_its_own() -> None:
    item = implicit(0x00080005, b"ISO_IR 144") + implicit(0x00400009, b"\xb8\xd2\xd0\xdd")
    other = implicit(0x00400009, b"M\xfcller")
    items = b"".join(implicit(0xFFFEE000, each) for each in (item, other))
    found = ours(implicit(0x00080005, b"ISO_IR 100") + implicit(0x00400275, items))
    assert found["00400275"]["Value"] == [
        {CHARSET: UTF8, "00400009": {"vr": "SH", "Value": ["Иван"]}},
        {"00400009": {"vr": "SH", "Value": ["Müller"]}},
    ]


def test_hidden_tags_are_left_out_at_the_top_only() -> None:
    uid = implicit(0x0020000D, b"1.2")
    data = uid + implicit(0x00400275, implicit(0xFFFEE000, uid))
    found = json.loads(to_json(DataSet(data, explicit_vr=False), {0x0020000D}))
    assert found == {
        "00400275": {"vr": "SQ", "Value": [{"0020000D": {"vr": "UI", "Value": ["1.2"]}}]}
    }


def nested(depth: int) -> bytes:
    data = b""
    for _ in range(depth):
        data = implicit(0x00400275, implicit(0xFFFEE000, data))
    return data


def test_sequences_nest_as_deep_as_allowed_and_no_deeper() -> None:
    assert to_json(DataSet(nested(MAX_DEPTH), explicit_vr=False)).count("00400275") == MAX_DEPTH
    with pytest.raises(ProtocolError, match="too deep"):
        to_json(DataSet(nested(MAX_DEPTH + 1), explicit_vr=False))


def test_a_data_set_has_so_many_elements_and_no_more() -> None:
    data = b"".join(implicit(0x00090000 + number, b"") for number in range(1, MAX_ELEMENTS + 1))
    assert len(DataSet(data, explicit_vr=False).places) == MAX_ELEMENTS
    with pytest.raises(ProtocolError, match="too many"):
        DataSet(data + implicit(0x00100010, b""), explicit_vr=False)


def test_un_of_undefined_length_is_a_sequence_in_implicit_vr() -> None:
    item = implicit(0xFFFEE000, implicit(0x00400009, b"SPS1"))
    header = struct.pack("<HH2sxxI", 0x0040, 0x0275, b"UN", 0xFFFFFFFF)
    end = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    assert ours(header + item + end, explicit_vr=True) == {
        "00400275": {"vr": "SQ", "Value": [{"00400009": {"vr": "SH", "Value": ["SPS1"]}}]}
    }


@both_encodings
def test_text_is_the_text_of_any_vr(explicit_vr: bool) -> None:
    dataset = Dataset()
    dataset.PatientName = "Doe^John"
    dataset.ImageType = ["A", "B"]
    dataset.Rows = 512
    dataset.FrameIncrementPointer = 0x00181063
    dataset.TextComments = "C:\\dir "
    dataset.RequestAttributesSequence = Sequence([Dataset()])
    data_set = DataSet(written_by_pydicom(dataset, explicit_vr), explicit_vr)
    assert [data_set.text(tag) for tag in sorted(data_set.places)] == [
        *("A\\B", "Doe^John", "00181063", "512", "", "C:\\dir")
    ]
