"""Text of requests in the character set that a PACS wants, read back by pydicom."""

import pytest
from pydicom.charset import convert_encodings, decode_bytes

from dicom_qr_gateway.dicom.identifier import decode_identifier, encode_identifier
from dicom_qr_gateway.dicom.request_charset import REQUEST_CHARSETS, can_encode, encoder

TEXTS = {
    "ISO_IR 100": "Müller",
    "ISO_IR 101": "Łukasz",
    "ISO_IR 109": "Ĉapelo",
    "ISO_IR 110": "Ģirts",
    "ISO_IR 126": "Διονυσιος",
    "ISO_IR 127": "قباني",
    "ISO_IR 138": "שרון",
    "ISO_IR 144": "Иванов",
    "ISO_IR 148": "Çavuşoğlu",
    "ISO_IR 166": "นามสกุล",
    "ISO_IR 192": "山田 Иванов Müller",
    "ISO_IR 203": "Œuvre €",
    "GB18030": "王小东",
    "GBK": "王小东",
    "\\ISO 2022 IR 58": "张小东",
    "\\ISO 2022 IR 87": "山田",
    "\\ISO 2022 IR 149": "김희중",
    "ISO 2022 IR 13\\ISO 2022 IR 87": "ﾔﾏﾀﾞ 山田",
}


def test_every_character_set_is_tried():
    assert set(TEXTS) == set(REQUEST_CHARSETS)


# pydicom 3 knows no ISO_IR 203, and leaves the escape sequences of IR 58 in the text.
NOT_IN_PYDICOM = ("ISO_IR 203", "\\ISO 2022 IR 58")


@pytest.mark.parametrize("charset", sorted(set(TEXTS) - set(NOT_IN_PYDICOM)))
def test_pydicom_reads_the_text(charset):
    encodings = convert_encodings(charset.split("\\"))
    assert decode_bytes(encoder(charset)(TEXTS[charset]), encodings, {ord("\\")}) == TEXTS[charset]


@pytest.mark.parametrize(("charset", "text"), TEXTS.items())
def test_the_set_is_stated_and_each_component_of_a_name_stands_by_itself(charset, text):
    name = f"{text}^ABC^{text}"
    data = encode_identifier({"PatientName": name, "PatientID": "P1"}, True, charset)
    assert decode_identifier(data, True) == {
        "SpecificCharacterSet": charset,
        "PatientName": name,
        "PatientID": "P1",
    }


def test_the_set_is_stated_of_an_ascii_request_too():
    data = encode_identifier({"PatientID": "P1"}, False, "ISO_IR 192")
    assert decode_identifier(data, False)["SpecificCharacterSet"] == "ISO_IR 192"


@pytest.mark.parametrize(("charset", "text"), [("ISO_IR 100", "Ł"), ("\\ISO 2022 IR 149", "é")])
def test_what_a_set_cannot_say_is_refused_and_never_replaced(charset, text):
    assert not can_encode(text, charset)
    with pytest.raises(UnicodeEncodeError):
        encode_identifier({"PatientID": text}, False, charset)


def test_japanese_is_encoded_as_the_standard_shows_it() -> None:
    """PS3.5 H.3.2, example 2: the same bytes."""
    encode = encoder("ISO 2022 IR 13\\ISO 2022 IR 87")
    assert encode("ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう") == (
        b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J"
        b"=\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J"
    )


def test_without_a_set_everything_can_be_said():
    assert can_encode("山田 Иванов", "")
