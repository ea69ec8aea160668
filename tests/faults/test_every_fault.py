"""Every fault of the misbehaving PACS, at ``/q`` and ``/qr``, over real sockets.

The gateway answers, with the truth, by the contract; it leaves one access line that says the same,
nothing about a patient, no thread and no descriptor.
"""

import pytest

from dicom_qr_gateway.sandbox.misbehaving import (
    FAULTS,
    PORT_FAULTS,
    Fault,
    MisbehavingPacs,
    PortFault,
    Service,
)
from dicom_qr_gateway.sandbox.misbehaving.studies import FREE_TEXT, SOMEBODY_ELSE, STUDY

from .expectations import Expected, expected, limits
from .gateway import PATIENT_ID, Answer, Asked, Gateway

TEXTS = ("PatientName", "PatientBirthDate", "AccessionNumber", "StudyDescription",
         "InstitutionName", "ReferringPhysicianName", "PerformingPhysicianName")  # fmt: skip
CANARIES = [PATIENT_ID, SOMEBODY_ELSE, FREE_TEXT, *(STUDY[keyword] for keyword in TEXTS)]
UID = STUDY["StudyInstanceUID"]


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_every_ae_title(fault: Fault, misbehaving: MisbehavingPacs, asking: Gateway) -> None:
    endpoints = ["qr"] if fault.service is Service.MOVE else ["q", "qr"]
    questions = [Asked(endpoint, misbehaving.port, fault.name) for endpoint in endpoints]
    for question, answer in zip(
        questions, asking.ask(*questions, **limits(fault.truth)), strict=True
    ):
        told = expected(fault.truth, fault.service, question.endpoint)
        check_answer(answer, told)
        check_what_the_pacs_said(answer, fault, told)
        check_log(answer, told)


@pytest.mark.parametrize("fault", PORT_FAULTS, ids=lambda fault: fault.name)
def test_every_port(fault: PortFault, misbehaving: MisbehavingPacs, asking: Gateway) -> None:
    port = misbehaving.port_of(fault.name)
    questions = [Asked(endpoint, port, "PACS") for endpoint in ("q", "qr")]
    for answer in asking.ask(*questions, **limits(fault.truth)):
        told = expected(fault.truth, Service.BOTH, "q")
        check_answer(answer, told)
        check_log(answer, told)


def check_answer(answer: Answer, told: Expected) -> None:
    assert (answer.status, answer.body.get("error")) == (told.status, told.error), answer.body
    if told.status == 200:
        assert [study["StudyInstanceUID"] for study in answer.body["study_details"]] == [UID]
    if told.study is None:
        assert "retrieve_details" not in answer.body
    else:
        assert [detail["status"] for detail in answer.details] == [told.study]
        assert answer.body["success_count"] == (told.study == "ok")
        assert answer.body["total_count"] == 1
    assert FREE_TEXT not in str(answer.body)
    if answer.status >= 500:
        assert not [canary for canary in CANARIES if canary in str(answer.body)]


def check_what_the_pacs_said(answer: Answer, fault: Fault, told: Expected) -> None:
    said: dict[str, int | str] = dict(fault.said)
    if "status" in said:
        said["status"] = f"0x{fault.said['status']:04X}"
    if told.study is None:
        assert answer.body.get("dicom", {}) == said
    elif "status" in said:
        assert answer.details[0]["dimse_status"] == said["status"]


def check_log(answer: Answer, told: Expected) -> None:
    [line] = answer.access_lines
    outcomes = {404: "not_found", 207: "partial", 200: "ok"}
    assert line["status"] == told.status
    assert line["outcome"] == outcomes.get(told.status, "error")
    assert line.get("error") == told.error
    assert line.get("message") == (answer.body["message"] if told.error else None)
    assert not [canary for canary in (*CANARIES, UID) if canary in answer.log]
    assert not [level for level in ("ERROR", "CRITICAL") if f'"{level}"' in answer.log]
