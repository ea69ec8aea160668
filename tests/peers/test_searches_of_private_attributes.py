"""Private attributes of a real Orthanc, asked for beside their creator (PS3.18 10.6.3.3)."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from .archives import orthanc
from .rows import get, uids, value
from .search_gateway import serving


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An Orthanc with four instances: three with a private block, the last without."""
    folder = tmp_path_factory.mktemp("private")
    files = folder / "files"
    files.mkdir()
    blocks = [("PEERS", "secret"), ("PEERS", "other"), ("SOMEBODY", "secret"), ("", "")]
    for number, (creator, text) in enumerate(blocks, 1):
        dataset = an_instance(number, creator, text)
        dataset.save_as(files / f"{number}.dcm", enforce_file_format=True)
    with orthanc("orthanc-a", folder, {}) as archive:
        archive.store(files, report=folder / "report")
        with serving(folder, {"private": (archive.ae_title, archive.port)}) as url:
            yield f"{url}/private/instances"


def an_instance(number: int, creator: str, text: str) -> Dataset:
    dataset = Dataset()
    dataset.SOPClassUID = CTImageStorage
    dataset.SOPInstanceUID = f"1.2.3.1.{number}"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3", "1.2.3.1"
    dataset.PatientID, dataset.Modality = "PRIVATE", "CT"
    if creator:
        block = dataset.private_block(0x0029, creator, create=True)
        block.add_new(1, "LO", text)
        gems = dataset.private_block(0x0019, "GEMS_ACQU_01", create=True)
        gems.add_new(2, "SL", 510 + number)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dataset


def binary(row: dict[str, Any], tag: str) -> bytes:
    return base64.b64decode(row[tag]["InlineBinary"]).rstrip(b"\0")


def test_a_private_attribute_is_included_beside_its_creator(private: str) -> None:
    found = get(private, **{"00290010": "PEERS", "includefield": "00291001"})
    assert {value(row, "00290010") for row in found} == {"PEERS"}
    texts = {value(row, "00080018"): binary(row, "00291001") for row in found}
    assert texts == {"1.2.3.1.1": b"secret", "1.2.3.1.2": b"other"}


def test_a_private_attribute_is_searched_for(private: str) -> None:
    for text in ("secret", "sec*"):
        found = get(private, **{"00290010": "PEERS", "00291001": text})
        assert uids(found, "00080018") == {"1.2.3.1.1"}
    assert get(private, **{"00290010": "PEERS", "00291001": "nobody"}) == []


def test_a_private_number_is_searched_for(private: str) -> None:
    [row] = get(private, **{"00190010": "GEMS_ACQU_01", "00191002": "512"})
    assert value(row, "00080018") == "1.2.3.1.2"
    assert binary(row, "00191002") == b"512"  # which is how Orthanc sends it


def test_what_cannot_be_asked_for_is_left_out_and_said_to_be(private: str) -> None:
    fields = ("RedPaletteColorLookupTableData", "OverlayRows", "00080FFF", "00291001")
    parameters = {"includefield": ",".join(fields)}
    response = requests.get(private, params=parameters, timeout=60)
    assert (response.status_code, len(response.json())) == (200, 4)
    assert all(f"Left out: {name}." in response.headers["Warning"] for name in fields)
