"""What ends a request from our side: the gateway's stop, and a client that hangs up."""

import socket
from collections.abc import Callable

import pytest

from dicom_qr_gateway.dicom.pdu import ReleaseRP, ReleaseRQ
from dicom_qr_gateway.dicom.waiting import StopSignal
from dicom_qr_gateway.errors import ClientLeft, ShuttingDown
from dicom_qr_gateway.services.query import FoundStudies
from dicom_qr_gateway.services.retrieve import Retrieved

from .conversation import PENDING, SUCCESS, Conversation
from .scripted_pacs import Script, ScriptedPacs
from .scripts import a_study, finds

Find = Callable[..., FoundStudies]
Retrieve = Callable[..., Retrieved]
MakePacs = Callable[..., ScriptedPacs]
Client = tuple[socket.socket, socket.socket]
Interrupt = Callable[[], None]


def before_its_answer(interrupt: Interrupt) -> Script:
    def script(peer: Conversation) -> None:
        peer.read_proposal()
        interrupt()
        peer.wait_until_closed()

    return script


def in_a_find(interrupt: Interrupt) -> Script:
    def script(peer: Conversation) -> None:
        peer.accept()
        peer.read_request()
        peer.respond(PENDING, a_study())
        interrupt()
        peer.wait_until_closed()

    return script


def in_the_middle_of_a_pdu(interrupt: Interrupt) -> Script:
    def script(peer: Conversation) -> None:
        peer.accept()
        peer.read_request()
        peer.send(peer.response(PENDING, a_study())[:-4])
        interrupt()
        peer.wait_until_closed()

    return script


MOMENTS = [before_its_answer, in_a_find, in_the_middle_of_a_pdu]


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_gateways_stop_ends_a_find_by_an_abort(
    pacs_with: MakePacs, find: Find, stop: StopSignal, moment: Callable[[Interrupt], Script]
) -> None:
    pacs = pacs_with(moment(stop.set))
    with pytest.raises(ShuttingDown):
        find(pacs)
    assert pacs.conversation.aborted


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_client_that_hangs_up_ends_its_find_by_an_abort(
    pacs_with: MakePacs, find: Find, a_client: Client, moment: Callable[[Interrupt], Script]
) -> None:
    ours, theirs = a_client
    pacs = pacs_with(moment(theirs.close))
    with pytest.raises(ClientLeft):
        find(pacs, client=ours)
    assert pacs.conversation.aborted


def test_a_client_that_left_before_is_noticed_before_the_pacs_is_asked(
    pacs_with: MakePacs, find: Find, a_client: Client
) -> None:
    ours, theirs = a_client
    theirs.close()
    pacs = pacs_with(finds(a_study()))
    with pytest.raises(ClientLeft):
        find(pacs, client=ours)


def test_pipelined_bytes_of_a_client_are_no_hang_up(
    pacs_with: MakePacs, find: Find, a_client: Client
) -> None:
    ours, theirs = a_client
    theirs.send(b"GET /health HTTP/1.1\r\n\r\n")
    assert len(find(pacs_with(finds(a_study())), client=ours).studies) == 1
    assert ours.recv(100) == b"GET /health HTTP/1.1\r\n\r\n"


def test_pipelined_bytes_do_not_hide_a_hang_up(
    pacs_with: MakePacs, find: Find, a_client: Client
) -> None:
    ours, theirs = a_client
    theirs.send(b"GET /health HTTP/1.1\r\n\r\n")
    pacs = pacs_with(in_a_find(theirs.close))
    with pytest.raises(ClientLeft):
        find(pacs, client=ours)


def test_a_stop_that_was_set_before_ends_every_request(
    pacs_with: MakePacs, find: Find, retrieve: Retrieve, stop: StopSignal
) -> None:
    stop.set()
    pacs = pacs_with(finds(a_study()))
    for operation in (find, retrieve):
        with pytest.raises(ShuttingDown):
            operation(pacs)


def test_an_answer_that_is_complete_is_released_in_spite_of_the_stop(
    pacs_with: MakePacs, find: Find, stop: StopSignal
) -> None:
    def script(peer: Conversation) -> None:
        peer.accept()
        peer.answer_find(a_study())
        assert isinstance(peer.read(), ReleaseRQ)
        stop.set()
        peer.send_pdu(ReleaseRP())
        peer.wait_until_closed()

    pacs = pacs_with(script)
    assert len(find(pacs).studies) == 1
    assert pacs.conversation.last is ReleaseRQ


