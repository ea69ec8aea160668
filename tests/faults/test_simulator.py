"""The misbehaving PACS itself, asked by clients that are not the gateway."""

import contextlib
import signal
import socket
import zlib
from collections.abc import Callable
from functools import partial

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian
from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.sop_class import (
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
    Verification,
)

from dicom_qr_gateway.dicom.associate import AssociateRQ, ProposedContext, UserInformation
from dicom_qr_gateway.dicom.command_sets import CommandField, Request
from dicom_qr_gateway.dicom.messages import fragments
from dicom_qr_gateway.dicom.pdu import encode_pdu
from dicom_qr_gateway.sandbox import CannotListen
from dicom_qr_gateway.sandbox.misbehaving import (
    FAULTS,
    PORT_FAULTS,
    MisbehavingPacs,
    Truth,
    serve_misbehaving,
)
from dicom_qr_gateway.sandbox.misbehaving.floods import bomb
from dicom_qr_gateway.sandbox.misbehaving.wire import element

from .expectations import limits
from .gateway import Asked, Gateway

Associate = Callable[..., Association]
FIND = StudyRootQueryRetrieveInformationModelFind
MOVE = StudyRootQueryRetrieveInformationModelMove
GET = StudyRootQueryRetrieveInformationModelGet
SUCCESS, PENDING = 0x0000, 0xFF00


def associate_with(pacs: MisbehavingPacs, called: str, *abstract_syntaxes: str) -> Association:
    """Request an association by pynetdicom."""
    ae = AE("TESTER")
    ae.acse_timeout = 10
    for abstract_syntax in abstract_syntaxes:
        ae.add_requested_context(abstract_syntax)
    return ae.associate("127.0.0.1", pacs.port, ae_title=called)


@pytest.fixture
def associate(misbehaving: MisbehavingPacs) -> Associate:
    """Return ``associate_with`` for the PACS that runs for all tests."""
    return partial(associate_with, misbehaving)


def a_key(**elements: str) -> Dataset:
    identifier = Dataset()
    for keyword, value in {"QueryRetrieveLevel": "STUDY", **elements}.items():
        setattr(identifier, keyword, value)
    return identifier


def test_a_well_behaved_pacs_serves_pynetdicom(associate: Associate) -> None:
    association = associate("WELL-BEHAVED", Verification, FIND, MOVE)
    assert association.send_c_echo().Status == SUCCESS
    [(pending, match), (final, nothing)] = association.send_c_find(a_key(PatientID="P1"), FIND)
    assert (pending.Status, final.Status, nothing) == (PENDING, SUCCESS, None)
    assert (match.PatientID, match.PatientName) == ("P1", "DOE^JANE")
    [(first, _), (last, _)] = association.send_c_move(a_key(), "DEST", MOVE)
    assert (first.NumberOfRemainingSuboperations, last.Status) == (2, SUCCESS)
    association.release()
    assert association.is_released


@pytest.mark.parametrize("patient_id", ["", "DOE*", "?"])
def test_whoever_asks_for_any_patient_gets_a_made_up_one(
    associate: Associate, patient_id: str
) -> None:
    association = associate("WELL-BEHAVED", FIND)
    (_, match), _ = association.send_c_find(a_key(PatientID=patient_id), FIND)
    association.release()
    assert match.PatientID == "MISBEHAVING-1"


def test_the_series_of_the_study_can_be_asked_for(associate: Associate) -> None:
    association = associate("WELL-BEHAVED", FIND)
    (_, match), _ = association.send_c_find(a_key(QueryRetrieveLevel="SERIES"), FIND)
    association.release()
    assert (match.QueryRetrieveLevel, match.Modality) == ("SERIES", "CT")


def test_a_service_that_it_does_not_have_is_refused(associate: Associate) -> None:
    association = associate("WELL-BEHAVED", GET)
    [(status, _)] = association.send_c_get(a_key(), GET)
    association.release()
    assert status.Status == 0x0122


def test_a_cancel_that_comes_late_is_passed_over(associate: Associate) -> None:
    association = associate("WELL-BEHAVED", MOVE)
    list(association.send_c_move(a_key(), "DEST", MOVE))
    association.send_c_cancel(1, query_model=MOVE)
    association.release()
    assert association.is_released


def test_a_fault_of_c_find_is_not_met_by_an_association_for_c_move(associate: Associate) -> None:
    association = associate("RST-BEFORE-1", MOVE)
    *_, (last, _) = association.send_c_move(a_key(), "DEST", MOVE)
    association.release()
    assert last.Status == SUCCESS


def test_a_fault_of_c_move_begins_after_the_c_find_on_the_same_association(
    associate: Associate,
) -> None:
    association = associate("M-A702", FIND, MOVE)
    *_, (found, _) = association.send_c_find(a_key(), FIND)
    *_, (moved, _) = association.send_c_move(a_key(), "DEST", MOVE)
    association.release()
    assert (found.Status, moved.Status) == (SUCCESS, 0xA702)


