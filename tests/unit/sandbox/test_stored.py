"""A folder of files as an archive."""

from datetime import date
from pathlib import Path

import pytest
from pydicom import dcmwrite
from pydicom.uid import UID, ExplicitVRBigEndian

from dicom_qr_gateway.sandbox.elements import tag_of
from dicom_qr_gateway.sandbox.instances import synthetic_instances
from dicom_qr_gateway.sandbox.stored import StoredInstance, read_folder

INSTANCE = synthetic_instances(date.today())[0]


def test_files_are_found_in_subfolders_and_others_are_counted(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    dcmwrite(folder / "image.dcm", INSTANCE.read())
    (tmp_path / "notes.txt").write_text("no DICOM in here")
    (tmp_path / "empty").touch()
    (tmp_path / "cut.dcm").write_bytes((folder / "image.dcm").read_bytes()[:200])
    instances, skipped = read_folder(tmp_path)
    assert [each.text("PatientName") for each in instances] == ["DOE^JOHN"]
    assert skipped == 3


def test_a_file_keeps_its_pixels_until_it_is_sent(tmp_path: Path) -> None:
    dcmwrite(tmp_path / "image", INSTANCE.read())
    instance = StoredInstance.from_file(tmp_path / "image")
    assert "PixelData" not in instance.header
    assert instance.read().PixelData == INSTANCE.read().PixelData


@pytest.mark.parametrize("keyword", ["PatientID", "SOPInstanceUID"])
def test_what_belongs_to_no_patient_is_not_served(keyword: str) -> None:
    dataset = INSTANCE.read()
    del dataset[keyword]
    dataset.file_meta.MediaStorageSOPInstanceUID = UID(INSTANCE.text("SOPInstanceUID"))
    with pytest.raises(ValueError, match=keyword):
        StoredInstance.from_dataset(dataset)


def test_big_endian_files_are_not_served() -> None:
    dataset = INSTANCE.read()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    with pytest.raises(ValueError, match="retired"):
        StoredInstance.from_dataset(dataset)


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NotADirectoryError, match="nowhere"):
        read_folder(tmp_path / "nowhere")


def test_only_keywords_of_the_dictionary_have_a_tag() -> None:
    with pytest.raises(KeyError):
        tag_of("NoSuchKeyword")
