"""The data dictionary is pydicom's, without pydicom."""

import subprocess
import sys

import pytest
from pydicom import datadict
from pydicom._dicom_dict import DicomDictionary

from dicom_qr_gateway.dicom.data_dictionary import (
    attribute,
    creator_of,
    is_private,
    is_private_creator,
    private_vr,
    repeats,
    tag_of,
    vr_of,
)


def test_every_attribute_has_the_vr_and_keyword_of_the_standard() -> None:
    found = {tag: attribute(tag) for tag in DicomDictionary}
    assert found == {
        tag: (datadict.dictionary_VR(tag), datadict.dictionary_keyword(tag))
        for tag in DicomDictionary
    }


def test_every_keyword_has_the_tag_of_the_standard() -> None:
    keywords = [datadict.dictionary_keyword(tag) for tag in DicomDictionary]
    assert {keyword: tag_of(keyword) for keyword in keywords if keyword} == {
        keyword: datadict.tag_for_keyword(keyword) for keyword in keywords if keyword
    }


@pytest.mark.parametrize("keyword", ["", "patientname", "Patient's Name", "NoSuchAttribute"])
def test_what_is_no_keyword_has_no_tag(keyword: str) -> None:
    assert tag_of(keyword) is None


@pytest.mark.parametrize("tag", [0x60003000, 0x60023000, 0x50040010, 0x002804A2, 0x7FE00010])
def test_repeating_groups_have_the_vr_of_their_pattern(tag: int) -> None:
    assert vr_of(tag) == datadict.dictionary_VR(tag)


def test_group_lengths_are_numbers_and_unknown_tags_are_unknown() -> None:
    assert (vr_of(0x00080000), vr_of(0x00080002), vr_of(0x00091001)) == ("UL", "UN", "UN")


def test_an_odd_group_is_private() -> None:
    assert [is_private(tag) for tag in (0x00090010, 0x00080010)] == [True, False]


def test_a_private_creator_reserves_a_block_of_its_group() -> None:
    tags = (0x00290010, 0x002900FF, 0x0029000F, 0x00290100, 0x00291001, 0x00280010)
    assert [is_private_creator(tag) for tag in tags] == [True, True, *[False] * 4]
    assert (creator_of(0x00291001), creator_of(0x0029FF10)) == (0x00290010, 0x002900FF)


def test_what_repeats_has_no_tag_of_its_own() -> None:
    keywords = ("OverlayRows", "CurveData", "PatientName", "Garbage", "")
    assert [repeats(keyword) for keyword in keywords] == [True, True, False, False, False]


@pytest.mark.parametrize(
    ("creator", "tag"),
    [
        ("GEMS_ACQU_01", 0x00191002),
        ("GEMS_ACQU_01", 0x0019AA02),
        ("SIEMENS CSA HEADER", 0x00291010),
        ("Philips Imaging DD 001", 0x20011003),
    ],
)
def test_private_attributes_have_the_vr_their_creator_gave_them(creator: str, tag: int) -> None:
    assert private_vr(creator, tag) == datadict.private_dictionary_VR(tag, creator)


def test_private_attributes_of_an_unknown_creator_are_unknown() -> None:
    assert private_vr("NOBODY", 0x00191002) == private_vr("GEMS_ACQU_01", 0x001910FE) == "UN"


def test_asking_the_dictionary_loads_no_toolkit() -> None:
    program = (
        "import sys\n"
        "from dicom_qr_gateway.dicom.data_dictionary import private_vr, tag_of, vr_of\n"
        "print(vr_of(tag_of('PatientName')), private_vr('GEMS_ACQU_01', 0x00191002))\n"
        "print(*({'pydicom', 'pynetdicom', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "PN SL\n\n"
