"""pydicom as it is asked for the truth: without its opinions, in bytes."""

import warnings
from collections.abc import Iterator

import pytest
from pydicom import config
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

both_encodings = pytest.mark.parametrize("explicit_vr", [False, True], ids=["implicit", "explicit"])


@pytest.fixture
def pydicom_without_its_opinions(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let pydicom read and write values that break their VR, silently."""
    for what in ("reading_validation_mode", "writing_validation_mode"):
        monkeypatch.setattr(config.settings, what, config.IGNORE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def written_by_pydicom(dataset: Dataset, explicit_vr: bool) -> bytes:
    buffer = DicomBytesIO()
    buffer.is_little_endian = True
    buffer.is_implicit_VR = not explicit_vr
    write_dataset(buffer, dataset)
    return bytes(buffer.getvalue())
