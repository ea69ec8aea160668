"""Values of keys are accepted as PS3.5 and PS3.4 C.2.2.2 write them, and no other way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicom_qr_gateway.dicom.binary_values import NUMBERS
from dicom_qr_gateway.dicom.data_set import VRS
from dicom_qr_gateway.dicom.query_keys import encode_keys
from dicom_qr_gateway.services.key_values import BadValue, checked, is_universal


@pytest.mark.parametrize(
    ("vr", "value"),
    [
        ("AE", "MAIN"),
        ("AS", "045Y"),
        ("AT", "0020000d"),
        ("CS", "CT"),
        ("CS", "TWO WORDS"),
        ("CS", "C*"),
        ("DA", "20240229"),
        ("DA", "20240101-20241231"),
        ("DA", "20240101-"),
        ("DA", "-20241231"),
        ("DA", "20240101-20240101"),
        ("DS", "-1.5e-3"),
        ("DT", "2024"),
        ("DT", "20240229103000.123456+0100"),
        ("DT", "20240101-20240201"),
        ("DT", "20240101-0500"),
        ("DT", "20240101-0500-20240102-0500"),
        ("DT", "-202401"),
        ("FD", "1.5"),
        ("IS", "-7"),
        ("LO", "1,5 m"),
        ("PN", "DOE^J*"),
        ("PN", "A=B=C"),
        ("PN", f"{'x' * 64}={'y' * 64}"),
        ("SH", "0123456789*012345?"),
        ("TM", "08"),
        ("TM", "0800-1730"),
        ("TM", "235960.123456-"),
        ("UI", "1.2.840"),
        ("US", "65535"),
    ],
)
def test_what_the_standard_writes_is_accepted_as_it_is(vr: str, value: str) -> None:
    assert checked(vr, value) == value
    assert checked(vr, f" {value} ") == value


@pytest.mark.parametrize(
    ("vr", "value", "means"),
    [
        ("CS", "seg", "SEG"),
        ("CS", "ct, m*", "CT\\M*"),
        ("IS", "01", "1"),
        ("IS", "+7", "7"),
        ("IS", "-007", "-7"),
        ("IS", "00", "0"),
        ("DS", "+02.50", "2.50"),
        ("DS", "0.5", "0.5"),
        ("DS", ".5", ".5"),
        ("LO", "scha\u0308del", "schädel"),
        ("PN", "Mu\u0308ller*", "Müller*"),
        ("PN", "\u1112\u1169\u11bc*", "홍*"),
        ("PN", "\uf90a^*", "\uf90a^*"),
        ("SH", "lower case", "lower case"),
    ],
)
def test_what_means_the_same_is_one_value(vr: str, value: str, means: str) -> None:
    assert checked(vr, value) == means


@pytest.mark.parametrize(
    ("vr", "value"),
    [
        ("AE", "seventeen letters"),
        ("AE", "É"),
        ("AS", "45Y"),
        ("AT", "PatientName"),
        ("CS", "seventeen letters"),
        ("CS", "CT,,MR"),
        ("CS", "ß"),
        ("DA", "2024-01-01"),
        ("DA", "20230229"),
        ("DA", "2024"),
        ("DA", "-"),
        ("DA", "20240102-20240101"),
        ("DA", "20240101-20240102-20240103"),
        ("DA", "2024*"),
        ("DA", "٢٠٢٤٠١٠١"),
        ("DS", "1,5"),
        ("DT", "20241301"),
        ("DT", "-"),
        ("DT", "yesterday"),
        ("FD", "inf"),
        ("IS", "1.0"),
        ("IS", "1_0"),
        ("IS", "1*"),
        ("LO", "a\\b"),
        ("LO", "a\nb"),
        ("LO", "x" * 65),
        ("LO", " "),
        ("LO", "\ufffd"),
        ("OB", "x"),
        ("PN", "A=B=C=D"),
        ("PN", "x" * 65),
        ("TM", "8:00"),
        ("TM", "24"),
        ("TM", "0800.5"),
        ("TM", "18-06"),
        ("UI", "1.2.*"),
        ("UI", "1..2"),
        ("UI", "1." * 40),
        ("UI", "1.2,,1.3"),
        ("UN", "x"),
        ("US", "65536"),
        ("US", "-1"),
        ("US", "1_0"),
    ],
)
def test_what_it_does_not_is_refused_in_a_sentence(vr: str, value: str) -> None:
    with pytest.raises(BadValue, match=r"\.$"):
        checked(vr, value)


def test_lists_are_joined_by_backslashes() -> None:
    assert checked("UI", "1.2, 1.3\\1.4") == "1.2\\1.3\\1.4"
    assert checked("CS", "CT,MR") == "CT\\MR"


@pytest.mark.parametrize(
    ("vr", "value", "universal"),
    [
        ("LO", "*", True),
        ("LO", "a*", False),
        ("LO", "", True),
        ("IS", "", True),
        ("LO", "?", False),
    ],
)
def test_a_star_is_universal(vr: str, value: str, universal: bool) -> None:
    assert is_universal(vr, value) is universal


TAGS = {"AE": 0x00080054, "CS": 0x00080060, "DA": 0x00080020, "DT": 0x0008002A, "IS": 0x00200013}
TAGS |= {"LO": 0x00100020, "PN": 0x00100010, "UI": 0x0020000D, "US": 0x00280010, "FD": 0x00189073}


@given(st.sampled_from(sorted(VRS)), st.text(max_size=30))
def test_whatever_is_accepted_can_be_sent(vr: str, text: str) -> None:
    try:
        value = checked(vr, text)
    except BadValue:
        return
    if vr in TAGS:
        encode_keys({TAGS[vr]: value}, explicit_vr=True, charset="ISO_IR 192")


@given(st.sampled_from(sorted(NUMBERS)), st.integers(-(2**65), 2**65))
def test_numbers_are_accepted_within_their_range(vr: str, number: int) -> None:
    bits = NUMBERS[vr][1] * 8
    low, high = (0, 2**bits) if vr[0] == "U" else (-(2 ** (bits - 1)), 2 ** (bits - 1))
    if vr[0] == "F" or low <= number < high:
        assert checked(vr, str(number)) == str(number)
    else:
        with pytest.raises(BadValue):
            checked(vr, str(number))
