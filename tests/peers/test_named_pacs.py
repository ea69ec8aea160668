"""Named PACS and ``/echo`` against Orthanc and dcmqrscp: the quirks do what their table says."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from pydicom.dataset import Dataset

from . import archives, made_studies
from .archives import GATEWAY, Archive
from .gateway import Gateway
from .made_studies import WESTERN, WITH_MANY_STUDIES, MadePatient, MadeStudy
from .processes import output_of

NamedGateway = Callable[..., Gateway]


@pytest.fixture
def gateway_naming(gateway_with: Callable[..., Gateway], tmp_path: Path) -> NamedGateway:
    """Build a gateway that knows the archive as ``main``, with these further keys."""

    def build(archive: Archive, **keys: str) -> Gateway:
        path = tmp_path / "pacs.toml"
        lines = [
            "[pacs.main]",
            'host = "localhost"',
            f"port = {archive.port}",
            f'ae_title = "{archive.ae_title}"',
            f'calling_ae_title = "{GATEWAY}"',
            *(f"{key} = {value}" for key, value in keys.items()),
        ]
        path.write_text("\n".join(lines))
        return gateway_with(PACS_CONFIG=str(path))

    return build


def q(gateway: Gateway, patient_id: str) -> Any:
    answer = gateway.client.post("/q", json={"pacs": "main", "patient_id": patient_id})
    assert answer.status_code == 200, answer.json
    return answer.json["study_details"]


def test_a_name_finds_what_an_address_finds(
    gateway: Gateway, gateway_naming: NamedGateway, archive: Archive
) -> None:
    by_address = gateway.q(archive, WESTERN.patient_id).json
    assert by_address is not None
    assert q(gateway_naming(archive), WESTERN.patient_id) == by_address["study_details"]


def test_what_is_kept_leaves_threads_of_orthanc_to_others(
    gateway_naming: NamedGateway, orthanc: Archive
) -> None:
    gateway = gateway_naming(orthanc, idle_associations="2")
    with ThreadPoolExecutor(4) as clients:
        ask = partial(_ask_anew, gateway.client.application)
        assert set(clients.map(ask, [WESTERN.patient_id] * 40)) == {200}
    assert connections_to(orthanc.port) in (1, 2)
    output_of("echoscu", "--aetitle", GATEWAY, "--call", orthanc.ae_title,
              "--timeout", "5", "127.0.0.1", str(orthanc.port))  # fmt: skip


def _ask_anew(app: Flask, patient_id: str) -> int:
    body = {"pacs": "main", "patient_id": patient_id}
    return app.test_client().post("/q", json=body).status_code


def connections_to(port: int) -> int:
    """Return how many connections of this machine to the port are established (proc(5))."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    states = [(line.split()[2].endswith(f":{port:04X}"), line.split()[3]) for line in lines]
    return states.count((True, "01"))


@pytest.mark.parametrize(
    "quirk",
    [
        {"charset": '"ISO_IR 192"'},
        {"charset": '"ISO_IR 100"'},
        {"assume_charset": '"ISO_IR 100"'},
        {"max_pdu_length": "4096"},
        {"modality_level": '"series"'},
    ],
    ids=str,
)
def test_a_quirk_that_an_archive_does_not_need_changes_no_answer(
    gateway_naming: NamedGateway, archive: Archive, quirk: dict[str, str]
) -> None:
    [study] = q(gateway_naming(archive, **quirk), WESTERN.patient_id)
    assert study["PatientName"] == WESTERN.name
    assert study["StudyDescription"] == WESTERN.studies[0].description


def test_modalities_at_series_level_are_complete(
    gateway_naming: NamedGateway, archive: Archive
) -> None:
    found = q(gateway_naming(archive, modality_level='"series"'), WITH_MANY_STUDIES.patient_id)
    assert {each["StudyInstanceUID"]: set(each["ModalitiesInStudy"]) for each in found} == {
        study.uid: set(study.series) for study in WITH_MANY_STUDIES.studies
    }


def test_the_text_of_files_without_a_character_set_is_assumed(
    gateway_naming: NamedGateway, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """dcmqrscp hands on what a modality stored that stated no character set."""
    cyrillic = MadePatient(
        "NO-CHARSET", "x", "", [MadeStudy("1.2.826.0.1.3680043.8.498.1", "20240101", {"CT": 1})]
    )
    monkeypatch.setattr(made_studies, "_write", without_a_character_set(made_studies._write))
    made_studies.write_instances(tmp_path, [cyrillic])
    with archives.dcmqrscp(tmp_path, {}) as archive:
        archive.store(tmp_path, report=tmp_path / "report")
        [study] = q(gateway_naming(archive, assume_charset='"ISO_IR 144"'), "NO-CHARSET")
        [without] = q(gateway_naming(archive), "NO-CHARSET")
    assert study["StudyDescription"] == "Колено"
    assert without["StudyDescription"] != "Колено"


def without_a_character_set(write: Callable[[Dataset, Path], None]) -> Callable[..., None]:
    def wrapper(dataset: Dataset, folder: Path) -> None:
        del dataset.SpecificCharacterSet
        # pydicom writes Latin 1 where nothing is stated: these are the bytes of ISO_IR 144.
        dataset.StudyDescription = "Колено".encode("iso8859-5").decode("latin-1")
        write(dataset, folder)

    return wrapper


def test_an_archive_is_verified(gateway_naming: NamedGateway, archive: Archive) -> None:
    answer = gateway_naming(archive).client.post("/echo", json={"pacs": "main"})
    assert answer.status_code == 200, answer.json
    assert answer.json is not None
    assert answer.json["peer"]["implementation_version"].startswith("OFFIS_DCMTK")
    assert answer.json["services"] == {
        "C-FIND": True, "C-MOVE": True, "C-GET": True, "MWL": False, "STORE": True,
    }  # fmt: skip


def test_an_archive_that_does_not_know_the_ae_title_says_so(
    gateway_naming: NamedGateway, dcmqrscp: Archive
) -> None:
    body = {
        "pacs_ip": "127.0.0.1",
        "pacs_port": dcmqrscp.port,
        "pacs_ae_title": "WRONG",
        "c_find_ae_title": GATEWAY,
    }
    answer = gateway_naming(dcmqrscp).client.post("/echo", json=body)
    assert answer.json is not None
    assert (answer.status_code, answer.json["phase"]) == (502, "associate")
    assert answer.json["message"].startswith("Called AE title not recognized: ")