def moving(interrupt: Interrupt, *, completed: int = 0) -> Script:
    """Return the script of a PACS in whose C-MOVE the interrupt happens."""

    def script(peer: Conversation) -> None:
        peer.accept()
        peer.read_request()
        peer.respond(
            PENDING, NumberOfCompletedSuboperations=completed, NumberOfRemainingSuboperations=3
        )
        interrupt()
        peer.read_request()
        peer.wait_until_closed()

    return script


TWO_STUDIES = finds(a_study("1.2.1", StudyDate="20240102"), a_study("1.2.2", StudyDate="20240101"))


def test_the_gateways_stop_cancels_a_move_and_then_aborts(
    pacs_with: MakePacs, retrieve: Retrieve, stop: StopSignal
) -> None:
    pacs = pacs_with(TWO_STUDIES, moving(stop.set))
    with pytest.raises(ShuttingDown) as caught:
        retrieve(pacs)
    extra = caught.value.extra
    assert (extra["success_count"], extra["total_count"]) == (0, 2)
    assert [detail["status"] for detail in extra["retrieve_details"]] == ["failed", "failed"]
    heard = pacs.conversations[1]
    assert [request.command.CommandField for request in heard.requests] == [0x0021, 0x0FFF]
    assert heard.aborted


def test_what_was_sent_before_the_gateways_stop_is_told(
    pacs_with: MakePacs, retrieve: Retrieve, stop: StopSignal
) -> None:
    retrieved = retrieve(pacs_with(TWO_STUDIES, moving(stop.set, completed=2)))
    assert (retrieved.status, retrieved.success_count, retrieved.total_count) == ("partial", 0, 2)
    assert [detail["status"] for detail in retrieved.details] == ["partial", "failed"]
    assert retrieved.details[0]["completed"] == 2


@pytest.mark.parametrize(("announced", "told"), [(1, "ok"), (None, "ok"), (2, "partial")])
def test_a_study_that_ends_after_the_stop_is_told_and_no_other_is_begun(
    pacs_with: MakePacs, retrieve: Retrieve, stop: StopSignal, announced: int | None, told: str
) -> None:
    def sends_all_when_stopped(peer: Conversation) -> None:
        peer.accept()
        move = peer.read_request()
        if announced is not None:
            peer.respond(PENDING, NumberOfRemainingSuboperations=announced)
        stop.set()
        peer.read_request()
        peer.requests = [move]
        peer.respond(SUCCESS, NumberOfCompletedSuboperations=1)
        peer.serve_release()

    pacs = pacs_with(TWO_STUDIES, sends_all_when_stopped)
    retrieved = retrieve(pacs)
    assert [detail["status"] for detail in retrieved.details] == [told, "failed"]
    assert "being stopped" in retrieved.details[1]["message"]
    assert [heard.requests for heard in pacs.conversations[2:]] in ([], [[]])


def test_a_client_that_hangs_up_cancels_its_move_and_then_aborts(
    pacs_with: MakePacs, retrieve: Retrieve, a_client: Client
) -> None:
    ours, theirs = a_client
    pacs = pacs_with(TWO_STUDIES, moving(theirs.close, completed=2))
    with pytest.raises(ClientLeft):
        retrieve(pacs, client=ours)
    heard = pacs.conversations[1]
    assert [request.command.CommandField for request in heard.requests] == [0x0021, 0x0FFF]
    assert heard.aborted
    assert len(pacs.conversations) == 2


def test_a_move_that_is_cancelled_in_order_is_released(
    pacs_with: MakePacs, retrieve: Retrieve, a_client: Client
) -> None:
    ours, theirs = a_client

    def cancels_in_order(peer: Conversation) -> None:
        peer.accept()
        move = peer.read_request()
        theirs.close()
        peer.read_request()
        peer.requests.append(move)
        peer.respond(0xFE00)
        peer.serve_release()

    with pytest.raises(ClientLeft):
        retrieve(pacs_with(finds(a_study()), cancels_in_order), client=ours)


def test_a_pacs_that_floods_instead_of_cancelling_is_aborted_soon(
    pacs_with: MakePacs, retrieve: Retrieve, stop: StopSignal
) -> None:
    def floods(peer: Conversation) -> None:
        peer.accept()
        peer.read_request()
        stop.set()
        pending = peer.response(PENDING, NumberOfCompletedSuboperations=1)
        while True:
            peer.send(pending * 20)
            peer.pause()

    assert retrieve(pacs_with(finds(a_study()), floods)).status == "partial"
