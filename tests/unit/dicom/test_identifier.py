"""Identifiers say in bytes what pydicom says, in both directions and in every character set."""

import struct
from pathlib import Path
from typing import Any

import pydicom
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence

from dicom_qr_gateway.dicom import identifier
from dicom_qr_gateway.dicom.identifier import KEYS, decode_identifier, encode_identifier
from dicom_qr_gateway.errors import ProtocolError

from .pydicom_oracle import both_encodings, pydicom_without_its_opinions, written_by_pydicom

__all__ = ["pydicom_without_its_opinions"]
pytestmark = pytest.mark.usefixtures("pydicom_without_its_opinions")

ALL_UNIVERSAL = dict.fromkeys(KEYS, "")


def read_by_pydicom(data: bytes, explicit_vr: bool) -> dict[str, str]:
    dataset = read_dataset(DicomBytesIO(data), not explicit_vr, True)
    return {keyword: as_text(dataset[keyword].value) for keyword in KEYS if keyword in dataset}


def as_text(value: Any) -> str:
    if isinstance(value, MultiValue):
        return "\\".join(str(one) for one in value)
    return "" if value is None else str(value)


def an_element(keyword: str, value: bytes, explicit_vr: bool = False) -> bytes:
    tag, vr = KEYS[keyword]
    if explicit_vr:
        return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr.encode(), len(value)) + value
    return struct.pack("<HHI", tag >> 16, tag & 0xFFFF, len(value)) + value


# --- Requests ----------------------------------------------------------------------------------


def test_a_request_is_sorted_by_tag_and_padded_by_vr() -> None:
    keys = {"StudyInstanceUID": "1.2.3", "PatientID": "A12", "QueryRetrieveLevel": "STUDY"}
    assert encode_identifier(keys, explicit_vr=False) == (
        b"\x08\x00\x52\x00\x06\x00\x00\x00STUDY "
        b"\x10\x00\x20\x00\x04\x00\x00\x00A12 "
        b"\x20\x00\x0d\x00\x06\x00\x00\x001.2.3\x00"
    )
    assert encode_identifier(keys, explicit_vr=True) == (
        b"\x08\x00\x52\x00CS\x06\x00STUDY "
        b"\x10\x00\x20\x00LO\x04\x00A12 "
        b"\x20\x00\x0d\x00UI\x06\x001.2.3\x00"
    )


@both_encodings
def test_universal_keys_are_empty(explicit_vr: bool) -> None:
    data = encode_identifier(ALL_UNIVERSAL, explicit_vr)
    assert len(data) == 8 * len(KEYS)
    assert decode_identifier(data, explicit_vr) == ALL_UNIVERSAL


@both_encodings
@pytest.mark.parametrize(
    ("name", "term"),
    [("DOE^JOHN", None), ("Buc^Jérôme", "ISO_IR 100"), ("Yamada=山田", "ISO_IR 192")],
)
def test_the_first_character_set_that_says_all_values_is_stated(
    name: str, term: str | None, explicit_vr: bool
) -> None:
    data = encode_identifier({"PatientName": name, "InstitutionName": ""}, explicit_vr)
    found = read_by_pydicom(data, explicit_vr)
    assert found.get("SpecificCharacterSet") == term
    assert found["PatientName"] == name


def test_the_character_set_that_is_used_replaces_the_one_that_was_asked_for() -> None:
    data = encode_identifier({"SpecificCharacterSet": "", "PatientID": "é"}, explicit_vr=False)
    assert decode_identifier(data, explicit_vr=False) == {
        "SpecificCharacterSet": "ISO_IR 100",
        "PatientID": "é",
    }


def test_a_keyword_that_is_not_in_the_table_is_an_error_of_the_program() -> None:
    with pytest.raises(KeyError):
        encode_identifier({"PatientWeight": ""}, explicit_vr=False)


