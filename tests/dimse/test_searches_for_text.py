"""What is asked of a PACS for a text, a code, a number or a time, and which answers match it."""

import pytest
from pydicom.dataset import Dataset

from dicom_qr_gateway.dicom.types import Quirks
from dicom_qr_gateway.errors import ProtocolError
from dicom_qr_gateway.services.qido_attributes import Level
from dicom_qr_gateway.services.qido_session import NOT_COUNTED

from .archive import Archive
from .scripts import a_series, a_study
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


# --- Answers in a character set that lacks what was asked for ----------------------------------


def in_latin_1(uid: str, **attributes: object) -> Dataset:
    return a_study(uid, SpecificCharacterSet="ISO_IR 100", **attributes)


LACKS = "the PACS answers in a character set that lacks"
IN_PART = f"could not be tested in full: {LACKS} letters of what was asked for."
NOT_TESTED = (
    f"withheld that could not be tested: {LACKS} all letters of what was asked for, or in another "
    "one than it states."
)


def test_a_name_without_the_letters_that_latin_1_lacks_is_passed_on_and_said(
    archive: Archive, search: Search
) -> None:
    archive.studies = [in_latin_1("1.1", PatientName="^"), in_latin_1("1.2", PatientName="^")]
    answer = search(archive.entity, PatientName="Иванов*")
    assert values(answer) == ["1.1", "1.2"]
    assert answer.warnings == [f"2 results {IN_PART}"]


def test_a_study_found_in_several_character_sets_is_counted_once(
    archive: Archive, search: Search
) -> None:
    archive.studies = [in_latin_1("1.1", PatientName="Yamada^Tarou=^=^")]
    answer = search(archive.entity, PatientName="山田*")
    assert (values(answer), answer.warnings) == (["1.1"], [f"1 results {IN_PART}"])


def test_what_cannot_be_tested_at_all_is_withheld_but_not_in_silence(
    archive: Archive, search: Search
) -> None:
    archive.studies = [in_latin_1("1.1", PatientName="DOE^JOHN")]
    answer = search(archive.entity, PatientName="Иванов*")
    assert (values(answer), answer.warnings) == ([], [f"1 results {NOT_TESTED}"])


def test_a_description_that_latin_1_lacks_is_not_said_to_be_another(
    archive: Archive, search: Search
) -> None:
    descriptions = ["CT", "", "MR"]
    archive.studies = [
        in_latin_1(f"1.{number}", StudyDescription=each) for number, each in enumerate(descriptions)
    ]
    answer = search(archive.entity, StudyDescription="胸部CT")
    assert values(answer) == ["1.0"]
    withheld = "2 results withheld that do not match what was asked for."
    assert answer.warnings == [withheld, f"1 results {IN_PART}"]


def test_a_page_and_each_of_several_pacs_say_it_too(archive: Archive, search: Search) -> None:
    archive.studies = [in_latin_1("1.1", PatientName="^")]
    page = search(archive.entity, PatientName="Иванов*", limit="5")
    assert (values(page), page.warnings) == (["1.1"], [f"1 results {IN_PART}"])
    both = search(archive.entity, archive.entity, PatientName="Иванов*")
    assert both.warnings == [f"PACS pacs{number}: 1 results {IN_PART}" for number in (0, 1)]


def test_series_of_a_study_that_was_tested_in_part_say_it(archive: Archive, search: Search) -> None:
    archive.studies = [in_latin_1("1.1", PatientName="^")]
    archive.series = [a_series("CT", "1.1")]
    answer = search(archive.entity, level=Level.SERIES, PatientName="Иванов*")
    assert values(answer, "0020000E") == ["1.2.3.9"]
    assert answer.warnings == [f"1 studies {IN_PART}"]


@pytest.mark.usefixtures("few_rows_held")
def test_a_stream_says_it_before_its_first_row_or_breaks(archive: Archive, search: Search) -> None:
    archive.studies = [in_latin_1(f"1.{number}", PatientName="^") for number in range(6)]
    answer = search(archive.entity, PatientName="Иванов*")
    assert answer.warnings == [f"4 results {IN_PART}", NOT_COUNTED]
    assert len(answer.rows) + len(list(answer.rest or ())) == 6
    for study in archive.studies[:5]:
        study.SpecificCharacterSet, study.PatientName = "ISO_IR 192", "Иванов^Пётр"
    answer = search(archive.entity, PatientName="Иванов*")
    assert answer.warnings == [NOT_COUNTED]
    with pytest.raises(ProtocolError):
        list(answer.rest or ())


