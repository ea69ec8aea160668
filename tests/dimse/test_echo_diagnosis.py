"""What an echo finds out about a PACS that answers, and how far it came with one that does not."""

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import pytest

from dicom_qr_gateway.dicom import name_lookup
from dicom_qr_gateway.dicom.associate import UserInformation
from dicom_qr_gateway.dicom.phases import PHASES
from dicom_qr_gateway.dicom.rejection import _REASONS
from dicom_qr_gateway.dicom.types import ApplicationEntity, Limits
from dicom_qr_gateway.dicom.uids import (
    MODALITY_WORKLIST_FIND,
    PATIENT_ROOT_MOVE,
    STORAGE,
    STUDY_ROOT_FIND,
    STUDY_ROOT_GET,
    VERIFICATION,
)
from dicom_qr_gateway.dicom.waiting import StopSignal
from dicom_qr_gateway.errors import (
    AssociationAborted,
    AssociationRejected,
    ConnectionLost,
    ConnectionRefused,
    DimseFailure,
    GatewayError,
    NameNotResolved,
    NoAcceptedContext,
    TargetNotAllowed,
)
from dicom_qr_gateway.services.diagnosis import ADVICE
from dicom_qr_gateway.services.echo import EchoService, Verification, Verified
from tests.pools import a_pool

from .conftest import PATIENT
from .conversation import SUCCESS, Conversation
from .scripted_pacs import Script, ScriptedPacs

MakePacs = Callable[..., ScriptedPacs]
Echo = Callable[..., Verified]


@pytest.fixture
def echo(stop: StopSignal) -> Echo:
    def call(pacs: ScriptedPacs | ApplicationEntity, limits: Limits = PATIENT) -> Verified:
        entity = pacs.entity if isinstance(pacs, ScriptedPacs) else pacs
        return EchoService(a_pool(limits, stop)).echo(Verification(entity, "GATEWAY"))

    return call


@pytest.fixture
def failure(echo: Echo) -> Callable[..., GatewayError]:
    def call(pacs: ScriptedPacs | ApplicationEntity) -> GatewayError:
        with pytest.raises(GatewayError) as caught:
            echo(pacs)
        return caught.value

    return call


def accepting(*abstract_syntaxes: str) -> Script:
    def script(peer: Conversation) -> None:
        peer.accept(*abstract_syntaxes)
        peer.read_request()
        peer.respond(SUCCESS)
        peer.serve_release()

    return script


def phases_up_to(phase: str) -> list[str]:
    return list(PHASES[: PHASES.index(phase) + 1])  # type: ignore[arg-type]


def test_every_phase_of_a_good_echo_is_told_in_order(pacs_with: MakePacs, echo: Echo) -> None:
    verified = echo(pacs_with(accepting()))
    assert list(verified.phases_ms) == ["resolve", "connect", "associate", "echo", "release"]
    assert all(each >= 0 for each in verified.phases_ms.values())


def test_the_peer_is_what_it_said_of_itself(pacs_with: MakePacs, echo: Echo) -> None:
    verified = echo(pacs_with(accepting()))
    assert verified.peer == UserInformation(16384, "1.2.3.4", "SCRIPTED")


@pytest.mark.parametrize(
    ("accepted", "services"),
    [
        ((), set()),
        ((STUDY_ROOT_FIND,), {"C-FIND"}),
        ((PATIENT_ROOT_MOVE,), {"C-MOVE"}),
        ((STUDY_ROOT_GET, MODALITY_WORKLIST_FIND), {"C-GET", "MWL"}),
        ((STORAGE[-1],), {"STORE"}),
    ],
)
def test_a_service_is_there_when_one_of_its_sop_classes_is_accepted(
    pacs_with: MakePacs, echo: Echo, accepted: tuple[str, ...], services: set[str]
) -> None:
    verified = echo(pacs_with(accepting(VERIFICATION, *accepted)))
    assert {name for name, is_there in verified.services.items() if is_there} == services
    assert set(verified.services) == {"C-FIND", "C-MOVE", "C-GET", "MWL", "STORE"}