@pytest.mark.parametrize(
    ("keyword", "text"),
    [("Modality", "É"), ("PatientID", "\ud800"), ("StudyInstanceUID", "1" * 65_535)],
)
def test_a_value_that_no_element_can_carry_is_refused(keyword: str, text: str) -> None:
    with pytest.raises(ValueError):
        encode_identifier({keyword: text}, explicit_vr=True)


printable = st.characters(exclude_categories=("C", "Z"), exclude_characters="\\=")
printable_ascii = st.characters(
    codec="ascii", exclude_categories=("C", "Z"), exclude_characters="\\="
)
uid_lists = st.lists(st.from_regex(r"[0-9]{1,5}(\.[0-9]{1,9}){1,6}", fullmatch=True), max_size=9)


def requests() -> st.SearchStrategy[dict[str, str]]:
    values = {
        "UI": uid_lists.map("\\".join),
        **dict.fromkeys(("CS", "AE", "DA", "TM"), st.text(printable_ascii, max_size=16)),
        **dict.fromkeys(("PN", "LO", "SH"), st.text(printable, max_size=64)),
    }
    keys = {keyword: values[vr] for keyword, (_, vr) in KEYS.items()}
    del keys["SpecificCharacterSet"]
    return st.fixed_dictionaries({}, optional=keys)


@both_encodings
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(keys=requests())
def test_pydicom_and_we_read_what_we_write(explicit_vr: bool, keys: dict[str, str]) -> None:
    data = encode_identifier(keys, explicit_vr)
    found = decode_identifier(data, explicit_vr)
    assert found == read_by_pydicom(data, explicit_vr)
    found.pop("SpecificCharacterSet", None)
    assert found == keys


# --- Responses ---------------------------------------------------------------------------------


def characters_of(codec: str, first: int, last: int) -> str:
    """Return the printable characters that single bytes stand for."""
    text = bytes(range(first, last + 1)).decode(codec, "ignore")
    return "".join(c for c in text if c.isprintable() and not c.isspace())


HANGUL, KANJI, SUPPLEMENTARY_KANJI = "김희중洪吉洞", "山田太郎やまだ", "丂侽"
KATAKANA, CYRILLIC = characters_of("shift_jis", 0xA1, 0xDF), characters_of("iso8859-5", 0xB0, 0xEF)
CHARACTER_SETS: list[tuple[str | list[str] | None, str]] = [
    (None, ""),
    ("ISO_IR 100", characters_of("latin-1", 0xA1, 0xFF)),
    ("ISO_IR 101", characters_of("iso8859-2", 0xA1, 0xFF)),
    ("ISO_IR 109", characters_of("iso8859-3", 0xA1, 0xFF)),
    ("ISO_IR 110", characters_of("iso8859-4", 0xA1, 0xFF)),
    ("ISO_IR 126", characters_of("iso8859-7", 0xA1, 0xFF)),
    ("ISO_IR 127", characters_of("iso8859-6", 0xA1, 0xFF)),
    ("ISO_IR 138", characters_of("iso8859-8", 0xA1, 0xFF)),
    ("ISO_IR 144", CYRILLIC),
    ("ISO_IR 148", characters_of("iso8859-9", 0xA1, 0xFF)),
    ("ISO_IR 166", characters_of("tis-620", 0xA1, 0xFB)),
    ("ISO_IR 192", "é山김🏥" + CYRILLIC),
    ("GB18030", "é王小东乗昞🏥"),
    ("GBK", "王小东乗昞"),
    (["", "ISO 2022 IR 87"], KANJI),
    (["", "ISO 2022 IR 87", "ISO 2022 IR 159"], KANJI + SUPPLEMENTARY_KANJI),
    (["ISO 2022 IR 13", "ISO 2022 IR 87"], KATAKANA + KANJI),
    (["", "ISO 2022 IR 149"], HANGUL),
    (["ISO 2022 IR 100", "ISO 2022 IR 144"], "éÖ" + CYRILLIC),
    (["ISO 2022 IR 126", "ISO 2022 IR 100", "ISO 2022 IR 144"], "éÖΔι" + CYRILLIC),
]
ASCII = characters_of("ascii", 0x21, 0x7E).replace("\\", "").replace("=", "")


