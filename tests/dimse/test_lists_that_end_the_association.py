"""A PACS that ends the association on a list of UIDs is asked once more, without lists."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from dicom_qr_gateway.errors import AssociationAborted
from dicom_qr_gateway.services.query import FoundStudies

from .conftest import PATIENT
from .conversation import PENDING, Conversation
from .scripted_pacs import Script
from .scripts import a_series, a_study
from .searching import MakePacs, Search, values

Find = Callable[..., FoundStudies]

STUDIES = [a_study(uid, ModalitiesInStudy=None) for uid in ("1.1", "1.2")]


def tells_studies_and_aborts(peer: Conversation) -> None:
    peer.accept()
    peer.answer_find(*STUDIES)
    peer.read_request()
    peer.abort()


def aborts_after_a_row(peer: Conversation) -> None:
    peer.accept()
    peer.answer_find(*STUDIES)
    peer.read_request()
    peer.respond(PENDING, a_series("XA", "1.1"))
    peer.abort()


def tells_series_one_by_one(peer: Conversation) -> None:
    peer.accept()
    peer.answer_find(a_series("CT", "1.1"))
    peer.answer_find(a_series("MR", "1.2"))
    peer.serve_release()


def tells_everything_one_by_one(peer: Conversation) -> None:
    peer.accept()
    peer.answer_find(*STUDIES)
    peer.answer_find(a_series("CT", "1.1"))
    peer.answer_find(a_series("MR", "1.2"))
    peer.serve_release()


@pytest.mark.parametrize("ends", [tells_studies_and_aborts, aborts_after_a_row])
def test_a_query_is_done_again_on_a_fresh_association(
    pacs_with: MakePacs, find: Find, ends: Script
) -> None:
    found = find(pacs_with(ends, tells_everything_one_by_one))
    assert [[*study.modalities] for study in found.studies] == [["CT"], ["MR"]]


def test_a_query_is_done_again_once_and_without_any_list(pacs_with: MakePacs, find: Find) -> None:
    pacs = pacs_with(tells_studies_and_aborts)
    with pytest.raises(AssociationAborted):
        find(pacs)
    asked = [each.requests[-1].identifier.StudyInstanceUID for each in pacs.conversations]
    assert asked == [["1.1", "1.2"], "1.1"]


def test_a_query_that_asked_no_list_is_not_done_again(pacs_with: MakePacs, find: Find) -> None:
    def aborts_on_one(peer: Conversation) -> None:
        peer.accept()
        peer.answer_find(STUDIES[0])
        peer.read_request()
        peer.abort()

    pacs = pacs_with(aborts_on_one)
    with pytest.raises(AssociationAborted):
        find(pacs)
    assert len(pacs.conversations) == 1


def test_a_query_that_is_done_again_counts_its_matches_again(
    pacs_with: MakePacs, find: Find
) -> None:
    pacs = pacs_with(tells_studies_and_aborts, tells_everything_one_by_one)
    assert len(find(pacs, limits=replace(PATIENT, max_matches=2)).studies) == 2


@pytest.mark.parametrize("ends", [tells_studies_and_aborts, aborts_after_a_row])
def test_a_search_goes_on_with_a_fresh_association(
    pacs_with: MakePacs, search: Search, ends: Script
) -> None:
    answer = search(pacs_with(ends, tells_series_one_by_one))
    assert values(answer, "00080061") == ["CT", "MR"]


def test_a_search_by_modality_goes_on_with_a_fresh_association(
    pacs_with: MakePacs, search: Search
) -> None:
    pacs = pacs_with(tells_studies_and_aborts, tells_series_one_by_one)
    assert values(search(pacs, ModalitiesInStudy="MR", limit="2")) == ["1.2"]


@pytest.mark.parametrize("asked", [{}, {"ModalitiesInStudy": "MR"}])
def test_a_search_goes_on_once(pacs_with: MakePacs, search: Search, asked: dict[str, str]) -> None:
    def aborts_on_one(peer: Conversation) -> None:
        peer.accept()
        peer.read_request()
        peer.abort()

    pacs = pacs_with(tells_studies_and_aborts, aborts_on_one)
    with pytest.raises(AssociationAborted):
        search(pacs, **asked)
    assert len(pacs.conversations) == 2
