"""An association by itself: what the services never do with one, but others may."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from dicom_qr_gateway.dicom.association import Association
from dicom_qr_gateway.dicom.c_echo import c_echo
from dicom_qr_gateway.dicom.pdu import AssociateRQ, DataTF, ReleaseRQ, encode_pdu
from dicom_qr_gateway.dicom.uids import PATIENT_ROOT_FIND, STUDY_ROOT_FIND, VERIFICATION
from dicom_qr_gateway.dicom.waiting import StopSignal
from dicom_qr_gateway.errors import NoAcceptedContext
from tests.pools import a_pool

from .conftest import PATIENT
from .conversation import SUCCESS, Conversation
from .scripted_pacs import ScriptedPacs

MakePacs = Callable[..., ScriptedPacs]


def accepts_verification_and_releases(peer: Conversation) -> None:
    peer.accept(VERIFICATION)
    peer.serve_release()


def opened(pacs: ScriptedPacs, stop: StopSignal) -> AbstractContextManager[Association]:
    proposal = (STUDY_ROOT_FIND, VERIFICATION)
    return a_pool(PATIENT, stop).association(pacs.entity, "GATEWAY", proposal, None)


def test_a_context_that_was_not_accepted_cannot_be_had(
    pacs_with: MakePacs, stop: StopSignal
) -> None:
    with opened(pacs_with(accepts_verification_and_releases), stop) as association:
        assert association.context_for(STUDY_ROOT_FIND, VERIFICATION).context_id == 3
        with pytest.raises(NoAcceptedContext):
            association.context_for(STUDY_ROOT_FIND, PATIENT_ROOT_FIND)


def test_an_association_ends_once_however_often_it_is_ended(
    pacs_with: MakePacs, stop: StopSignal
) -> None:
    pacs = pacs_with(accepts_verification_and_releases)
    with opened(pacs, stop) as association:
        association.release()
        association.release()
        association.abort()
    assert [type(pdu) for pdu in pacs.conversation.pdus] == [AssociateRQ, ReleaseRQ]


def test_an_empty_pdu_before_a_question_is_no_answer_to_it(
    pacs_with: MakePacs, stop: StopSignal
) -> None:
    def script(peer: Conversation) -> None:
        peer.send(encode_pdu(peer.acceptance(VERIFICATION)) + encode_pdu(DataTF(())))
        peer.read_request()
        peer.respond(SUCCESS)
        peer.serve_release()

    with opened(pacs_with(script), stop) as association:
        c_echo(association, PATIENT)


def test_an_association_of_which_nothing_was_asked_is_released(
    pacs_with: MakePacs, stop: StopSignal
) -> None:
    pacs = pacs_with(accepts_verification_and_releases)
    with pytest.raises(ZeroDivisionError), opened(pacs, stop):
        raise ZeroDivisionError
    assert pacs.conversation.last is ReleaseRQ