def one_value(alphabet: str) -> st.SearchStrategy[str]:
    return st.lists(st.text(alphabet, min_size=1, max_size=12), max_size=3).map(" ".join)


def values(alphabet: str) -> st.SearchStrategy[str | list[str]]:
    one = one_value(alphabet)
    return st.one_of(one, st.lists(one.filter(bool), min_size=2, max_size=3))


def names(alphabet: str) -> st.SearchStrategy[str | list[str]]:
    group = st.lists(one_value(alphabet.replace("^", "")).filter(bool), max_size=3).map("^".join)
    name = st.lists(group, min_size=1, max_size=3).map(lambda groups: "=".join(groups).rstrip("="))
    return st.one_of(name, st.lists(name.filter(bool), min_size=2, max_size=3))


def noise(draw: st.DrawFn, dataset: Dataset) -> None:
    """Put around the known attributes what a decoder must pass over."""
    item = Dataset()
    item.PatientID = "of a sequence"
    item.ReferencedStudySequence = Sequence([Dataset(), Dataset()])
    item["ReferencedStudySequence"].is_undefined_length = draw(st.booleans())
    item.is_undefined_length_sequence_item = draw(st.booleans())
    dataset.RequestAttributesSequence = Sequence([item] * draw(st.integers(0, 2)))
    dataset["RequestAttributesSequence"].is_undefined_length = draw(st.booleans())
    dataset.add_new(0x00090010, "LO", "PRIVATE")
    dataset.add_new(0x00091001, "UN", draw(st.binary(max_size=9)))
    dataset.add_new(0x00091002, "SQ", [item])
    dataset.add_new(0x0008010D, "UT", "A" * draw(st.integers(0, 9)))
    dataset.NumberOfStudyRelatedInstances = "12"
    dataset.Rows = 7


@st.composite
def responses(draw: st.DrawFn) -> Dataset:
    terms, extra = draw(st.sampled_from(CHARACTER_SETS))
    dataset = Dataset()
    if terms is not None:
        dataset.SpecificCharacterSet = terms
    text = {"PN": names(ASCII + extra), "LO": values(ASCII + extra), "SH": values(ASCII + extra)}
    for keyword in draw(st.sets(st.sampled_from(sorted(KEYS)), max_size=5)):
        vr = KEYS[keyword][1]
        if keyword != "SpecificCharacterSet":
            value = uid_lists if vr == "UI" else text.get(vr, values(ASCII))
            setattr(dataset, keyword, draw(value))
    if draw(st.booleans()):
        noise(draw, dataset)
    return dataset


@both_encodings
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(dataset=responses())
def test_we_read_what_pydicom_writes(explicit_vr: bool, dataset: Dataset) -> None:
    data = written_by_pydicom(dataset, explicit_vr)
    expected = {k: as_text(dataset[k].value) for k in KEYS if k in dataset}
    assert decode_identifier(data, explicit_vr) == expected


def dicom_files() -> list[Path]:
    folder = Path(pydicom.__file__).parent / "data"
    return sorted(path for path in folder.rglob("*") if path.is_file() and is_dicom(path))


def is_dicom(path: Path) -> bool:
    return path.suffix == ".dcm" or (not path.suffix and path.name != "DICOMDIR")


@both_encodings
@pytest.mark.parametrize("path", dicom_files(), ids=lambda path: path.name)
def test_every_file_of_pydicom_has_the_text_that_pydicom_reads(
    path: Path, explicit_vr: bool
) -> None:
    dataset = pydicom.dcmread(path, force=True)
    dataset.decode()  # pydicom cannot change the encoding of what it has not read
    expected = {k: as_text(dataset[k].value) for k in KEYS if k in dataset}
    data = written_by_pydicom(dataset, explicit_vr)
    assert decode_identifier(data, explicit_vr) == expected