def test_a_pacs_that_cannot_release_has_answered_all_the_same(
    pacs_with: MakePacs, echo: Echo
) -> None:
    def script(peer: Conversation) -> None:
        peer.accept()
        peer.read_request()
        peer.respond(SUCCESS)
        peer.read()
        peer.reset()

    assert "release" in echo(pacs_with(script)).phases_ms


def assert_told(error: GatewayError, kind: type[GatewayError], phase: str) -> None:
    assert type(error) is kind
    assert error.extra["phase"] == phase
    assert list(error.extra["phases_ms"]) == phases_up_to(phase)
    if kind is not TargetNotAllowed:
        assert error.message.endswith(f" {ADVICE[error.error]}")


def test_an_unknown_name_fails_while_it_is_resolved(
    failure: Callable[..., GatewayError], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_arguments: object, **_options: object) -> None:
        raise OSError

    monkeypatch.setattr(name_lookup, "socket", SimpleNamespace(getaddrinfo=unknown, SOCK_STREAM=1))
    error = failure(ApplicationEntity("pacs.example", 104, "PACS"))
    assert_told(error, NameNotResolved, "resolve")


def test_a_forbidden_address_is_no_matter_of_the_pacs(
    failure: Callable[..., GatewayError],
) -> None:
    error = failure(ApplicationEntity("169.254.169.254", 80, "PACS"))
    assert_told(error, TargetNotAllowed, "resolve")


def test_a_closed_port_fails_while_connecting(
    pacs_with: MakePacs, failure: Callable[..., GatewayError]
) -> None:
    pacs = pacs_with(accepting())
    pacs.stop_listening()
    assert_told(failure(pacs), ConnectionRefused, "connect")


@pytest.mark.parametrize("reason", sorted(set(_REASONS) - {(3, 1), (3, 2)}))
def test_each_reason_of_a_rejection_is_told(
    pacs_with: MakePacs, failure: Callable[..., GatewayError], reason: tuple[int, int]
) -> None:
    error = failure(pacs_with(lambda peer: peer.reject(1, *reason)))
    assert_told(error, AssociationRejected, "associate")
    text = _REASONS[reason].format(called="SCRIPTED", calling="GATEWAY")
    assert error.message.startswith(text[:40])
    assert error.dicom == {"result": 1, "source": reason[0], "reason": reason[1]}


def test_an_abort_instead_of_an_answer_fails_while_associating(
    pacs_with: MakePacs, failure: Callable[..., GatewayError]
) -> None:
    def script(peer: Conversation) -> None:
        peer.read_proposal()
        peer.abort()

    error = failure(pacs_with(script))
    assert_told(error, AssociationAborted, "associate")
    assert error.dicom == {"source": 2, "reason": 0}


@pytest.mark.parametrize("accepted", [(), (STUDY_ROOT_FIND,)])
def test_a_pacs_without_verification_fails_while_associating(
    pacs_with: MakePacs, failure: Callable[..., GatewayError], accepted: tuple[str, ...]
) -> None:
    def script(peer: Conversation) -> None:
        peer.accept(*accepted or ("1.2.3",))
        peer.wait_until_closed()

    error = failure(pacs_with(script))
    assert_told(error, NoAcceptedContext, "associate")
    assert ("not verification" in error.message) == bool(accepted)


def test_a_failure_status_fails_in_the_echo(
    pacs_with: MakePacs, failure: Callable[..., GatewayError]
) -> None:
    def script(peer: Conversation) -> None:
        peer.accept()
        peer.read_request()
        peer.respond(0x0122)
        peer.serve_release()

    error = failure(pacs_with(script))
    assert_told(error, DimseFailure, "echo")
    assert error.dicom == {"status": "0x0122"}


def test_a_lost_connection_fails_in_the_echo(
    pacs_with: MakePacs, failure: Callable[..., GatewayError]
) -> None:
    def script(peer: Conversation) -> None:
        peer.accept()
        peer.read_request()
        peer.reset()

    assert_told(failure(pacs_with(script)), ConnectionLost, "echo")


def test_the_tries_after_a_transient_rejection_count_into_the_same_phases(
    pacs_with: MakePacs, echo: Echo
) -> None:
    pacs = pacs_with(lambda peer: peer.reject(2, 3, 1), accepting())
    verified = echo(pacs, replace(PATIENT, acse_timeout=30))
    assert list(verified.phases_ms) == list(PHASES)
