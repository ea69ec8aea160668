"""PACS that accept, refuse or announce less than usual, and are asked accordingly."""

from collections.abc import Callable

import pytest

from dicom_qr_gateway.dicom.pdu import DataTF, encode_pdu
from dicom_qr_gateway.dicom.uids import PATIENT_ROOT_FIND, STUDY_ROOT_FIND
from dicom_qr_gateway.errors import DimseFailure, ProtocolError
from dicom_qr_gateway.services.query import FoundStudies

from .conversation import EXPLICIT, IMPLICIT, PENDING, SUCCESS, Conversation
from .scripted_pacs import Script, ScriptedPacs
from .scripts import a_series, a_study, finds

Find = Callable[..., FoundStudies]
MakePacs = Callable[..., ScriptedPacs]

LONG_ID = "P" * 64


def keys_of(conversation: Conversation, number: int) -> dict[str, str]:
    identifier = conversation.requests[number].identifier
    return {element.keyword: str(element.value or "") for element in identifier}


def patient_root_only(peer: Conversation) -> None:
    peer.accept(PATIENT_ROOT_FIND)
    peer.answer_find(a_study(ModalitiesInStudy=None))
    peer.answer_find(a_series("US"))
    peer.serve_release()


def test_a_pacs_that_accepts_only_the_patient_root_is_asked_by_it(
    pacs_with: MakePacs, find: Find
) -> None:
    pacs = pacs_with(patient_root_only)
    assert find(pacs).rows()[0]["ModalitiesInStudy"] == ["US"]
    asked = pacs.conversation.requests
    assert [request.abstract_syntax for request in asked] == [PATIENT_ROOT_FIND] * 2
    assert [request.command.AffectedSOPClassUID for request in asked] == [PATIENT_ROOT_FIND] * 2
    assert [request.context_id for request in asked] == [3, 3]


def test_under_the_patient_root_the_series_level_key_has_the_patient_too(
    pacs_with: MakePacs, find: Find
) -> None:
    pacs = pacs_with(patient_root_only)
    find(pacs)
    assert keys_of(pacs.conversation, 1) == {
        "QueryRetrieveLevel": "SERIES",
        "Modality": "",
        "PatientID": "P1",
        "StudyInstanceUID": "1.2.3",
        "SeriesInstanceUID": "",
    }


def test_the_study_root_is_preferred(pacs_with: MakePacs, find: Find) -> None:
    pacs = pacs_with(finds(a_study()))
    find(pacs)
    assert pacs.conversation.requests[0].abstract_syntax == STUDY_ROOT_FIND


def refuses_then(status: int, *matches: object) -> Script:
    def script(peer: Conversation) -> None:
        peer.accept()
        peer.answer_find(status=0xA900)
        peer.answer_find(*matches, status=status)  # type: ignore[arg-type]
        peer.serve_release()

    return script


def test_a_pacs_that_refuses_series_level_keys_is_asked_once_more_without_them(
    pacs_with: MakePacs, find: Find
) -> None:
    pacs = pacs_with(refuses_then(SUCCESS, a_study()))
    assert len(find(pacs).studies) == 1
    conversation = pacs.conversation
    first, second = keys_of(conversation, 0), keys_of(conversation, 1)
    assert set(first) - set(second) == {"PerformingPhysicianName", "InstitutionName"}
    assert second == {keyword: first[keyword] for keyword in second}
    assert [request.command.MessageID for request in conversation.requests] == [1, 2]


def test_a_strict_patient_root_archive_is_asked_once_more_without_keys_of_other_levels(
    pacs_with: MakePacs, find: Find
) -> None:
    def script(peer: Conversation) -> None:
        peer.accept(PATIENT_ROOT_FIND)
        peer.answer_find(status=0xA900)
        peer.answer_find(a_study())
        peer.serve_release()

    pacs = pacs_with(script)
    assert find(pacs).rows()[0]["PatientName"] == ""
    dropped = set(keys_of(pacs.conversation, 0)) - set(keys_of(pacs.conversation, 1))
    assert dropped == {
        "InstitutionName",
        "PatientBirthDate",
        "PatientName",
        "PerformingPhysicianName",
    }