@pytest.mark.usefixtures("few_rows_held")
def test_a_stream_breaks_at_the_first_match_that_cannot_be_tested(
    archive: Archive, search: Search
) -> None:
    good = [a_study(f"1.{number}", PatientName="Иванов^Пётр") for number in range(5)]
    for study in good:
        study.SpecificCharacterSet = "ISO_IR 192"
    archive.studies = [*good, in_latin_1("1.9", PatientName="IVANOV^PYOTR")]
    answer = search(archive.entity, PatientName="Иванов*")
    assert answer.warnings == [NOT_COUNTED]
    with pytest.raises(ProtocolError):
        list(answer.rest or ())


# --- Answers that state no character set -------------------------------------------------------


def unstated(uid: str, name: str, codec: str, **attributes: object) -> Dataset:
    """Return a study whose bytes are in a character set that it does not name."""
    return a_study(uid, PatientName=name.encode(codec).decode("latin-1"), **attributes)


@pytest.mark.parametrize("stated", [{}, {"SpecificCharacterSet": ""}])
def test_an_answer_without_a_character_set_may_be_in_that_of_the_request(
    archive: Archive, search: Search, stated: dict[str, str]
) -> None:
    archive.studies = [
        unstated("1.1", "Иванов^Пётр", "iso8859-5", **stated),
        unstated("1.2", "Петров^Иван", "iso8859-5", **stated),
    ]
    answer = search(archive.entity, PatientName="Иванов*")
    assert values(answer, "00100010") == [{"Alphabetic": "Иванов^Пётр"}]
    assert answer.warnings == [f"1 results {NOT_TESTED}"]


@pytest.mark.parametrize(
    ("name", "codec", "stated"),
    [
        ("Müller^Eva", "utf-8", None),
        ("Müller^Eva", "utf-8", "ISO_IR 100"),
        ("王^小东", "gb18030", None),
        ("王^小东", "utf-8", "ISO_IR 100"),
    ],
)
def test_a_name_in_another_character_set_than_is_stated_is_not_dropped_in_silence(
    archive: Archive, search: Search, name: str, codec: str, stated: str | None
) -> None:
    study = unstated("1.1", name, codec)
    if stated is not None:
        study.SpecificCharacterSet = stated
    archive.studies = [study]
    answer = search(archive.entity, PatientName=name.partition("^")[0] + "*")
    assert (answer.rows, answer.warnings) == ([], [f"1 results {NOT_TESTED}"])


def test_a_component_group_that_latin_1_cannot_say_is_not_said_to_be_another(
    archive: Archive, search: Search
) -> None:
    archive.studies = [in_latin_1("1.1", PatientName="Yamada^Tarou")]
    answer = search(archive.entity, PatientName="Yamada*=山田*")
    assert (answer.rows, answer.warnings) == ([], [f"1 results {NOT_TESTED}"])


def test_an_answer_without_a_character_set_may_be_in_latin_1_all_the_same(
    archive: Archive, search: Search
) -> None:
    archive.studies = [unstated("1.1", "Müller^Eva", "latin-1")]
    quirks = Quirks(charset="ISO_IR 192")
    answer = search(archive.entity, quirks=quirks, PatientName="Müller*")
    assert values(answer, "00100010") == [{"Alphabetic": "Müller^Eva"}]


def test_an_answer_in_the_character_set_that_is_assumed_is_read_in_no_other(
    archive: Archive, search: Search
) -> None:
    archive.studies = [unstated("1.1", "Иванов^Пётр", "iso8859-5")]
    quirks = Quirks(assume_charset="ISO_IR 100")
    assert search(archive.entity, quirks=quirks, PatientName="Иванов*").rows == []


def test_an_answer_that_states_its_character_set_is_read_in_no_other(
    archive: Archive, search: Search
) -> None:
    archive.studies = [unstated("1.1", "Иванов^Пётр", "iso8859-5")]
    archive.studies[0].SpecificCharacterSet = "ISO_IR 100"
    assert search(archive.entity, PatientName="Иванов*").rows == []
