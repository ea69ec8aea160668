"""The A-ASSOCIATE exchange: what a peer may answer, and what each answer is called."""

import struct
from collections.abc import Callable
from dataclasses import replace

import pytest

from dicom_qr_gateway.dicom.associate import AnsweredContext, AssociateAC, UserInformation
from dicom_qr_gateway.dicom.pdu import Abort, AssociateRJ, DataTF, ReleaseRQ, encode_pdu
from dicom_qr_gateway.dicom.uids import STUDY_ROOT_MOVE
from dicom_qr_gateway.errors import (
    AssociationAborted,
    AssociationRejected,
    AssociationTimeout,
    ConnectionLost,
    GatewayError,
    NoAcceptedContext,
    ProtocolError,
    QueryTimeout,
)
from dicom_qr_gateway.services.query import FoundStudies

from .conftest import PATIENT
from .conversation import IMPLICIT, Conversation
from .scripted_pacs import Script, ScriptedPacs

Find = Callable[..., FoundStudies]
MakePacs = Callable[..., ScriptedPacs]

JPEG = "1.2.840.10008.1.2.4.50"
BIG_ENDIAN = "1.2.840.10008.1.2.2"


def says(data: bytes) -> Script:
    """Return the script of a peer that reads the proposal and answers with these bytes."""

    def script(peer: Conversation) -> None:
        peer.read_proposal()
        peer.send(data)
        peer.wait_until_closed()

    return script


def greets(data: bytes) -> Script:
    """Return the script of a server of another protocol, which speaks first."""

    def script(peer: Conversation) -> None:
        peer.send(data)
        peer.wait_until_closed()

    return script


def answers(*contexts: AnsweredContext, max_pdu_length: int = 16384) -> Script:
    """Return the script of a peer that answers the proposal with these contexts."""
    return says(
        encode_pdu(AssociateAC("PACS", "GATEWAY", contexts, UserInformation(max_pdu_length)))
    )


def is_silent(peer: Conversation) -> None:
    peer.wait_until_closed()


def resets_before_its_answer(peer: Conversation) -> None:
    peer.read_proposal()
    peer.reset()


def closes_before_its_answer(peer: Conversation) -> None:
    peer.read_proposal()
    peer.close()


def resets_in_the_middle_of_its_answer(peer: Conversation) -> None:
    answer = encode_pdu(peer.acceptance())
    peer.send(answer[:20])
    peer.reset()


def closes_in_the_middle_of_its_answer(peer: Conversation) -> None:
    answer = encode_pdu(peer.acceptance())
    peer.send(answer[:20])
    peer.close()


def stalls_in_the_middle_of_its_answer(peer: Conversation) -> None:
    answer = encode_pdu(peer.acceptance())
    peer.send(answer[:20])
    peer.wait_until_closed()


def trickles_its_answer(peer: Conversation) -> None:
    answer = encode_pdu(peer.acceptance())
    peer.trickle(answer[:20] + bytes(1000) + answer[20:])


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (resets_before_its_answer, ConnectionLost),
        (closes_before_its_answer, ConnectionLost),
        (resets_in_the_middle_of_its_answer, ConnectionLost),
        (closes_in_the_middle_of_its_answer, ConnectionLost),
        (lambda peer: peer.reset(), ConnectionLost),
        (lambda peer: peer.close(), ConnectionLost),
        (says(encode_pdu(DataTF(()))), ProtocolError),
        (says(encode_pdu(ReleaseRQ())), ProtocolError),
        (says(struct.pack(">BxI", 2, 0xFFFFFFFF)), ProtocolError),
        (says(struct.pack(">BxI", 2, 0)), ProtocolError),
        (says(struct.pack(">BxI", 2, 1) + b"\0"), ProtocolError),
        (says(struct.pack(">BxI", 3, 2) + b"\0\1"), ProtocolError),
        (says(struct.pack(">BxI", 9, 0)), ProtocolError),
        (says(b"\2\0\0\0\0\x64" + b"\xff" * 100), ProtocolError),
        (greets(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"), ProtocolError),
        (greets(b"<html><body>hello</body></html>"), ProtocolError),
        (greets(b"SSH-2.0-OpenSSH_9.2\r\n"), ProtocolError),
        (greets(b"220 mail.example ESMTP\r\n"), ProtocolError),
        (says(b"\x15\x03\x01\x00\x02\x02\x46"), ProtocolError),
        (answers(), NoAcceptedContext),
        (answers(AnsweredContext(1, 3, ""), AnsweredContext(3, 4, "")), NoAcceptedContext),
        (answers(AnsweredContext(1, 0, JPEG)), ProtocolError),
        (answers(AnsweredContext(1, 0, BIG_ENDIAN)), ProtocolError),
        (answers(AnsweredContext(1, 0, "")), ProtocolError),
        (answers(AnsweredContext(5, 0, IMPLICIT)), ProtocolError),
        (answers(AnsweredContext(2, 0, IMPLICIT)), ProtocolError),
        (answers(AnsweredContext(1, 0, IMPLICIT), max_pdu_length=7), ProtocolError),
    ],
)
def test_an_answer_that_opens_no_association_has_its_own_error(
    pacs_with: MakePacs, find: Find, script: Script, expected: type[GatewayError]
) -> None:
    pacs = pacs_with(script)
    with pytest.raises(expected) as caught:
        find(pacs)
    assert caught.value.dicom == {}
    assert len(pacs.conversations) == 1


