"""Text is what the character set says; whatever the bytes are, it is a str that JSON can carry."""

import json
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.charset import convert_encodings, decode_bytes
from pydicom.valuerep import TEXT_VR_DELIMS

from dicom_qr_gateway.dicom.charset_limits import is_plausible, sayable
from dicom_qr_gateway.dicom.request_charset import encoder
from dicom_qr_gateway.dicom.text import CharacterSet, decode_assuming

DEFINED_TERMS = [
    *("", "ISO_IR 6", "ISO_IR 13", "ISO_IR 100", "ISO_IR 101", "ISO_IR 109", "ISO_IR 110"),
    *("ISO_IR 126", "ISO_IR 127", "ISO_IR 138", "ISO_IR 144", "ISO_IR 148", "ISO_IR 166"),
    *("ISO_IR 192", "GB18030", "GBK", "ISO 2022 GBK", "ISO 2022 58", "ISO 2022 IR 6"),
    *("ISO 2022 IR 13", "ISO 2022 IR 58", "ISO 2022 IR 87", "ISO 2022 IR 100"),
    *("ISO 2022 IR 101", "ISO 2022 IR 109", "ISO 2022 IR 110", "ISO 2022 IR 126"),
    *("ISO 2022 IR 127", "ISO 2022 IR 138", "ISO 2022 IR 144", "ISO 2022 IR 148"),
    *("ISO 2022 IR 149", "ISO 2022 IR 159", "ISO 2022 IR 166"),
]


def decoded_by_pydicom(value: bytes, terms: list[str]) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return decode_bytes(value, convert_encodings(terms), TEXT_VR_DELIMS)


def decode(value: bytes, terms: str, *, person_name: bool = False) -> str:
    return CharacterSet.named(terms).decode(value, person_name=person_name)


@pytest.mark.parametrize("term", DEFINED_TERMS)
@given(value=st.binary().filter(lambda value: b"\x1b" not in value))
def test_any_bytes_without_escapes_are_what_pydicom_reads(term: str, value: bytes) -> None:
    assert decode(value, term) == decoded_by_pydicom(value, [term])


@pytest.mark.parametrize(
    ("terms", "value", "text"),
    [
        ("\\ISO 2022 IR 87", b"\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B", "山田^太郎"),
        ("ISO 2022 IR 13\\ISO 2022 IR 87", b"\xd4\xcf\xc0\xde=\x1b$B;3ED\x1b(J", "ﾔﾏﾀﾞ=山田"),
        ("\\ISO 2022 IR 87\\ISO 2022 IR 159", b"\x1b$(D0!\x1b$B;3\x1b(B!", "丂山!"),
        ("\\ISO 2022 IR 149", b"Hong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7", "Hong=洪^吉洞"),
        ("\\ISO 2022 IR 58", b"Wang=\x1b$)A\xcd\xf5^\x1b$)A\xd0\xa1\xb6\xab", "Wang=王^小东"),
        ("ISO 2022 IR 100\\ISO 2022 IR 144", b"\xe9 \x1b-L\xbb\xee\x1b-A\xe9", "é Люé"),
        ("ISO 2022 IR 6\\ISO 2022 IR 126", b"\x1b-F\xc4\xe9", "Δι"),
    ],
)
def test_code_extensions_are_followed(terms: str, value: bytes, text: str) -> None:
    assert decode(value, terms) == text
    assert decode(value, terms, person_name=True) == text


@pytest.mark.parametrize(
    ("terms", "value", "text"),
    [
        ("GBK", b"\x81\x5c\x81\x5c", "乗乗"),
        ("GB18030", b"\x81\x5c\x95\x5c", "乗昞"),
        ("ISO_IR 13", b"\x95\x5c", "表"),
        ("\\ISO 2022 IR 87", b"\x1b$B0\\\x1b(B", "移"),
        ("ISO 2022 IR 100\\ISO 2022 IR 87", b"\x1b$B0\\0^\x1b(B", "移緯"),
    ],
)
def test_half_of_a_character_is_no_delimiter(terms: str, value: bytes, text: str) -> None:
    assert decode(value, terms, person_name=True) == text


def test_the_first_character_set_is_back_after_a_delimiter() -> None:
    terms = "ISO 2022 IR 100\\ISO 2022 IR 144"
    assert decode(b"\x1b-L\xd6\\\xd6", terms) == "ж\\Ö"
    assert decode(b"\x1b-L\xd6^\xd6=\xd6", terms, person_name=True) == "ж^Ö=Ö"
    assert decode(b"\x1b-L\xd6^\xd6", terms) == "ж^ж"


def test_a_set_stays_after_a_delimiter_where_the_first_has_no_upper_half() -> None:
    assert decode(b"\x1b$)C\xfb\xf3^\xd1\xce", "\\ISO 2022 IR 149", person_name=True) == "洪^吉"


def test_the_two_halves_of_the_code_table_are_switched_apart() -> None:
    value = b"\x1b)I\xd4\x1b$B;3\x1b(B-\xcf"
    assert decode(value, "\\ISO 2022 IR 13\\ISO 2022 IR 87") == "ﾔ山-ﾏ"
    assert decode(b"\x1b$B;3\xd4;3", "ISO 2022 IR 13") == "山ﾔ山"


def test_escape_sequences_are_followed_where_none_is_declared() -> None:
    assert decode(b"\x1b$B;3ED\x1b(B", "") == "山田"


def test_an_unknown_escape_sequence_is_passed_on_as_it_is() -> None:
    assert decode(b"A\x1b%Gx\x1b", "ISO 2022 IR 100") == "A\x1b%Gx\x1b"


