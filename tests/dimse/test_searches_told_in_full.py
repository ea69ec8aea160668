"""What a PACS does not say is asked for, told as missing, or a failure, but never silence."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from pydicom.dataset import Dataset

from dicom_qr_gateway.errors import DimseFailure
from dicom_qr_gateway.services import qido_session
from dicom_qr_gateway.services.qido import Answer
from dicom_qr_gateway.services.qido_attributes import Level
from dicom_qr_gateway.services.qido_session import NOT_COUNTED

from .archive import Archive
from .conversation import SUCCESS, Conversation
from .scripts import a_series, a_study, finds
from .searching import MakePacs, Search, values

Answered = tuple[list[Dataset], int]


def answers(*finds: Answered) -> Callable[[Conversation], None]:
    """Return the script of a PACS that answers each C-FIND with its matches and final status."""

    def script(peer: Conversation) -> None:
        peer.accept()
        for matches, status in finds:
            peer.answer_find(*matches, status=status)
        peer.serve_release()

    return script


def modalities(rows: list[bytes]) -> list[list[str] | None]:
    """Return ModalitiesInStudy of each row, None where it is not there."""
    found: list[dict[str, Any]] = [json.loads(row) for row in rows]
    return [row["00080061"]["Value"] if "00080061" in row else None for row in found]


# --- A second character set --------------------------------------------------------------------

# Asked for in ISO_IR 192, then in ISO 2022 IR 87 after ASCII and after ISO 2022 IR 13.
NAME = "山田*"


def a_yamada(uid: str, **attributes: object) -> Dataset:
    name = "Yamada^Tarou=山田^太郎"
    return a_study(uid, SpecificCharacterSet="ISO_IR 192", PatientName=name, **attributes)


REFUSED_CHARSETS = [
    f"The PACS refused to be asked in a second character set ({charset}): what is stored in it may "
    "be missing."
    for charset in ("ISO 2022 IR 13 and ISO 2022 IR 87", "ISO 2022 IR 87")
]
REFUSED = ([], 0xA900)


@pytest.mark.parametrize("matches", [[], [a_yamada("1.1")]])
def test_a_refused_character_set_is_said_with_the_answer(
    pacs_with: MakePacs, search: Search, matches: list[Dataset]
) -> None:
    pacs = pacs_with(answers((matches, SUCCESS), REFUSED, REFUSED))
    answer = search(pacs, PatientName=NAME)
    assert (len(answer.rows), answer.warnings) == (len(matches), REFUSED_CHARSETS)


def test_a_pacs_that_refuses_one_character_set_is_asked_in_the_next(
    pacs_with: MakePacs, search: Search
) -> None:
    pacs = pacs_with(answers(([], SUCCESS), REFUSED, ([a_yamada("1.1")], SUCCESS)))
    answer = search(pacs, PatientName=NAME)
    assert (values(answer), answer.warnings) == (["1.1"], REFUSED_CHARSETS[1:])


def test_a_refused_character_set_is_said_of_a_page_and_of_the_pacs(
    pacs_with: MakePacs, search: Search
) -> None:
    script = answers(([a_yamada("1.1")], SUCCESS), ([], 0xA901), REFUSED)
    page = search(pacs_with(script), PatientName=NAME, limit="5")
    assert (values(page), page.warnings) == (["1.1"], REFUSED_CHARSETS)
    both = search(pacs_with(script), pacs_with(finds(a_yamada("1.2"))), PatientName=NAME)
    assert values(both) == ["1.1", "1.2"]
    assert both.warnings == [f"PACS pacs0: {warning}" for warning in REFUSED_CHARSETS]


def test_a_second_character_set_is_asked_in_with_the_keys_that_the_first_was(
    pacs_with: MakePacs, search: Search
) -> None:
    pacs = pacs_with(answers(REFUSED, ([a_yamada("1.1")], SUCCESS), REFUSED, REFUSED))
    assert search(pacs, PatientName=NAME).warnings == [said_of(OF_STUDIES), *REFUSED_CHARSETS]
    asked = [each.identifier for each in pacs.conversation.requests]
    assert ["NumberOfStudyRelatedSeries" in each for each in asked] == [True, False, False, False]


@pytest.mark.parametrize(
    ("matches", "status"),
    [
        ([], 0xA700),
        ([], 0xC001),
        ([], 0x0122),
        ([], 0xFE00),
        ([a_yamada("1.2")], 0xA700),
        ([a_yamada("1.2")], 0xA900),
    ],
)
def test_a_failure_in_a_second_character_set_is_a_failure(
    pacs_with: MakePacs, search: Search, matches: list[Dataset], status: int
) -> None:
    pacs = pacs_with(answers(([a_yamada("1.1")], SUCCESS), (matches, status)))
    with pytest.raises(DimseFailure) as caught:
        search(pacs, PatientName=NAME)
    assert caught.value.dicom == {"status": f"0x{status:04X}"}


@pytest.mark.usefixtures("few_rows_held")
def test_a_character_set_refused_within_a_stream_breaks_it(
    pacs_with: MakePacs, search: Search
) -> None:
    studies = [a_yamada(f"1.{number}") for number in range(5)]
    answer = search(pacs_with(answers((studies, SUCCESS), ([], 0xA900))), PatientName=NAME)
    assert (len(answer.rows), answer.warnings) == (3, [NOT_COUNTED])
    with pytest.raises(DimseFailure):
        list(answer.rest or ())


def an_entry(charset: str, modality: str = "CT") -> Dataset:
    step = Dataset()
    step.Modality = modality
    entry = Dataset()
    entry.SpecificCharacterSet = charset
    entry.PatientName = "Yamada^Tarou=山田^太郎"
    entry.ScheduledProcedureStepSequence = [step]
    return entry


@pytest.mark.parametrize("modality", ["CT", "MR"])
def test_an_entry_of_a_worklist_that_comes_in_several_character_sets_is_told_once(
    pacs_with: MakePacs, search: Search, modality: str
) -> None:
    first, again = an_entry("ISO_IR 192"), an_entry(["", "ISO 2022 IR 87"])
    other = an_entry("ISO_IR 192", "US")
    said = [first, first], [again, other, other], [again, other]
    pacs = pacs_with(answers(*((each, SUCCESS) for each in said)))
    key = {"ScheduledProcedureStepSequence.Modality": modality} if modality == "MR" else {}
    answer = search(pacs, level=Level.WORKLIST, PatientName=NAME, **key)
    steps = [json.loads(row)["00400100"]["Value"][0] for row in answer.rows]
    told = [step["00080060"]["Value"][0] for step in steps]
    withheld = ["2 results withheld that do not match what was asked for."]
    expected = (["CT", "CT", "US", "US"], []) if modality == "CT" else ([], withheld)
    assert (told, answer.warnings) == expected


# --- Refused keys ------------------------------------------------------------------------------

OF_STUDIES = (
    "ModalitiesInStudy, ReferringPhysicianName, PatientBirthDate, PatientSex, "
    "NumberOfStudyRelatedSeries, NumberOfStudyRelatedInstances"
)


def said_of(names: str) -> str:
    return f"The PACS refused to be asked for everything. It was not asked for {names}."


@pytest.mark.parametrize("limit", [{}, {"limit": "5"}])
def test_keys_that_the_pacs_refuses_are_said_with_the_answer(
    pacs_with: MakePacs, search: Search, limit: dict[str, str]
) -> None:
    keys = {"StudyDescription": "A*", "00290010": "ACME"}
    pacs = pacs_with(answers(REFUSED, ([], SUCCESS)))
    included = "00291001,ProcedureCodeSequence,ReferencedStudySequence.ReferencedSOPInstanceUID"
    answer = search(pacs, includefield=included, **keys, **limit)
    [warning] = answer.warnings
    names = warning.removeprefix(said_of("")[:-1]).removesuffix(".").split(", ")
    assert {*names} == {*OF_STUDIES.split(", "), *included.split(",")}


def test_refused_keys_are_said_of_each_level_and_of_the_pacs(
    pacs_with: MakePacs, search: Search
) -> None:
    script = answers(
        *(REFUSED, ([a_study()], SUCCESS)), *(REFUSED, ([a_series("CT", "1.2.3")], SUCCESS))
    )
    picky, good = pacs_with(script), pacs_with(answers(([], SUCCESS)))
    answer = search(picky, good, level=Level.SERIES, PatientID="P1")
    [warning] = answer.warnings
    assert warning.startswith("PACS pacs0: The PACS refused to be asked for everything.")
    for name in ("PatientBirthDate", "RequestAttributesSequence.RequestedProcedureID"):
        assert f" {name}" in warning
    assert "StudyInstanceUID" not in warning


@pytest.mark.usefixtures("few_rows_held")
def test_keys_that_the_pacs_goes_on_to_refuse_are_said_before_a_stream(
    pacs_with: MakePacs, search: Search
) -> None:
    studies = [a_study(f"1.{number}") for number in range(6)]
    series = [([a_series("CT", study.StudyInstanceUID)], SUCCESS) for study in studies]
    refused = [each for found in series for each in (REFUSED, found)]
    answer = search(pacs_with(answers((studies, SUCCESS), *refused)), level=Level.SERIES)
    assert len([*answer.rows, *(answer.rest or ())]) == 6
    assert [warning.count("SeriesDescription") for warning in answer.warnings] == [1]


@pytest.mark.usefixtures("few_rows_held")
def test_keys_refused_first_within_a_stream_break_it(pacs_with: MakePacs, search: Search) -> None:
    studies = [a_study(f"1.{number}") for number in range(6)]
    series = [([a_series("CT", study.StudyInstanceUID)], SUCCESS) for study in studies]
    script = answers((studies, SUCCESS), *series[:4], REFUSED)
    answer = search(pacs_with(script), level=Level.SERIES)
    assert (len(answer.rows), answer.warnings) == (3, [])
    with pytest.raises(DimseFailure):
        list(answer.rest or ())


# --- Missing modalities ------------------------------------------------------------------------


def silent(uid: str) -> Dataset:
    return a_study(uid, ModalitiesInStudy=None)


def of_everything(pacs: Any, search: Search) -> Answer:
    return search(pacs)


def of_a_page(pacs: Any, search: Search) -> Answer:
    return search(pacs, limit="5")


@pytest.mark.parametrize("searched", [of_everything, of_a_page])
def test_studies_whose_series_may_not_be_asked_for_say_so(
    pacs_with: MakePacs, search: Search, searched: Callable[..., Answer]
) -> None:
    pacs = pacs_with(answers(([silent("1.1"), a_study("1.2")], SUCCESS), ([], 0xA900)))
    answer = searched(pacs, search)
    assert modalities(answer.rows) == [None, ["CT"]]
    assert answer.warnings == [qido_session.REFUSED_SERIES]


@pytest.mark.parametrize(
    ("matches", "status"),
    [
        ([], 0xA700),
        ([], 0xC001),
        ([a_series("MR", "1.1")], 0xA700),
        ([a_series("MR", "1.1")], 0xA900),
    ],
)
@pytest.mark.parametrize("searched", [of_everything, of_a_page])
def test_a_failure_to_say_modalities_is_a_failure(
    pacs_with: MakePacs,
    search: Search,
    matches: list[Dataset],
    status: int,
    searched: Callable[..., Answer],
) -> None:
    pacs = pacs_with(answers(([silent("1.1")], SUCCESS), (matches, status)))
    with pytest.raises(DimseFailure):
        searched(pacs, search)


def test_a_search_by_modality_is_no_answer_where_no_series_may_be_asked_for(
    pacs_with: MakePacs, search: Search
) -> None:
    pacs = pacs_with(answers(([silent("1.1")], SUCCESS), ([], 0xA900)))
    with pytest.raises(DimseFailure):
        search(pacs, ModalitiesInStudy="MR")


@pytest.mark.usefixtures("few_rows_held")
def test_a_long_answer_of_several_pacs_has_the_modalities_of_all_its_studies(
    archive: Archive, pacs_with: MakePacs, search: Search
) -> None:
    uids = [f"1.{number}" for number in range(7)]
    archive.studies = [*map(silent, uids)]
    archive.series = [each for uid in uids for each in (a_series("MR", uid), a_series("SR", uid))]
    answer = search(archive.entity, pacs_with(finds(a_study("1.9"))))
    assert values(answer) == [*uids, "1.9"]
    assert modalities(answer.rows) == [["MR", "SR"]] * 7 + [["CT"]]
    assert values(answer, "00080054") == ["ARCHIVE"] * 7 + ["PACS"]
    assert answer.warnings == []


@pytest.mark.usefixtures("few_rows_held")
def test_a_long_answer_of_several_pacs_says_which_one_may_not_be_asked_for_series(
    pacs_with: MakePacs, search: Search
) -> None:
    studies = [silent(f"1.{number}") for number in range(4)]
    pacs = pacs_with(answers((studies, SUCCESS), ([], 0xA900), ([], 0xA900)))
    answer = search(pacs, pacs_with(finds(a_study("1.9"))))
    assert modalities(answer.rows) == [*[None] * 4, ["CT"]]
    assert answer.warnings == [f"PACS pacs0: {qido_session.REFUSED_SERIES}"]


@pytest.mark.usefixtures("few_rows_held")
def test_a_stream_says_where_modalities_are_missing(archive: Archive, search: Search) -> None:
    archive.studies = [a_study("1.1"), silent("1.2"), *(a_study(f"1.{n}") for n in range(3, 8))]
    answer = search(archive.entity)
    assert modalities([*answer.rows, *(answer.rest or ())]) == [["CT"], None, *[["CT"]] * 5]
    assert answer.warnings == [qido_session.NOT_ASKED_FOR_SERIES]
    answer.close()
    archive.ended.clear()
    archive.studies[1] = a_study("1.2")
    assert search(archive.entity).warnings == []


@pytest.mark.parametrize("nothing", [["", ""], ["", " "]])
def test_no_row_has_empty_modalities(archive: Archive, search: Search, nothing: list[str]) -> None:
    archive.studies = [a_study("1.1", ModalitiesInStudy=nothing)]
    assert modalities(search(archive.entity).rows) == [None]
    archive.ended.clear()
    archive.series = [a_series("MR", "1.1")]
    assert modalities(search(archive.entity).rows) == [["MR"]]
    archive.ended.clear()
    assert modalities(search(archive.entity, ModalitiesInStudy="MR").rows) == [["MR"]]


def test_a_study_of_unknown_modalities_is_counted_where_they_are_asked_for(
    archive: Archive, search: Search
) -> None:
    archive.studies = [silent("1.1"), a_study("1.2", ModalitiesInStudy=["", ""]), silent("1.3")]
    archive.series = [a_series("MR", "1.3")]
    answer = search(archive.entity, ModalitiesInStudy="MR")
    assert values(answer) == ["1.3"]
    assert answer.warnings == ["2 results withheld that do not match what was asked for."]