@both_encodings
def test_text_comes_without_padding(explicit_vr: bool) -> None:
    padded = {
        "PatientID": (b" A12 \0", "A12"),
        "AccessionNumber": (b" A \\ B ", "A\\B"),
        "ModalitiesInStudy": (b" CT \\MR ", "CT\\MR"),
        "StudyInstanceUID": (b" 1.2 \\1.3\0\0", "1.2\\1.3"),
        "PatientName": (b"DOE^JOHN \\ROE^JANE=  ", "DOE^JOHN\\ROE^JANE"),
        "StudyDate": (b"20240101 \0", "20240101"),
        "StudyTime": (b"   ", ""),
        "RetrieveAETitle": (b"  PACS  \0\0", "PACS"),
    }
    data = b"".join(an_element(k, value, explicit_vr) for k, (value, _) in padded.items())
    assert decode_identifier(data, explicit_vr) == {k: text for k, (_, text) in padded.items()}


def test_a_name_keeps_its_component_groups_and_loses_empty_ones_at_the_end() -> None:
    data = an_element("PatientName", b"A^B=C=") + an_element("ReferringPhysicianName", b"==P ")
    assert decode_identifier(data, explicit_vr=False) == {
        "PatientName": "A^B=C",
        "ReferringPhysicianName": "==P",
    }


def test_padding_goes_from_text_beyond_ascii_too() -> None:
    data = an_element("SpecificCharacterSet", b"ISO_IR 100")
    data += an_element("PatientName", b"J\xe9r\xf4me \\\xc9va= ") + an_element(
        "PatientID", b" \xe9 "
    )
    found = decode_identifier(data, explicit_vr=False)
    assert found["PatientName"] == "Jérôme\\Éva"
    assert found["PatientID"] == "é"


def test_a_value_that_breaks_its_vr_is_passed_on_as_text() -> None:
    data = an_element("StudyDate", b" 12x\x01\x1b\xe9") + an_element("Modality", b"\xff\xfe")
    assert decode_identifier(data, explicit_vr=False) == {
        "StudyDate": " 12x\x01\x1bé",
        "Modality": "ÿþ",
    }


def test_the_character_set_counts_wherever_it_stands() -> None:
    data = an_element("PatientID", "山".encode())
    data += an_element("SpecificCharacterSet", b"ISO_IR 192")
    assert decode_identifier(data, explicit_vr=False)["PatientID"] == "山"


def test_a_keyword_that_comes_twice_is_not_believed() -> None:
    for first, last in [(b"1", b"2"), (b"\xe9", b"2"), (b"1", b"\xe9")]:
        data = an_element("PatientID", first) + an_element("PatientID", last)
        with pytest.raises(ProtocolError, match="twice"):
            decode_identifier(data, explicit_vr=False)


@pytest.mark.parametrize("vr", [b"UN", b"OB", b"UT"])
def test_the_vr_of_the_table_counts_whatever_the_encoding_claims(vr: bytes) -> None:
    data = struct.pack("<HH2sxxI", 0x0020, 0x000D, vr, 6) + b"1.2.3\0"
    assert decode_identifier(data, explicit_vr=True) == {"StudyInstanceUID": "1.2.3"}


@both_encodings
def test_a_known_keyword_of_undefined_length_is_a_protocol_error(explicit_vr: bool) -> None:
    end = b"\xfe\xff\xdd\xe0\0\0\0\0"
    vr = b"SQ\0\0" if explicit_vr else b""
    data = b"\x10\0\x20\0" + vr + b"\xff\xff\xff\xff" + end
    with pytest.raises(ProtocolError):
        decode_identifier(data, explicit_vr)


def test_a_text_longer_than_its_vr_can_be_is_a_protocol_error() -> None:
    longest = an_element("PatientName", b"x" * 65_534)
    assert len(decode_identifier(longest, explicit_vr=False)["PatientName"]) == 65_534
    with pytest.raises(ProtocolError):
        decode_identifier(an_element("PatientName", b"\x1b" * 65_535), explicit_vr=False)


