"""What a PACS does not say is asked for, told as missing, or a failure, but never silence."""

from collections.abc import Callable

import pytest
from pydicom.dataset import Dataset

from dicom_qr_gateway.errors import DimseFailure

from .conversation import SUCCESS, Conversation
from .scripts import a_study, finds
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


# --- A second character set --------------------------------------------------------------------

NAME = "山田*"  # asked for in ISO_IR 192, then in ISO 2022 IR 87


def a_yamada(uid: str, **attributes: object) -> Dataset:
    name = "Yamada^Tarou=山田^太郎"
    return a_study(uid, SpecificCharacterSet="ISO_IR 192", PatientName=name, **attributes)


REFUSED_CHARSET = (
    "The PACS refused to be asked in a second character set (ISO 2022 IR 87): what is stored in it "
    "may be missing."
)


@pytest.mark.parametrize("matches", [[], [a_yamada("1.1")]])
def test_a_refused_character_set_is_said_with_the_answer(
    pacs_with: MakePacs, search: Search, matches: list[Dataset]
) -> None:
    pacs = pacs_with(answers((matches, SUCCESS), ([], 0xA900)))
    answer = search(pacs, PatientName=NAME)
    assert (len(answer.rows), answer.warnings) == (len(matches), [REFUSED_CHARSET])


def test_a_refused_character_set_is_said_of_a_page_and_of_the_pacs(
    pacs_with: MakePacs, search: Search
) -> None:
    script = answers(([a_yamada("1.1")], SUCCESS), ([], 0xA901))
    page = search(pacs_with(script), PatientName=NAME, limit="5")
    assert (values(page), page.warnings) == (["1.1"], [REFUSED_CHARSET])
    both = search(pacs_with(script), pacs_with(finds(a_yamada("1.2"))), PatientName=NAME)
    assert values(both) == ["1.1", "1.2"]
    assert both.warnings == [f"PACS pacs0: {REFUSED_CHARSET}"]


def test_a_second_character_set_is_asked_in_with_the_keys_that_the_first_was(
    pacs_with: MakePacs, search: Search
) -> None:
    pacs = pacs_with(answers(([], 0xA900), ([a_yamada("1.1")], SUCCESS), ([], 0xA900)))
    assert search(pacs, PatientName=NAME).warnings == [REFUSED_CHARSET]
    asked = [each.identifier for each in pacs.conversation.requests]
    assert ["NumberOfStudyRelatedSeries" in each for each in asked] == [True, False, False]


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
    assert (len(answer.rows), answer.warnings) == (3, [])
    with pytest.raises(DimseFailure):
        list(answer.rest or ())