def test_spaces_around_the_patient_id_are_not_sent(pacs_with: MakePacs, find: Find) -> None:
    """Orthanc has no patient "  P1": sent as given, that would be a false "no studies"."""
    pacs = pacs_with(finds(a_study()))
    assert len(find(pacs, patient_id="  P1 ").studies) == 1
    assert keys_of(pacs.conversation, 0)["PatientID"] == "P1"


def test_a_second_refusal_is_a_failure(pacs_with: MakePacs, find: Find) -> None:
    with pytest.raises(DimseFailure) as caught:
        find(pacs_with(refuses_then(0xA900)))
    assert caught.value.dicom == {"status": "0xA900"}


def test_a_refusal_after_a_match_is_a_failure_and_not_asked_again(
    pacs_with: MakePacs, find: Find
) -> None:
    def script(peer: Conversation) -> None:
        peer.accept()
        peer.answer_find(a_study("1.1"), status=0xA900)
        peer.serve_release()

    with pytest.raises(DimseFailure):
        find(pacs_with(script))


@pytest.mark.parametrize("max_pdu_length", [64, 101, 128])
def test_the_maximum_pdu_length_of_the_pacs_is_kept(
    pacs_with: MakePacs, find: Find, max_pdu_length: int
) -> None:
    def script(peer: Conversation) -> None:
        peer.accept(max_pdu_length=max_pdu_length)
        peer.answer_find(a_study(patient_id=LONG_ID))
        peer.serve_release()

    pacs = pacs_with(script)
    assert len(find(pacs, patient_id=LONG_ID).studies) == 1
    data = [pdu for pdu in pacs.conversation.pdus if isinstance(pdu, DataTF)]
    assert len(data) > 2
    assert max(len(encode_pdu(pdu)) - 6 for pdu in data) <= max_pdu_length


def test_a_maximum_pdu_length_of_zero_is_no_limit(pacs_with: MakePacs, find: Find) -> None:
    def script(peer: Conversation) -> None:
        peer.accept(max_pdu_length=0)
        peer.answer_find(a_study())
        peer.serve_release()

    pacs = pacs_with(script)
    assert len(find(pacs).studies) == 1
    assert len([pdu for pdu in pacs.conversation.pdus if isinstance(pdu, DataTF)]) == 2


@pytest.mark.parametrize("transfer_syntax", [IMPLICIT, EXPLICIT])
def test_identifiers_go_out_in_the_transfer_syntax_that_was_accepted(
    pacs_with: MakePacs, find: Find, transfer_syntax: str
) -> None:
    def script(peer: Conversation) -> None:
        peer.accept(transfer_syntax=transfer_syntax)
        peer.answer_find(a_study(ModalitiesInStudy=["CT", "MR"]))
        peer.serve_release()

    pacs = pacs_with(script)
    assert find(pacs).rows()[0]["ModalitiesInStudy"] == ["CT", "MR"]
    assert keys_of(pacs.conversation, 0)["PatientID"] == "P1"


def test_a_uid_of_anything_but_digits_and_dots_is_a_protocol_error(
    pacs_with: MakePacs, find: Find
) -> None:
    def script(peer: Conversation) -> None:
        peer.accept()
        peer.read_request()
        peer.respond(
            PENDING, peer.encoded(a_study("1.2.3.4.5")).replace(b"1.2.3.4.5", b"1.2.3;4.5")
        )
        peer.wait_until_closed()

    with pytest.raises(ProtocolError):
        find(pacs_with(script))


def test_a_status_beyond_success_after_matches_gives_none_of_them(
    pacs_with: MakePacs, find: Find
) -> None:
    pacs = pacs_with(finds(a_study("1.1"), a_study("1.2"), status=0xB001))
    with pytest.raises(DimseFailure) as caught:
        find(pacs)
    assert "more matches than it returns" in caught.value.message
