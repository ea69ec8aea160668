"""Private attributes over real sockets: asked beside their creator, and tested as far as known."""

import base64

import pytest
from pydicom.dataset import Dataset

from dicom_qr_gateway.errors import InvalidRequest
from dicom_qr_gateway.services.qido import Answer
from dicom_qr_gateway.services.qido_attributes import Level

from .archive import Archive
from .searching import Search, a_row, values

UID = "00080018"
CREATOR, ELEMENT = "00290010", "00291001"
SECRET = {CREATOR: "QIDOKIT", ELEMENT: "secret"}


def an_instance(
    uid: str, value: object = None, vr: str = "LO", creator: str = "QIDOKIT"
) -> Dataset:
    """Return a match that has one private attribute, or none."""
    instance = Dataset()
    instance.QueryRetrieveLevel = "IMAGE"
    instance.StudyInstanceUID, instance.SeriesInstanceUID = "1.2", "1.2.1"
    instance.SOPInstanceUID = uid
    if value is not None:
        instance.add_new(0x00290010, "LO", creator)
        instance.add_new(0x00291001, vr, value)
    return instance


def found(archive: Archive, search: Search, **parameters: str) -> Answer:
    path = {"StudyInstanceUID": "1.2", "SeriesInstanceUID": "1.2.1"}
    return search(archive.entity, level=Level.INSTANCES, path=path, **parameters)


def test_a_private_attribute_is_asked_for_with_its_creator_and_returned(
    archive: Archive, search: Search
) -> None:
    archive.series = [an_instance("1.1", b"secret", "UN")]
    row = a_row(found(archive, search, **{CREATOR: "QIDOKIT", "includefield": ELEMENT}))
    assert row[CREATOR] == {"vr": "LO", "Value": ["QIDOKIT"]}
    assert row[ELEMENT] == {"vr": "UN", "InlineBinary": base64.b64encode(b"secret").decode()}
    [asked] = archive.asked().finds
    assert asked.identifier[0x00290010].value == "QIDOKIT"
    assert (asked.identifier[0x00291001].VR, asked.identifier[0x00291001].value) == ("UN", None)


def test_a_private_value_of_unknown_vr_is_taken_off_by_its_text(
    archive: Archive, search: Search
) -> None:
    archive.series = [
        an_instance("1.1", "secret"),
        an_instance("1.2", "other"),
        an_instance("1.3", b"secret", "UN"),
        an_instance("1.4", b"other!", "UN"),
    ]
    answer = found(archive, search, **SECRET)
    assert (values(answer, UID), answer.warnings) == (["1.1", "1.3"], [])
    [asked] = archive.asked().finds
    assert not asked.identifier[0x00291001].value


def test_a_match_of_another_creator_or_without_the_attribute_is_withheld_and_counted(
    archive: Archive, search: Search
) -> None:
    archive.series = [
        an_instance("1.1", "secret"),
        an_instance("1.2", "secret", creator="SOMEBODY"),
        an_instance("1.3"),
        an_instance("1.4", b"\1\2\3\4", "UN"),
    ]
    answer = found(archive, search, **SECRET)
    assert values(answer, UID) == ["1.1"]
    assert answer.warnings == ["3 results withheld that do not match what was asked for."]


@pytest.mark.parametrize(
    ("instance", "named"),
    [
        (an_instance("1.1"), {CREATOR, ELEMENT}),
        (an_instance("1.1", b"\1\2\3\4", "UN"), {ELEMENT}),
    ],
)
def test_a_private_attribute_that_nobody_tested_is_never_an_empty_answer(
    archive: Archive, search: Search, instance: Dataset, named: set[str]
) -> None:
    archive.series = [instance]
    with pytest.raises(InvalidRequest) as caught:
        found(archive, search, **SECRET)
    assert {*caught.value.extra["errors"]} == named


def test_a_private_attribute_of_a_known_creator_is_asked_for_by_its_value(
    archive: Archive, search: Search
) -> None:
    archive.series = [
        an_instance("1.1", 512, "SL", "GEMS_ACQU_01"),
        an_instance("1.2", 513, "SL", "GEMS_ACQU_01"),
    ]
    for instance in archive.series:
        instance.add_new(0x00190010, "LO", "GEMS_ACQU_01")
        instance.add_new(0x00191002, "SL", instance[0x00291001].value)
    answer = found(archive, search, **{"00190010": "GEMS_ACQU_01", "00191002": "512"})
    assert values(answer, UID) == ["1.1"]
    assert answer.warnings == ["1 results withheld that do not match what was asked for."]
    [asked] = archive.asked().finds
    assert (asked.identifier[0x00191002].VR, asked.identifier[0x00191002].value) == ("SL", 512)


def test_what_cannot_be_asked_for_is_not_sent(archive: Archive, search: Search) -> None:
    archive.series = [an_instance("1.1")]
    left_out = "RedPaletteColorLookupTableData,OverlayRows,00080FFF,00291001"
    assert values(found(archive, search, includefield=left_out), UID) == ["1.1"]
    [asked] = archive.asked().finds
    assert {0x00281201, 0x60000010, 0x00080FFF, 0x00291001}.isdisjoint(asked.identifier.keys())
