"""Matches as a PACS could return them, and whether one passes."""

from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.sequence import Sequence

from dicom_qr_gateway.dicom.data_set import DataSet
from dicom_qr_gateway.dicom.query_keys import Keys, encode_keys
from dicom_qr_gateway.services.qido_attributes import tag
from dicom_qr_gateway.services.refilter import matches_all


def a_match(**values: str | Keys | Sequence) -> DataSet:
    """Return a match with these values, as they are: good or bad."""
    data = b""
    keys: dict[int, str | Keys] = {}
    for keyword, value in values.items():
        if isinstance(value, Sequence):
            data += of_sequence(keyword, value)
        else:
            keys[tag(keyword)] = value
    return DataSet(encode_keys(keys, explicit_vr=False, charset="ISO_IR 192") + data, False)


def of_sequence(keyword: str, items: Sequence) -> bytes:
    buffer = DicomBytesIO()
    buffer.is_little_endian = True
    buffer.is_implicit_VR = True
    dataset = Dataset()
    setattr(dataset, keyword, items)
    write_dataset(buffer, dataset)
    return bytes(buffer.getvalue())


def passes(keyword: str, key: str, value: str) -> bool:
    return matches_all({tag(keyword): key})(a_match(**{keyword: value}))