def test_an_unknown_ae_title_is_rejected_as_such(
    misbehaving: MisbehavingPacs, asking: Gateway
) -> None:
    [answer] = asking.ask(Asked("q", misbehaving.port, "NO-SUCH-FAULT"), **limits(Truth.REJECTED))
    assert answer.body["dicom"] == {"result": 1, "source": 1, "reason": 7}


# --- Its start and its end -----------------------------------------------------------------------


def test_it_ends_while_clients_are_held_by_silent_faults() -> None:
    with MisbehavingPacs(port=0) as pacs:
        held = [
            socket.create_connection(("127.0.0.1", port))
            for port in (pacs.port, pacs.port_of("silent"), pacs.port_of("ssh"))
        ]
    for sock in held:
        with sock:
            sock.settimeout(10)
            with contextlib.suppress(ConnectionResetError):  # it was not even accepted
                while sock.recv(100):
                    pass


def test_it_ends_while_a_slow_fault_takes_its_time() -> None:
    with MisbehavingPacs(port=0, pace=600) as pacs:
        ae = AE("TESTER")
        ae.add_requested_context(FIND)
        ae.acse_timeout = 0.1
        assert not ae.associate("127.0.0.1", pacs.port, ae_title="SLOW-1BPS").is_established


def test_it_serves_until_a_signal() -> None:
    said: list[str] = []

    def echo(line: str) -> None:
        said.append(line)
        signal.raise_signal(signal.SIGTERM)

    serve_misbehaving(port=0, echo=echo)
    [block] = said
    assert f"{len(FAULTS)} AE titles at 127.0.0.1:" in block
    assert all(f"{each.name} " in block for each in PORT_FAULTS)


def test_a_client_that_does_not_speak_dicom_is_left(misbehaving: MisbehavingPacs) -> None:
    with socket.create_connection(("127.0.0.1", misbehaving.port)) as sock:
        sock.sendall(b"\x07\0\0\0\0\x04\0\0\0\0")
        sock.settimeout(10)
        assert sock.recv(100) == b""


@pytest.mark.parametrize(
    "name", ["SLOW-1BPS", "SLOW-COMMAND", "SLOW-DATA", "SLOW-PDVS", "SLOW-LAST"]
)
def test_a_slow_answer_is_a_good_one_for_who_waits(name: str) -> None:
    with MisbehavingPacs(port=0, pace=1e-6) as pacs:
        association = associate_with(pacs, name, FIND)
        statuses = [each.Status for each, _ in association.send_c_find(a_key(), FIND)]
        association.release()
    assert statuses == [PENDING, SUCCESS]


@pytest.mark.parametrize("name", ["M-SLOW-1BPS", "M-SLOW-1", "M-SLOW-LAST"])
def test_a_slow_movement_is_a_good_one_for_who_waits(name: str) -> None:
    with MisbehavingPacs(port=0, pace=1e-6) as pacs:
        association = associate_with(pacs, name, MOVE)
        statuses = [each.Status for each, _ in association.send_c_move(a_key(), "DEST", MOVE)]
        association.release()
    assert statuses == [PENDING, SUCCESS]


def test_the_bomb_is_half_a_megabyte_that_inflates_to_half_a_gigabyte() -> None:
    data = bomb()
    inflate, size = zlib.decompressobj(-zlib.MAX_WBITS), 0
    left = data
    while left:
        size += len(inflate.decompress(left, 1 << 24))
        left = inflate.unconsumed_tail
    assert len(data) < 1 << 20
    assert size == 12 + (512 << 20)


def test_a_client_that_goes_on_with_deflated_data_gets_the_bomb(
    misbehaving: MisbehavingPacs,
) -> None:
    context = ProposedContext(1, FIND, (DeflatedExplicitVRLittleEndian,))
    proposal = AssociateRQ("DEFLATED-BOMB", "TESTER", (context,), UserInformation())
    request = Request(CommandField.C_FIND_RQ, 1, FIND)
    with socket.create_connection(("127.0.0.1", misbehaving.port), timeout=10) as sock:
        sock.sendall(encode_pdu(proposal) + fragments(1, request.encode(), b"", 16384))
        received, size = 0, len(bomb())
        while received < size:
            received += len(sock.recv(1 << 20)) or pytest.fail("it closed the connection")


def test_a_keyword_that_does_not_exist_is_a_mistake_of_the_fault() -> None:
    with pytest.raises(ValueError, match="PatientsName"):
        element("PatientsName", "DOE", explicit_vr=False)


def test_it_says_which_fault_an_association_meets() -> None:
    told: list[str] = []
    with MisbehavingPacs(port=0, tell=told.append) as pacs:
        for called, syntax in [("F-A700", FIND), ("F-A700", MOVE), ("NO-FAULT", FIND)]:
            associate_with(pacs, called, syntax).abort()
    assert told == [
        f"F-A700: {FAULTS['F-A700'].sentence}",
        "F-A700: well-behaved, C-FIND was not proposed",
        "'NO-FAULT' is no fault: --list names those there are",
    ]


def test_a_port_in_use_is_said_in_a_line(misbehaving: MisbehavingPacs) -> None:
    with pytest.raises(CannotListen, match=f"port {misbehaving.port}: Address already in use"):
        MisbehavingPacs(port=misbehaving.port).__enter__()
