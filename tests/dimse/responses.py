"""DIMSE responses as bytes: command sets by pydicom, cut into P-DATA-TF PDUs as a test likes."""

import struct

from pydicom.dataset import Dataset
from pynetdicom.dsutils import encode

from dicom_qr_gateway.dicom.pdu import (
    DataTF,
    Fragment,
    encode_pdu,
)


def command_set(elements: dict[str, int | str | None]) -> bytes:
    command = Dataset()
    for keyword, value in elements.items():
        if value is not None:
            setattr(command, keyword, value)
    body = encode(command, True, True)
    assert body is not None
    return struct.pack("<HHII", 0, 0, 4, len(body)) + body


def pdus(context_id: int, is_command: bool, data: bytes, size: int) -> bytes:
    starts = range(0, max(len(data), 1), size)
    return b"".join(
        encode_pdu(
            DataTF(
                (
                    Fragment(
                        context_id,
                        is_command,
                        start + size >= len(data),
                        data[start : start + size],
                    ),
                )
            )
        )
        for start in starts
    )
