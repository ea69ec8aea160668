"""Every fault of the misbehaving PACS at ``/echo``: how far it came, and what must be checked."""

from typing import Any

import pytest

from dicom_qr_gateway.dicom.phases import PHASES
from dicom_qr_gateway.sandbox.misbehaving import (
    FAULTS,
    PORT_FAULTS,
    Fault,
    MisbehavingPacs,
    PortFault,
    Service,
    Truth,
)
from dicom_qr_gateway.services.diagnosis import ADVICE

from .expectations import expected, limits, truth_of_an_echo
from .gateway import Answer, Asked, Gateway
from .test_every_fault import check_log

LOOKS_LIKE = {"http": "an HTTP server", "ssh": "an SSH server", "tls": "a TLS server"}


def ask(asking: Gateway, port: int, ae_title: str, truth: Truth) -> Answer:
    [answer] = asking.ask(Asked("echo", port, ae_title), **limits(truth))
    return answer


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_every_ae_title(fault: Fault, misbehaving: MisbehavingPacs, asking: Gateway) -> None:
    truth = truth_of_an_echo(fault)
    answer = ask(asking, misbehaving.port, fault.name, truth)
    check(answer, truth)
    if answer.status != 200 and fault.service is Service.BOTH:
        assert answer.body.get("dicom", {}) == fault.said


@pytest.mark.parametrize("fault", PORT_FAULTS, ids=lambda fault: fault.name)
def test_every_port(fault: PortFault, misbehaving: MisbehavingPacs, asking: Gateway) -> None:
    answer = ask(asking, misbehaving.port_of(fault.name), "PACS", fault.truth)
    check(answer, fault.truth)
    if fault.name in LOOKS_LIKE:
        assert f"it looks like {LOOKS_LIKE[fault.name]}." in answer.body["message"]


def check(answer: Answer, truth: Truth) -> None:
    told = expected(Truth.COMPLETE if truth is Truth.EMPTY else truth, Service.BOTH, "echo")
    assert (answer.status, answer.body.get("error")) == (told.status, told.error), answer.body
    check_log(answer, told)
    if told.status == 200:
        assert list(answer.body["phases_ms"]) == list(PHASES)
    else:
        check_failure(answer.body)


def check_failure(body: dict[str, Any]) -> None:
    reached = PHASES[: PHASES.index(body["phase"]) + 1]
    assert list(body["phases_ms"]) == list(reached)
    assert body["phase"] != "release"
    assert body["message"].endswith(f" {ADVICE[body['error']]}")


@pytest.mark.parametrize(
    ("name", "phase"),
    [
        ("MUTE-BEFORE-AC", "associate"),
        ("RJ-1-1-7", "associate"),
        ("NO-CONTEXT", "associate"),
        ("ABRT-BEFORE-AC", "associate"),
        ("MUTE-AFTER-AC", "echo"),
        ("RST-AFTER-AC", "echo"),
        ("ABRT-AFTER-AC", "echo"),
    ],
)
def test_the_phase_is_the_one_in_which_the_pacs_let_go(
    misbehaving: MisbehavingPacs, asking: Gateway, name: str, phase: str
) -> None:
    answer = ask(asking, misbehaving.port, name, FAULTS[name].truth)
    assert answer.body["phase"] == phase


@pytest.mark.parametrize("name", ["refused", "full-queue"])
def test_a_port_that_takes_no_connection_fails_while_connecting(
    misbehaving: MisbehavingPacs, asking: Gateway, name: str
) -> None:
    [truth] = [fault.truth for fault in PORT_FAULTS if fault.name == name]
    assert ask(asking, misbehaving.port_of(name), "PACS", truth).body["phase"] == "connect"