def test_a_list_of_as_many_uids_as_a_retrieve_can_count_is_read() -> None:
    uids = "\\".join(["1" * 64] * 65_535)
    data = an_element("FailedSOPInstanceUIDList", uids.encode())
    assert decode_identifier(data, explicit_vr=False)["FailedSOPInstanceUIDList"] == uids
    with pytest.raises(ProtocolError):
        decode_identifier(
            an_element("FailedSOPInstanceUIDList", b"\\" * 65_536 * 65), explicit_vr=False
        )


def a_nested_response(explicit_vr: bool) -> bytes:
    item = Dataset()
    item.PatientID = "nested"
    item.is_undefined_length_sequence_item = True
    dataset = Dataset()
    dataset.SpecificCharacterSet = ["", "ISO 2022 IR 87"]
    dataset.PatientName = "Yamada^Tarou=山田^太郎"
    dataset.RequestAttributesSequence = [item, item]
    dataset["RequestAttributesSequence"].is_undefined_length = True
    dataset.StudyInstanceUID = ["1.2.3", "1.2.4"]
    dataset.add_new(0x00431001, "OB", b"\1\2\3\4")
    return written_by_pydicom(dataset, explicit_vr)


@both_encodings
def test_a_response_cut_at_any_byte_gives_its_beginning_or_a_protocol_error(
    explicit_vr: bool,
) -> None:
    data = a_nested_response(explicit_vr)
    whole = decode_identifier(data, explicit_vr)
    complete = 0
    for size in range(len(data)):
        try:
            found = decode_identifier(data[:size], explicit_vr)
        except ProtocolError:
            continue
        complete += 1
        assert found.items() <= whole.items()
    assert complete == 5


@both_encodings
@given(
    data=st.binary(), terms=st.sampled_from([b"ISO_IR 192", b"\\ISO 2022 IR 87", b"GBK", b"\xff"])
)
def test_arbitrary_bytes_give_text_or_a_protocol_error(
    explicit_vr: bool, data: bytes, terms: bytes
) -> None:
    stated = an_element("SpecificCharacterSet", terms, explicit_vr)
    for attempt in (data, stated + an_element("PatientName", data, explicit_vr) + data):
        try:
            found = decode_identifier(attempt, explicit_vr)
        except ProtocolError:
            continue
        text = "".join(found.values())
        assert text.encode("utf-8").decode("utf-8") == text


@given(
    st.dictionaries(st.sampled_from(sorted(KEYS)), st.text("AZ09 ^=.\0\\", max_size=12)),
    st.binary(max_size=24),
    st.booleans(),
)
@example({}, b"\x08\0\x50\0UT\0\0\x04\0\0\0abcd", True)  # a long form VR of a known attribute
@example({}, b"\x08\0\x50\0OB\0\0\x04\0\0\0abcd", True)
@example({}, b"\x99\0\x50\0OW\0\0\x04\0\0\0abcd", True)
@example({}, b"\x99\0\x50\0SQ\0\0\0\0\0\0", True)
@example({}, b"\x99\0\x50\0LO\0\0\x99\0\x50\0SH\0\0", True)  # the same attribute twice
@example({}, b"\x99\0\x50\0\0\0\0\0" * 2, False)
@example({"PatientID": "1"}, b"\x10\0\x20\0LO\0\0", True)
@example({}, b"\xfe\xff\0\xe0\0\0\0\0", False)  # an item outside a sequence
@example({}, b"\xfe\xff\0\xe0LO\0\0", True)
def test_what_needs_no_second_look_reads_as_everything_else_does(
    keys: dict[str, str], rest: bytes, explicit_vr: bool
) -> None:
    data = encode_identifier(keys, explicit_vr) + rest
    characters = data.decode("latin-1")
    plain = identifier._plain_texts(data, characters, explicit_vr)
    if plain is None:
        return
    assert plain == identifier._texts(data, characters, explicit_vr, "")


def test_an_ordinary_identifier_needs_no_second_look() -> None:
    data = encode_identifier({"PatientID": "P1", "StudyDate": ""}, True)
    assert identifier._plain_texts(data, data.decode("latin-1"), True) == {
        "PatientID": "P1",
        "StudyDate": "",
    }
