"""What the archive holds: SOP instances, in memory or in files.

Rule: a header is read once, to be found by; the whole data set only when it is sent.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path

from pydicom import dcmread, dcmwrite
from pydicom.dataset import Dataset
from pydicom.uid import UID

from dicom_qr_gateway.sandbox.elements import stored_element, tag_of, text_of

LOGGER = logging.getLogger(__name__)

_REQUIRED = ("PatientID", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")


@dataclass(frozen=True, slots=True)
class StoredInstance:
    """One SOP instance: its header without pixels, and ``read``, which gives the whole of it."""

    header: Dataset
    transfer_syntax: UID
    read: Callable[[], Dataset]

    @classmethod
    def from_dataset(cls, dataset: Dataset) -> "StoredInstance":
        """Keep an encoded copy of a data set that has its ``file_meta``."""
        buffer = BytesIO()
        dcmwrite(buffer, dataset, enforce_file_format=True)
        encoded = buffer.getvalue()
        return cls._reading(lambda **options: dcmread(BytesIO(encoded), **options))

    @classmethod
    def from_file(cls, path: Path) -> "StoredInstance":
        """Read the header of a DICOM file (PS3.10); the pixels stay where they are.

        Raises:
            InvalidDicomError: the file is not a DICOM file.
            ValueError: it holds nothing that this archive serves, as a DICOMDIR.
        """
        return cls._reading(partial(dcmread, path))

    @classmethod
    def _reading(cls, read: Callable[..., Dataset]) -> "StoredInstance":
        header = read(stop_before_pixels=True)
        missing = [keyword for keyword in _REQUIRED if keyword not in header]
        if missing:
            raise ValueError(f"not a SOP instance of a patient: no {', '.join(missing)}")
        transfer_syntax = header.file_meta.TransferSyntaxUID
        if not transfer_syntax.is_little_endian:
            raise ValueError("Explicit VR Big Endian is retired (PS3.5 A.3)")
        return cls(header, transfer_syntax, read)

    @property
    def sop_class_uid(self) -> UID:
        """Return SOP Class UID (0008,0016)."""
        return UID(self.text("SOPClassUID"))

    def text(self, keyword: str) -> str:
        """Return the text of an attribute, ``""`` where it is absent."""
        element = stored_element(self.header, tag_of(keyword))
        return text_of(element, self.header.original_character_set)


def read_folder(folder: Path) -> tuple[list[StoredInstance], int]:
    """Return the SOP instances of a folder and its subfolders, and the number of files skipped.

    Raises:
        NotADirectoryError: there is no such folder.
    """
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is not a folder")
    instances, skipped = [], 0
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        try:
            instances.append(StoredInstance.from_file(path))
        except Exception as error:
            # Whatever a stray file contains, it must not keep the others from being served.
            LOGGER.debug("not served: %s (%s)", path, type(error).__name__)
            skipped += 1
    return instances, skipped
