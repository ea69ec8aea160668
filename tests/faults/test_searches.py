"""Every fault of the misbehaving PACS, at ``/dicom-web``: no failure looks like ``[]``."""

import pytest
from werkzeug.test import TestResponse

from dicom_qr_gateway.dicom.types import ApplicationEntity
from dicom_qr_gateway.named_pacs import NamedPacs, PacsDirectory
from dicom_qr_gateway.sandbox.misbehaving import (
    FAULTS,
    PORT_FAULTS,
    Fault,
    MisbehavingPacs,
    PortFault,
    Service,
    Truth,
)
from dicom_qr_gateway.sandbox.misbehaving.studies import FREE_TEXT, STUDY

from .expectations import Expected, expected, limits
from .gateway import PATIENT_ID, gateway

UID = STUDY["StudyInstanceUID"]
# What /q never reads is part of an answer here: too deep to be one, or long and passed on.
OTHERWISE = {
    "NESTED-10000": Expected(502, "protocol_error"),
    "TEXT-100-KB": Expected(200, None),
}
OF_FINDS = {name: fault for name, fault in FAULTS.items() if fault.service is not Service.MOVE}


def ask(port: int, ae_title: str, truth: Truth) -> TestResponse:
    """Search for the studies of the patient."""
    app = gateway(frozenset(limits(truth).items()))
    pacs = NamedPacs("faulty", ApplicationEntity("127.0.0.1", port, ae_title), "GATEWAY")
    app.extensions["pacs"] = PacsDirectory([pacs])
    return app.test_client().get(f"/dicom-web/faulty/studies?PatientID={PATIENT_ID}")


def check(response: TestResponse, told: Expected) -> None:
    body = response.json
    assert FREE_TEXT not in response.text or response.status_code == 200
    if told.status == 200:
        assert [row["0020000D"]["Value"] for row in body] == [[UID]]
    elif told.status == 404:
        assert (response.status_code, body) == (200, [])
    else:
        assert (response.status_code, body["error"]) == (told.status, told.error), body


@pytest.mark.parametrize("fault", OF_FINDS.values(), ids=OF_FINDS)
def test_every_ae_title(fault: Fault, misbehaving: MisbehavingPacs) -> None:
    response = ask(misbehaving.port, fault.name, fault.truth)
    told = expected(fault.truth, fault.service, "q")
    check(response, OTHERWISE.get(fault.name, told))


@pytest.mark.parametrize("fault", PORT_FAULTS, ids=lambda fault: fault.name)
def test_every_port(fault: PortFault, misbehaving: MisbehavingPacs) -> None:
    response = ask(misbehaving.port_of(fault.name), "PACS", fault.truth)
    check(response, expected(fault.truth, Service.BOTH, "q"))
