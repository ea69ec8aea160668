"""What is asked of a PACS for a text, a code, a number or a time, and which answers match it."""

import pytest

from dicom_qr_gateway.services.qido_attributes import Level

from .archive import Archive
from .scripts import a_study
from .searching import Search, values


@pytest.mark.parametrize(
    ("key", "asked", "sent", "stored"),
    [
        ("PatientName", "Mu\u0308ller*", "*Müller*", "Müller^Eva"),
        ("StudyDescription", "Scha\u0308del", "Schädel", "Schädel"),
        ("PatientSex", "f", "F", "F"),
        ("ModalitiesInStudy", "ct", "CT", "CT"),
        ("SeriesNumber", "01", "1", "1"),
        ("StudyDescription", "Sch?del", "Sch*del", "Schädel"),
        ("StudyTime", "093000-1000", "0930-100059.999999", "0930"),
    ],
)
def test_what_means_the_same_is_asked_in_the_way_that_archives_store_it(
    archive: Archive, search: Search, key: str, asked: str, sent: str, stored: str
) -> None:
    level = Level.SERIES if key == "SeriesNumber" else Level.STUDIES
    match = a_study(SpecificCharacterSet="ISO_IR 100", SeriesInstanceUID="1.2", **{key: stored})
    archive.studies = archive.series = [match]
    answer = search(archive.entity, level=level, path={"StudyInstanceUID": "1.2.3"}, **{key: asked})
    assert archive.asked().finds[-1].keys[key] == sent
    assert (values(answer), answer.warnings) == (["1.2.3"], [])


def test_what_only_the_wider_key_matches_is_nobodys_mistake(
    archive: Archive, search: Search
) -> None:
    found = ["Schädel", "Schäädel", "Thorax"]
    archive.studies = [
        a_study(f"1.{number}", SpecificCharacterSet="ISO_IR 100", StudyDescription=each)
        for number, each in enumerate(found)
    ]
    answer = search(archive.entity, StudyDescription="Sch?del")
    assert values(answer) == ["1.0"]
    assert answer.warnings == ["1 results withheld that do not match what was asked for."]
