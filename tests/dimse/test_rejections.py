"""A-ASSOCIATE-RJ: told at once, or tried again within ACSE_TIMEOUT where waiting may cure it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from dicom_qr_gateway.dicom import establish
from dicom_qr_gateway.errors import (
    AssociationRejected,
    AssociationTimeout,
    ConnectionRefused,
    PacsBusy,
    QueryTimeout,
    ShuttingDown,
)
from dicom_qr_gateway.services.query import FoundStudies

from .conftest import PATIENT
from .conversation import Conversation
from .scripted_pacs import Script, ScriptedPacs
from .scripts import a_study, finds

Find = Callable[..., FoundStudies]


MakePacs = Callable[..., ScriptedPacs]


def rejects(result: int, source: int, reason: int) -> Script:
    return lambda peer: peer.reject(result, source, reason)


def is_silent(peer: Conversation) -> None:
    peer.wait_until_closed()


REJECTIONS = [
    (1, 1, 1),
    (1, 1, 2),
    (1, 1, 3),
    (1, 1, 7),
    (1, 1, 9),
    (1, 2, 1),
    (1, 2, 2),
    (1, 3, 0),
    (9, 9, 9),
]


@pytest.mark.parametrize("rejection", REJECTIONS, ids=str)
def test_a_permanent_rejection_is_told_at_once(
    pacs_with: MakePacs, find: Find, rejection: tuple[int, int, int]
) -> None:
    pacs = pacs_with(rejects(*rejection))
    with pytest.raises(AssociationRejected) as caught:
        find(pacs)
    assert caught.value.dicom == dict(zip(("result", "source", "reason"), rejection, strict=True))
    assert len(pacs.conversations) == 1


@pytest.mark.parametrize("rejection", [(2, 3, 1), (2, 3, 2), (2, 1, 1), (1, 3, 1), (1, 3, 2)])
def test_a_transient_rejection_is_pacs_busy_after_three_retries(
    pacs_with: MakePacs,
    find: Find,
    monkeypatch: pytest.MonkeyPatch,
    rejection: tuple[int, int, int],
) -> None:
    assert len(establish.RETRY_PAUSES) == 3
    monkeypatch.setattr(establish, "RETRY_PAUSES", (0.01, 0.02, 0.03))
    pacs = pacs_with(rejects(*rejection))
    with pytest.raises(PacsBusy) as caught:
        find(pacs)
    assert caught.value.dicom == dict(zip(("result", "source", "reason"), rejection, strict=True))
    assert len(pacs.conversations) == 4


def test_a_pacs_that_accepts_on_the_second_try_gives_a_normal_answer(
    pacs_with: MakePacs, find: Find
) -> None:
    pacs = pacs_with(rejects(2, 3, 1), finds(a_study()))
    assert len(find(pacs).studies) == 1
    assert len(pacs.conversations) == 2


def test_retries_end_within_the_acse_timeout(pacs_with: MakePacs, find: Find) -> None:
    pacs = pacs_with(rejects(2, 3, 1))
    with pytest.raises(PacsBusy):
        find(pacs, replace(PATIENT, acse_timeout=0.4))
    assert len(pacs.conversations) == 2


def test_a_retry_that_gets_no_answer_is_an_association_timeout(
    pacs_with: MakePacs, find: Find, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(establish, "RETRY_PAUSES", (0.01,))
    pacs = pacs_with(rejects(2, 3, 1), is_silent)
    with pytest.raises(AssociationTimeout):
        find(pacs, replace(PATIENT, acse_timeout=0.3))


def test_a_permanent_rejection_after_a_transient_one_is_the_answer(
    pacs_with: MakePacs, find: Find, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(establish, "RETRY_PAUSES", (0.01, 0.01))
    pacs = pacs_with(rejects(2, 3, 1), rejects(1, 1, 7))
    with pytest.raises(AssociationRejected):
        find(pacs)
    assert len(pacs.conversations) == 2


def test_a_pause_between_retries_is_ended_by_the_query_timeout(
    pacs_with: MakePacs, find: Find, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(establish, "RETRY_PAUSES", (50,))
    with pytest.raises(QueryTimeout):
        find(pacs_with(rejects(2, 3, 1)), replace(PATIENT, query_timeout=0.3))


def test_a_pause_between_retries_is_ended_by_the_gateways_stop(
    pacs_with: MakePacs, find: Find, monkeypatch: pytest.MonkeyPatch, stop: object
) -> None:
    monkeypatch.setattr(establish, "RETRY_PAUSES", (50,))

    def rejects_and_stops(peer: Conversation) -> None:
        peer.reject(2, 3, 1)
        stop.set()  # type: ignore[attr-defined]

    with pytest.raises(ShuttingDown):
        find(pacs_with(rejects_and_stops))


def test_a_pacs_that_goes_down_between_retries_is_what_is_told(
    pacs_with: MakePacs, find: Find, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(establish, "RETRY_PAUSES", (0.2,))
    made: list[ScriptedPacs] = []

    def rejects_and_goes_down(peer: Conversation) -> None:
        made[0].stop_listening()
        peer.reject(2, 3, 1)

    made.append(pacs_with(rejects_and_goes_down))
    with pytest.raises(ConnectionRefused):
        find(made[0])
