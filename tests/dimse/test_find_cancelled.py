"""A C-FIND that is left early: cancelled or aborted, and nothing half-read is believed."""

from collections.abc import Callable

import pytest

from dicom_qr_gateway.dicom import c_find as module
from dicom_qr_gateway.services.query import FoundStudies

from .conversation import PENDING, SUCCESS, Conversation
from .scripted_pacs import Script, ScriptedPacs
from .scripts import a_series, a_study

Find = Callable[..., FoundStudies]
MakePacs = Callable[..., ScriptedPacs]

CANCELLED = 0xFE00
C_CANCEL_RQ = 0x0FFF


def answers_a_list_with_everything(peer: Conversation) -> int:
    """Answer a list of UIDs with series of other studies too; return its message ID."""
    peer.accept()
    peer.answer_find(*(a_study(uid, ModalitiesInStudy=None) for uid in ("1.1", "1.2")))
    message_id = peer.read_request().command.MessageID
    for _ in range(2):
        peer.respond(PENDING, a_series("CT", "1.1"))
        peer.respond(PENDING, a_series("XA", "9.9"))
    return int(message_id)


def answers_single_uids(peer: Conversation) -> None:
    peer.accept()
    peer.answer_find(*(a_study(uid, ModalitiesInStudy=None) for uid in ("1.1", "1.2")))
    peer.answer_find(a_series("CT", "1.1"), a_series("SR", "1.1"))
    peer.answer_find(a_series("MR", "1.2"))
    peer.serve_release()


def modalities(found: FoundStudies) -> dict[str, list[str]]:
    return {study.uid: list(study.modalities) for study in found.studies}


def a_cancelling_pacs(peer: Conversation) -> None:
    message_id = answers_a_list_with_everything(peer)
    listed = peer.requests[-1]
    cancel = peer.read_request()
    assert cancel.command.CommandField == C_CANCEL_RQ
    assert cancel.command.MessageIDBeingRespondedTo == message_id
    peer.requests.append(listed)
    peer.respond(PENDING, a_series("XA", "9.9"))
    peer.respond(CANCELLED)
    peer.answer_find(a_series("CT", "1.1"), a_series("SR", "1.1"))
    peer.answer_find(a_series("MR", "1.2"))
    peer.serve_release()


def test_a_list_taken_for_any_uid_is_cancelled_and_the_association_goes_on(
    pacs_with: MakePacs, find: Find
) -> None:
    found = find(pacs_with(a_cancelling_pacs))
    assert modalities(found) == {"1.1": ["CT", "SR"], "1.2": ["MR"]}


def a_finished_pacs(peer: Conversation) -> None:
    answers_a_list_with_everything(peer)
    peer.respond(SUCCESS)  # before it sees the C-CANCEL
    peer.read_request()
    peer.answer_find(a_series("CT", "1.1"))
    peer.answer_find(a_series("MR", "1.2"))
    peer.serve_release()


def test_a_c_cancel_that_comes_too_late_changes_nothing(pacs_with: MakePacs, find: Find) -> None:
    assert len(find(pacs_with(a_finished_pacs)).studies) == 2


def says_nothing(peer: Conversation) -> None:
    answers_a_list_with_everything(peer)
    peer.wait_until_closed()


def resets(peer: Conversation) -> None:
    answers_a_list_with_everything(peer)
    peer.reset()


@pytest.mark.parametrize("script", [says_nothing, resets])
def test_a_pacs_that_ignores_the_c_cancel_is_left_by_an_abort_and_asked_without_lists(
    pacs_with: MakePacs, find: Find, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It answers single UIDs: that it is slow to end a list is no reason to fail the query."""
    monkeypatch.setattr(module, "CANCEL_WAIT", 0.2)
    found = find(pacs_with(script, answers_single_uids))
    assert modalities(found) == {"1.1": ["CT", "SR"], "1.2": ["MR"]}