@pytest.mark.parametrize("script", [answers(AnsweredContext(1, 0, JPEG)), answers()])
def test_an_association_that_is_of_no_use_is_aborted(
    pacs_with: MakePacs, find: Find, script: Script
) -> None:
    pacs = pacs_with(script)
    with pytest.raises(GatewayError):
        find(pacs)
    assert pacs.conversation.aborted


def test_a_pacs_that_only_moves_cannot_be_queried(pacs_with: MakePacs, find: Find) -> None:
    pacs = pacs_with(lambda peer: peer.accept(STUDY_ROOT_MOVE))
    with pytest.raises(NoAcceptedContext):
        find(pacs)


@pytest.mark.parametrize(("source", "reason"), [(0, 0), (2, 1), (2, 6)])
def test_an_abort_instead_of_an_answer_is_association_aborted(
    pacs_with: MakePacs, find: Find, source: int, reason: int
) -> None:
    with pytest.raises(AssociationAborted) as caught:
        find(pacs_with(says(encode_pdu(Abort(source, reason)))))
    assert caught.value.dicom == {"source": source, "reason": reason}


def test_a_rejection_that_is_followed_by_a_close_is_still_read(
    pacs_with: MakePacs, find: Find
) -> None:
    def rejects_and_closes(peer: Conversation) -> None:
        peer.read_proposal()
        peer.send_pdu(AssociateRJ(1, 1, 3))
        peer.close()

    with pytest.raises(AssociationRejected):
        find(pacs_with(rejects_and_closes))


@pytest.mark.parametrize(
    "script", [is_silent, trickles_its_answer, stalls_in_the_middle_of_its_answer]
)
def test_no_complete_answer_within_acse_timeout_is_an_association_timeout(
    pacs_with: MakePacs, find: Find, script: Script
) -> None:
    pacs = pacs_with(script)
    with pytest.raises(AssociationTimeout):
        find(pacs, replace(PATIENT, acse_timeout=0.3))


def test_a_stall_within_the_answer_is_an_association_timeout_after_network_timeout(
    pacs_with: MakePacs, find: Find
) -> None:
    with pytest.raises(AssociationTimeout):
        find(pacs_with(stalls_in_the_middle_of_its_answer), replace(PATIENT, network_timeout=0.2))


def test_network_timeout_does_not_count_before_the_answer_begins(
    pacs_with: MakePacs, find: Find
) -> None:
    with pytest.raises(AssociationTimeout) as caught:
        find(pacs_with(is_silent), replace(PATIENT, network_timeout=0.05, acse_timeout=0.3))
    assert "middle of a PDU" not in caught.value.message


@pytest.mark.parametrize("script", [is_silent, trickles_its_answer])
def test_query_timeout_bounds_the_negotiation_too(
    pacs_with: MakePacs, find: Find, script: Script
) -> None:
    with pytest.raises(QueryTimeout):
        find(pacs_with(script), replace(PATIENT, query_timeout=0.3))
