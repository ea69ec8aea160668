"""The sandbox on real sockets: pynetdicom and DCMTK ask, and what they get is compared."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread, dcmwrite
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    CTImageStorage,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
)
from pynetdicom import AE, build_context, build_role, evt
from pynetdicom.association import Association
from pynetdicom.events import Event, EventHandlerType
from pynetdicom.pdu_primitives import SOPClassExtendedNegotiation
from pynetdicom.presentation import PresentationContext
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    PatientRootQueryRetrieveInformationModelFind as PatientFind,
)
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    StudyRootQueryRetrieveInformationModelFind as StudyFind,
)
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    StudyRootQueryRetrieveInformationModelGet as StudyGet,
)
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    StudyRootQueryRetrieveInformationModelMove as StudyMove,
)
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

from dicom_qr_gateway.sandbox import CannotListen, Sandbox, serve
from dicom_qr_gateway.sandbox import listener as sandbox_listener
from dicom_qr_gateway.sandbox.archive import Archive, Entity
from dicom_qr_gateway.sandbox.instances import synthetic_instances, uid
from dicom_qr_gateway.sandbox.listener import Listener, requestor_handlers
from dicom_qr_gateway.sandbox.pacs import Pacs
from dicom_qr_gateway.sandbox.query import Query
from dicom_qr_gateway.sandbox.roster import PATIENTS
from dicom_qr_gateway.sandbox.server import describe
from dicom_qr_gateway.sandbox.stored import StoredInstance
from dicom_qr_gateway.sandbox.worklist import STEPS

CT_STUDY = uid("1112223333", 1)
Responses = list[tuple[Dataset, Dataset | None]]


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(port=0, destination_port=0) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    running.destination.received.clear()
    return running


@pytest.fixture
def archive() -> Archive:
    return Archive(synthetic_instances(date.today()), "SANDBOX")


@contextmanager
def association(
    port: int,
    *contexts: str | PresentationContext,
    called: str = "SANDBOX",
    handlers: Sequence[EventHandlerType] = (),
    roles: Sequence[Any] = (),
) -> Iterator[Association]:
    ae = AE("TESTER")
    proposed = [build_context(each) if isinstance(each, str) else each for each in contexts]
    established = ae.associate(
        "127.0.0.1",
        port,
        contexts=proposed,
        ae_title=called,
        ext_neg=[*roles],
        evt_handlers=[*handlers, *requestor_handlers()],
    )
    yield established
    if established.is_established:
        established.release()


def an_identifier(level: str, **keys: Any) -> Dataset:
    dataset = Dataset()
    dataset.QueryRetrieveLevel = level
    for keyword, value in keys.items():
        setattr(dataset, keyword, value)
    return dataset


def find(port: int, level: str, *, model: UID = StudyFind, **keys: Any) -> Responses:
    with association(port, model) as scu:
        return list(scu.send_c_find(an_identifier(level, **keys), model))


def move(port: int, destination: str, level: str = "STUDY", **keys: Any) -> Responses:
    with association(port, StudyMove) as scu:
        return list(scu.send_c_move(an_identifier(level, **keys), destination, StudyMove))


def statuses(responses: Responses) -> list[int]:
    return [status.Status for status, _ in responses]


def counts(status: Dataset) -> dict[str, int]:
    kinds = ("Remaining", "Completed", "Failed", "Warning")
    keywords = {kind: f"NumberOf{kind}Suboperations" for kind in kinds}
    return {kind: status[keyword].value for kind, keyword in keywords.items() if keyword in status}


def completed(number: int) -> dict[str, int]:
    return {"Remaining": 0, "Completed": number, "Failed": 0, "Warning": 0}


def dcmtk(
    tool: str, port: int, *arguments: str, called: str = "SANDBOX"
) -> subprocess.CompletedProcess[str]:
    command = [tool, "-v", "-aet", "TESTER", "-aec", called, *arguments, "127.0.0.1", str(port)]
    return subprocess.run(
        command,
        check=False,
        text=True,
        errors="replace",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60,
    )


def relational(*proposed: tuple[UID, bytes]) -> list[SOPClassExtendedNegotiation]:
    """Return what proposes extended negotiation of C-FIND (PS3.4 C.5.1.1)."""
    items = []
    for sop_class_uid, information in proposed:
        item = SOPClassExtendedNegotiation()
        item.sop_class_uid = sop_class_uid
        item.service_class_application_information = information
        items.append(item)
    return items


# --- C-ECHO and the association ----------------------------------------------------------------


def test_both_application_entities_answer_an_echo(sandbox: Sandbox) -> None:
    for listener in (sandbox, sandbox.destination):
        with association(listener.port, Verification, called=listener.ae_title) as scu:
            assert scu.send_c_echo().Status == 0x0000


def test_echoscu_is_answered(sandbox: Sandbox) -> None:
    assert dcmtk("echoscu", sandbox.port).returncode == 0


def test_a_wrong_called_ae_title_is_rejected_for_good(sandbox: Sandbox) -> None:
    with association(sandbox.port, Verification, called="OTHER") as scu:
        assert scu.is_rejected
        rejection = scu.acceptor.primitive
    assert rejection is not None
    assert (rejection.result, rejection.result_source, rejection.diagnostic) == (1, 1, 7)


def test_accepted_connections_do_not_wait_for_more_to_send(sandbox: Sandbox) -> None:
    with association(sandbox.port, Verification) as scu:
        assert scu.send_c_echo().Status == 0x0000
        (accepted,) = [
            thread.dul.socket
            for thread in threading.enumerate()
            if isinstance(thread, Association) and thread.is_acceptor
        ]
        assert accepted is not None
        assert accepted.socket is not None
        assert accepted.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


# --- C-FIND ------------------------------------------------------------------------------------


def test_the_documented_patient_is_found(sandbox: Sandbox) -> None:
    responses = find(
        sandbox.port,
        "STUDY",
        PatientID="1112223333",
        PatientName="",
        StudyDate="",
        StudyDescription="",
        ModalitiesInStudy="CT",
        AccessionNumber="",
        InstitutionName="",
        PerformingPhysicianName="",
    )
    assert statuses(responses) == [0xFF00, 0x0000]
    match = responses[0][1]
    assert match is not None
    assert {element.keyword: str(element.value) for element in match} == {
        "QueryRetrieveLevel": "STUDY",
        "RetrieveAETitle": "SANDBOX",
        "PatientID": "1112223333",
        "PatientName": "DOE^JOHN",
        "StudyDate": "20240101",
        "StudyDescription": "CT ABDOMEN",
        "ModalitiesInStudy": "CT",
        "AccessionNumber": "ACC-1",
        "InstitutionName": "Hospital",
        "PerformingPhysicianName": "PERF^MD",
    }


def test_no_match_is_success_alone(sandbox: Sandbox) -> None:
    assert statuses(find(sandbox.port, "STUDY", PatientID="NOBODY")) == [0x0000]


def test_both_information_models_are_served_at_their_levels(sandbox: Sandbox) -> None:
    ids = {"PatientID": "1112223333", "StudyInstanceUID": CT_STUDY}
    series = {**ids, "SeriesInstanceUID": uid("1112223333", 1, 1)}
    for model in (PatientFind, StudyFind):
        assert len(find(sandbox.port, "STUDY", model=model, PatientID="1112223333")) == 4
        assert len(find(sandbox.port, "SERIES", model=model, **ids)) == 3
        assert len(find(sandbox.port, "IMAGE", model=model, **series)) == 5
    assert len(find(sandbox.port, "PATIENT", model=PatientFind, PatientName="DOE*")) == 4


@pytest.mark.parametrize(
    ("level", "keys"), [("PATIENT", {}), ("SERIES", {"PatientID": "1112223333"}), ("IMAGE", {})]
)
def test_a_find_that_does_not_fit_the_model_is_refused(
    sandbox: Sandbox, level: str, keys: dict[str, Any]
) -> None:
    assert statuses(find(sandbox.port, level, **keys)) == [0xA900]


@pytest.mark.parametrize("syntax", ["+xi", "+xe"])
def test_findscu_gets_every_patient_in_either_transfer_syntax(
    sandbox: Sandbox, tmp_path: Path, syntax: str
) -> None:
    option = {"+xi": "-xi", "+xe": "-xe"}[syntax]
    keys = ["-k", "QueryRetrieveLevel=PATIENT", "-k", "PatientName", "-k", "PatientID"]
    arguments = ["-P", option, "-X", "-od", str(tmp_path), *keys]
    assert dcmtk("findscu", sandbox.port, *arguments).returncode == 0
    found = [dcmread(path) for path in sorted(tmp_path.iterdir())]
    assert {str(each.PatientID): str(each.PatientName) for each in found} == {
        patient.patient_id: patient.name for patient in PATIENTS
    }


def test_a_name_is_found_in_its_own_script(sandbox: Sandbox) -> None:
    responses = find(sandbox.port, "STUDY", SpecificCharacterSet="GB18030", PatientName="*=王^小东")
    assert statuses(responses) == [0xFF00, 0xFF00, 0x0000]


class EndlessArchive(Archive):
    """Finds the first match for ever, and retrieves it more often than anyone waits for."""

    def find(self, query: Query) -> Iterator[Entity]:
        return repeat(next(super().find(query)))

    def retrieve(self, query: Query) -> list[StoredInstance]:
        return self.instances[:1] * 60_000


def test_series_are_found_beyond_their_study_where_that_is_negotiated(sandbox: Sandbox) -> None:
    asked = an_identifier("SERIES", PatientID="1112223333", Modality="MR", SeriesInstanceUID="")
    roles = relational((StudyFind, b"\1\1\1"))
    with association(sandbox.port, StudyFind, roles=roles) as scu:
        agreed = scu.acceptor.sop_class_extended[StudyFind]
        responses = list(scu.send_c_find(asked, StudyFind))
    assert agreed == b"\1\0\0"
    assert statuses(responses) == [0xFF00, 0xFF00, 0x0000]


def test_findscu_gets_todays_worklist_of_a_station(sandbox: Sandbox) -> None:
    station = "ScheduledProcedureStepSequence[0].ScheduledStationAETitle=CT1"
    found = dcmtk("findscu", sandbox.port, "-W", "-k", "PatientID", "-k", station)
    assert found.returncode == 0
    assert [found.stdout.count(f"[{step.patient_id}") for step in STEPS] == [
        int(step.station == "CT1") for step in STEPS
    ]


@pytest.fixture
def endless() -> Iterator[Pacs]:
    sandbox = Sandbox(port=0, destination_port=0)
    with sandbox:
        destinations = {"WORKSTATION": ("127.0.0.1", sandbox.destination.port)}
        archive = EndlessArchive(synthetic_instances(date.today()), "ENDLESS")
        pacs = Pacs(archive, "ENDLESS", destinations)
        pacs.start("127.0.0.1", 0)
        yield pacs
        pacs.stop()


def test_a_cancelled_find_ends_as_cancelled(endless: Pacs) -> None:
    with association(endless.port, StudyFind, called="ENDLESS") as scu:
        responses = scu.send_c_find(an_identifier("STUDY", PatientID=""), StudyFind, msg_id=7)
        assert next(responses)[0].Status == 0xFF00
        scu.send_c_cancel(7, query_model=StudyFind)
        *_, (status, _) = responses
    assert status.Status == 0xFE00


def test_a_cancelled_move_tells_what_remains(endless: Pacs) -> None:
    identifier = an_identifier("STUDY", StudyInstanceUID=CT_STUDY)
    with association(endless.port, StudyMove, called="ENDLESS") as scu:
        responses = scu.send_c_move(identifier, "WORKSTATION", StudyMove, msg_id=7)
        assert next(responses)[0].Status == 0xFF00
        scu.send_c_cancel(7, query_model=StudyMove)
        *_, (status, _) = responses
    assert status.Status == 0xFE00
    assert counts(status)["Remaining"] + counts(status)["Completed"] == 60_000


# --- C-MOVE ------------------------------------------------------------------------------------


def test_a_moved_study_arrives_and_is_counted(sandbox: Sandbox) -> None:
    responses = move(sandbox.port, "WORKSTATION", StudyInstanceUID=CT_STUDY)
    assert statuses(responses) == [*repeat(0xFF00, 6), 0x0000]
    assert counts(responses[0][0]) == {"Remaining": 5, "Completed": 1, "Failed": 0, "Warning": 0}
    assert counts(responses[-1][0]) == completed(6)
    expected = {uid("1112223333", 1, 1, number) for number in range(1, 5)}
    expected |= {uid("1112223333", 1, 2, number) for number in range(1, 3)}
    assert sandbox.destination.received == expected


def test_every_instance_can_be_moved(sandbox: Sandbox) -> None:
    studies = {each.text("StudyInstanceUID") for each in sandbox.archive.instances}
    *_, (status, _) = move(sandbox.port, "WORKSTATION", StudyInstanceUID=sorted(studies))
    assert status.Status == 0x0000
    assert sandbox.destination.received == {
        each.text("SOPInstanceUID") for each in sandbox.archive.instances
    }


def test_an_unknown_study_is_success_with_zeros(sandbox: Sandbox) -> None:
    ((status, _),) = move(sandbox.port, "WORKSTATION", StudyInstanceUID="1.2.3")
    assert status.Status == 0x0000
    assert counts(status) == {"Completed": 0, "Failed": 0, "Warning": 0}


def test_an_unknown_destination_is_refused(sandbox: Sandbox) -> None:
    assert statuses(move(sandbox.port, "NOWHERE", StudyInstanceUID=CT_STUDY)) == [0xA801]


def test_a_move_that_does_not_fit_the_model_is_refused(sandbox: Sandbox) -> None:
    ((status, identifier),) = move(sandbox.port, "WORKSTATION", PatientID="1112223333")
    assert status.Status == 0xA900
    assert counts(status) == {}
    assert not identifier


def test_instances_that_a_destination_refuses_are_listed() -> None:
    ae = AE("REFUSES")
    ae.add_supported_context(CTImageStorage)
    refusing = Listener(ae, [(evt.EVT_C_STORE, lambda _: 0xA700)])
    refusing.start("127.0.0.1", 0)
    destinations = {"REFUSES": ("127.0.0.1", refusing.port)}
    with Sandbox(port=0, destination_port=0, destinations=destinations) as sandbox:
        *_, (status, identifier) = move(sandbox.port, "REFUSES", StudyInstanceUID=CT_STUDY)
    refusing.stop()
    assert status.Status == 0xA702
    assert counts(status) == {**completed(0), "Failed": 6}
    assert identifier is not None
    assert len(identifier.FailedSOPInstanceUIDList) == 6


def test_a_destination_without_an_association_is_not_an_unknown_one() -> None:
    ae = AE("SOMEONE ELSE")
    ae.add_supported_context(CTImageStorage)
    rejecting = Listener(ae, [])
    rejecting.start("127.0.0.1", 0)
    destinations = {"REJECTS": ("127.0.0.1", rejecting.port)}
    with Sandbox(port=0, destination_port=0, destinations=destinations) as sandbox:
        responses = move(sandbox.port, "REJECTS", StudyInstanceUID=CT_STUDY)
    rejecting.stop()
    assert statuses(responses) == [0xA702]


def test_movescu_moves_a_study(sandbox: Sandbox) -> None:
    keys = ["-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={CT_STUDY}"]
    result = dcmtk("movescu", sandbox.port, "-S", "-aem", "WORKSTATION", *keys)
    assert result.returncode == 0, result.stdout
    assert len(sandbox.destination.received) == 6


# --- C-GET -------------------------------------------------------------------------------------


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_a_study_is_got_in_the_transfer_syntax_that_was_agreed(
    sandbox: Sandbox, syntax: UID
) -> None:
    got: dict[str, bytes] = {}

    def store(event: Event) -> int:
        got[event.dataset.SOPInstanceUID] = event.dataset.PixelData
        return 0x0000

    contexts = [build_context(StudyGet), build_context(CTImageStorage, syntax)]
    roles = [build_role(CTImageStorage, scp_role=True)]
    identifier = an_identifier("STUDY", StudyInstanceUID=CT_STUDY)
    handlers: list[EventHandlerType] = [(evt.EVT_C_STORE, store)]
    with association(sandbox.port, *contexts, roles=roles, handlers=handlers) as scu:
        responses = list(scu.send_c_get(identifier, StudyGet))
    assert counts(responses[-1][0]) == completed(6)
    assert got == {
        each.text("SOPInstanceUID"): each.read().PixelData
        for each in sandbox.archive.instances
        if each.text("StudyInstanceUID") == CT_STUDY
    }


def test_getscu_gets_every_modality(sandbox: Sandbox, tmp_path: Path) -> None:
    keys = ["-k", "QueryRetrieveLevel=PATIENT", "-k", "PatientID=1112223333"]
    result = dcmtk("getscu", sandbox.port, "-P", "-od", str(tmp_path), *keys)
    assert result.returncode == 0, result.stdout
    assert {dcmread(path).Modality for path in tmp_path.iterdir()} == {"CT", "MR", "CR"}
    assert len(list(tmp_path.iterdir())) == 12


def test_getscu_understands_a_refusal(sandbox: Sandbox, tmp_path: Path) -> None:
    keys = ["-k", "QueryRetrieveLevel=STUDY", "-k", "PatientID=1112223333"]
    result = dcmtk("getscu", sandbox.port, "-S", "-od", str(tmp_path), *keys)
    assert "DataSetDoesNotMatchSOPClass" in result.stdout
    assert "Aborting" not in result.stdout


# --- A folder, the start and the end -----------------------------------------------------------


def test_a_folder_is_served_instead_of_the_synthetic_patients(
    archive: Archive, tmp_path: Path
) -> None:
    plain, compressed = archive.instances[0].read(), archive.instances[1].read()
    compressed.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    compressed.PixelData = encapsulate([b"\xff\xd8\xff\xd9"])
    compressed["PixelData"].VR = "OB"
    compressed["PixelData"].is_undefined_length = True
    for name, dataset in (("plain", plain), ("compressed", compressed)):
        dcmwrite(tmp_path / name, dataset)
    (tmp_path / "notes.txt").write_text("no DICOM in here")
    with Sandbox(port=0, destination_port=0, folder=tmp_path) as sandbox:
        assert "1 patients, 1 studies, 2 images" in describe(sandbox)
        assert "1 other files skipped" in describe(sandbox)
        *_, (status, _) = move(sandbox.port, "WORKSTATION", StudyInstanceUID=CT_STUDY)
        assert counts(status) == completed(2)


def test_a_port_in_use_is_one_clear_line_and_leaves_nothing_behind() -> None:
    with socket.create_server(("127.0.0.1", 0)) as occupied:
        port = occupied.getsockname()[1]
        sandbox = Sandbox(port=port, destination_port=0)
        with pytest.raises(
            CannotListen, match=f"^Cannot listen on 127.0.0.1 port {port}: .*in use"
        ):
            sandbox.__enter__()
    with pytest.raises(RuntimeError, match="not started"):
        _ = sandbox.destination.port


def test_the_end_aborts_what_is_still_connected() -> None:
    with Sandbox(port=0, destination_port=0) as sandbox:
        port = sandbox.port
        scu = AE("TESTER").associate("127.0.0.1", port, [build_context(Verification)], "SANDBOX")
        assert scu.is_established
    scu.join()
    assert scu.is_aborted
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def nothing(_connection: socket.socket) -> None:
    """Connect, then stay silent."""


def half_a_request(connection: socket.socket) -> None:
    connection.sendall(b"\x01\x00\x00\x00\x01\x00half")


@pytest.mark.parametrize("act", [nothing, half_a_request, socket.socket.close])
def test_the_end_waits_for_nobody_who_asks_for_no_association(
    monkeypatch: pytest.MonkeyPatch, act: Callable[[socket.socket], None]
) -> None:
    monkeypatch.setattr(sandbox_listener, "_PATIENCE_SECONDS", 3600)
    with Sandbox(port=0, destination_port=0) as sandbox:
        port = sandbox.port
        with socket.create_connection(("127.0.0.1", port)) as connection:
            act(connection)
            find(port, "STUDY", PatientID="NOBODY")  # accepted after the other one
            sandbox.__exit__(None, None, None)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_a_sandbox_on_all_interfaces_moves_to_itself() -> None:
    with Sandbox(host="0.0.0.0", port=0, destination_port=0) as sandbox:
        *_, (status, _) = move(sandbox.port, "WORKSTATION", StudyInstanceUID=CT_STUDY)
    assert status.Status == 0x0000


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_says_where_it_listens_and_ends_on_a_signal(number: signal.Signals) -> None:
    said = []

    def echo(text: str) -> None:
        said.append(text)
        signal.raise_signal(number)

    before = signal.getsignal(number)
    serve(port=0, destination_port=0, echo=echo)
    assert signal.getsignal(number) is before
    assert "SANDBOX at 127.0.0.1:" in said[0]
    assert "WORKSTATION at 127.0.0.1:" in said[0]


def test_serve_ends_with_its_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    with os.fdopen(reader) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        closing: Callable[[str], None] = lambda _: os.close(writer)  # noqa: E731
        serve(port=0, destination_port=0, stop_with_parent=True, echo=closing)