@pytest.mark.parametrize("term", ["ISO_IR 192", "GB18030", "GBK"])
def test_a_set_without_code_extensions_has_no_escape_sequences(term: str) -> None:
    assert decode(b"\x1b$B;3", term) == "\x1b$B;3"


@pytest.mark.parametrize(
    "term", ["ISO_IR 192", "ISO-IR 192", "ISO IR 192", "iso_ir_192", "UTF-8", " ISO_IR 192 "]
)
def test_a_misspelt_term_is_understood(term: str) -> None:
    assert decode("山".encode(), term) == "山"


@pytest.mark.parametrize("term", ["ISO_IR 999", "utf-16", "idna", "unicode_escape", "rot13", "\0"])
def test_an_unknown_term_is_the_default_repertoire_and_latin_1(term: str) -> None:
    assert decode(b"J\xe9r\xf4me", term) == "Jérôme"


def test_only_what_cannot_be_decoded_is_replaced() -> None:
    assert decode(b"J\xe9r", "ISO_IR 192") == "J\ufffdr"
    assert decode(b"A\x1b$)C\xff\xfb\xf3", "\\ISO 2022 IR 149") == "A\ufffd洪"
    assert decode(b"\x1b$B;3\x7f\x1b(BZ", "\\ISO 2022 IR 87") == "山\ufffdZ"


@pytest.mark.parametrize(
    ("assumed", "stated", "value", "text"),
    [
        ("ISO_IR 192", "", "Müller", "Müller"),
        ("ISO_IR 144", "", "Иванов", "Иванов"),
        ("ISO_IR 144", "ISO_IR 999", "Иванов", "Иванов"),
        ("ISO_IR 192", "ISO_IR 100", "Müller", "Müller"),
        ("ISO_IR 144", "ISO_IR 100", "Иванов", "Иванов"),
        ("GB18030", "ISO_IR 192", "王小东", "王小东"),
        ("\\ISO 2022 IR 149", "", "김희중", "김희중"),
    ],
)
def test_what_a_pacs_does_not_state_or_states_wrong_is_assumed(assumed, stated, value, text):
    assert decode_assuming(assumed, stated, encoder(assumed)(value)) == text


@pytest.mark.parametrize("stated", ["ISO_IR 192", "GB18030", "\\ISO 2022 IR 87"])
def test_a_set_that_the_bytes_prove_is_believed(stated):
    assert decode_assuming("ISO_IR 144", stated, encoder(stated)("山田")) == "山田"


def test_what_cannot_be_in_the_assumed_set_may_be_in_the_one_that_is_stated():
    assert decode_assuming("ISO_IR 192", "ISO_IR 100", b"M\xfcller") == "Müller"


def test_what_is_in_no_set_stays_unreadable():
    assert decode_assuming("ISO_IR 192", "", b"M\xfcller") == "M\ufffdller"


ESCAPES = [b"\x1b" + code for code in b"(B (J $B $(D )I -A -F -L -T -b $)A $)C $ % ".split(b" ")]


@given(
    terms=st.one_of(st.sampled_from(DEFINED_TERMS), st.text()),
    parts=st.lists(st.one_of(st.binary(), st.sampled_from(ESCAPES))),
    person_name=st.booleans(),
)
def test_any_bytes_in_any_character_set_are_valid_json(
    terms: str, parts: list[bytes], person_name: bool
) -> None:
    text = decode(b"".join(parts), terms, person_name=person_name)
    assert json.loads(json.dumps(text, ensure_ascii=False).encode("utf-8")) == text


@pytest.mark.parametrize(
    ("terms", "text", "left"),
    [
        ("ISO_IR 100", "Müller Łucja Иванов", "Müller ucja "),
        ("ISO_IR 144", "Müller Иванов", "Mller Иванов"),
        ("ISO 2022 IR 100\\ISO 2022 IR 144", "Müller Иванов 山", "Müller Иванов "),
        ("\\ISO 2022 IR 87", "山田 ﾔﾏﾀﾞ é", "山田  "),
        ("ISO_IR 13", "山田 ﾔﾏﾀﾞ é", " ﾔﾏﾀﾞ "),
        ("ISO_IR 192", "Müller 山田 🏥", "Müller 山田 🏥"),
        ("GB18030", "Müller 山田 🏥", "Müller 山田 🏥"),
        ("GBK", "王小东 🏥", "王小东 "),
        ("", "Müller", "Mller"),
        ("ISO_IR 6", "Müller", "Mller"),
        ("unicode_escape", "Müller", "Mller"),
    ],
)
def test_what_character_sets_can_say_of_a_text(terms: str, text: str, left: str) -> None:
    assert sayable(terms, text) == left


@pytest.mark.parametrize(
    ("terms", "value", "plausible"),
    [
        ("ISO_IR 100", "Müller".encode("latin-1"), True),
        ("ISO_IR 100", "Müller".encode(), False),
        ("ISO_IR 192", "Müller".encode(), True),
        ("ISO_IR 192", "Müller".encode("latin-1"), False),
        ("", "Müller".encode("latin-1"), False),
        ("ISO_IR 6", "Müller".encode("latin-1"), False),
        ("ISO_IR 999", "Müller".encode("latin-1"), False),
        ("GB18030", "王小东".encode("gb18030"), True),
        ("ISO_IR 100", "王小东".encode(), False),
        ("\\ISO 2022 IR 87", "山田".encode("iso2022_jp"), True),
    ],
)
def test_bytes_disprove_the_character_set_that_is_stated_for_them(
    terms: str, value: bytes, plausible: bool
) -> None:
    assert is_plausible(terms, value) is plausible
