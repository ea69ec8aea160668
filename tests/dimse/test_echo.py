"""C-ECHO: Success is the only good answer."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from dicom_qr_gateway.dicom.pdu import ReleaseRQ
from dicom_qr_gateway.dicom.types import Limits
from dicom_qr_gateway.dicom.uids import VERIFICATION
from dicom_qr_gateway.dicom.waiting import StopSignal
from dicom_qr_gateway.errors import (
    DimseFailure,
    GatewayError,
    ProtocolError,
    ResponseTimeout,
    ShuttingDown,
)
from dicom_qr_gateway.services.echo import PROPOSAL, EchoService, Verification
from tests.pools import a_pool

from .archive import Archive
from .conftest import PATIENT
from .conversation import PENDING, SUCCESS, Conversation
from .scripted_pacs import Script, ScriptedPacs
from .scripts import a_study

Echo = Callable[..., None]
MakePacs = Callable[..., ScriptedPacs]


@pytest.fixture
def echo(stop: StopSignal) -> Echo:
    def call(pacs: ScriptedPacs, limits: Limits = PATIENT) -> None:
        EchoService(a_pool(limits, stop)).echo(Verification(pacs.entity, "GATEWAY"))

    return call


def answers(respond: Callable[[Conversation], None]) -> Script:
    def script(peer: Conversation) -> None:
        peer.accept()
        peer.read_request()
        respond(peer)
        peer.serve_release()

    return script


def test_an_archive_that_works_is_verified(archive: Archive, stop: StopSignal) -> None:
    EchoService(a_pool(PATIENT, stop)).echo(Verification(archive.entity, "GATEWAY"))
    assert archive.asked().released == 1


def test_an_echo_proposes_every_service_and_asks_for_verification_alone(
    pacs_with: MakePacs, echo: Echo
) -> None:
    pacs = pacs_with(answers(lambda peer: peer.respond(SUCCESS)))
    echo(pacs)
    heard = pacs.conversation
    assert [context.abstract_syntax for context in heard.proposal.contexts] == list(PROPOSAL)
    assert heard.requests[0].abstract_syntax == VERIFICATION
    assert len(heard.requests) == 1
    assert heard.requests[0].command.CommandDataSetType == 0x0101
    assert "Priority" not in heard.requests[0].command
    assert heard.last is ReleaseRQ


@pytest.mark.parametrize("status", [0x0122, 0x0210, 0x0001, 0xB000, 0xFE00], ids=hex)
def test_another_status_is_a_failure(pacs_with: MakePacs, echo: Echo, status: int) -> None:
    with pytest.raises(DimseFailure) as caught:
        echo(pacs_with(answers(lambda peer: peer.respond(status))))
    assert caught.value.dicom == {"status": f"0x{status:04X}"}


def test_a_pending_status_is_no_success(pacs_with: MakePacs, echo: Echo) -> None:
    def script(peer: Conversation) -> None:
        peer.accept()
        peer.read_request()
        peer.respond(PENDING, a_study())
        peer.wait_until_closed()

    with pytest.raises(GatewayError):
        echo(pacs_with(script))


def test_a_response_to_something_else_is_a_protocol_error(pacs_with: MakePacs, echo: Echo) -> None:
    def script(peer: Conversation) -> None:
        peer.accept()
        peer.read_request()
        peer.respond(SUCCESS, CommandField=0x8020)
        peer.wait_until_closed()

    with pytest.raises(ProtocolError):
        echo(pacs_with(script))


def test_silence_is_a_response_timeout(pacs_with: MakePacs, echo: Echo) -> None:
    def script(peer: Conversation) -> None:
        peer.accept()
        peer.wait_until_closed()

    with pytest.raises(ResponseTimeout):
        echo(pacs_with(script), replace(PATIENT, dimse_timeout=0.3))


def test_the_gateways_stop_ends_an_echo(pacs_with: MakePacs, echo: Echo, stop: StopSignal) -> None:
    def script(peer: Conversation) -> None:
        peer.accept()
        peer.read_request()
        stop.set()
        peer.wait_until_closed()

    with pytest.raises(ShuttingDown):
        echo(pacs_with(script))
