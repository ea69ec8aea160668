"""A PACS' side of the conversation as bytes: what every PACS of these benchmarks says.

Rule: pure. Matches are encoded by pydicom, once; a patient's number is all that changes in them.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from pydicom.config import disable_value_validation
from pydicom.dataset import Dataset
from pynetdicom.dsutils import encode

from dicom_qr_gateway.dicom.associate import (
    AnsweredContext,
    AssociateAC,
    AssociateRQ,
    UserInformation,
)
from dicom_qr_gateway.dicom.pdu import DataTF, Fragment, encode_pdu
from dicom_qr_gateway.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN

SUCCESS, PENDING, OUT_OF_RESOURCES = 0x0000, 0xFF00, 0xA700
C_FIND, C_MOVE, C_CANCEL = 0x0020, 0x0021, 0x0FFF
MATCHES = 3

_NO_DATA_SET = 0x0101
_PATIENT_ID = b"\x10\x00\x20\x00LO"
_NUMBER = b"0000000"


@dataclass(frozen=True)
class Request:
    """A DIMSE request as it was read."""

    context_id: int
    command_field: int
    message_id: int
    identifier: bytes


class RequestReader:
    """Puts the fragments of requests together."""

    def __init__(self) -> None:
        self._command: Fragment | None = None
        self._data = b""

    def add(self, pdu: DataTF) -> Request | None:
        """Take a PDU; return the request that it completes, if any."""
        for fragment in pdu.fragments:
            self._data += fragment.data
            if fragment.is_command and fragment.is_last:
                self._command, self._data = fragment, b""
            if fragment.is_last and self._is_complete(fragment):
                return self._take()
        return None

    def _is_complete(self, fragment: Fragment) -> bool:
        assert self._command is not None
        return not fragment.is_command or _number(self._command.data, 0x0800) == _NO_DATA_SET

    def _take(self) -> Request:
        assert self._command is not None
        command = self._command.data
        field = _number(command, 0x0100)
        message_id = _number(command, 0x0120 if field == C_CANCEL else 0x0110)
        request = Request(self._command.context_id, field, message_id, self._data)
        self._command, self._data = None, b""
        return request


def _number(command: bytes, element: int) -> int:
    key = struct.pack("<HHI", 0, element, 2)
    return int.from_bytes(command[(start := command.index(key) + 8) : start + 2], "little")


def patient_id_of(identifier: bytes) -> str:
    """Return the Patient ID (0010,0020) of an Explicit VR identifier."""
    start = identifier.index(_PATIENT_ID) + len(_PATIENT_ID)
    (length,) = struct.unpack_from("<H", identifier, start)
    return identifier[start + 2 : start + 2 + length].decode("ascii").strip()


def patient(number: int) -> str:
    """Return the Patient ID of one of nine million patients, all as long as one another."""
    return f"P{1_000_000 + number % 9_000_000}"


def study_uids(patient_id: str) -> list[str]:
    """Return the studies of a patient, most recent first."""
    return [f"1.2.826.{patient_id[1:]}.{number}" for number in range(MATCHES, 0, -1)]


def acceptance(proposal: AssociateRQ, transfer_syntax: str = EXPLICIT_VR_LITTLE_ENDIAN) -> bytes:
    """Return the A-ASSOCIATE-AC that accepts everything."""
    contexts = tuple(
        AnsweredContext(context.context_id, 0, transfer_syntax) for context in proposal.contexts
    )
    user = UserInformation(16384, "1.2.3.4", "CANNED")
    return encode_pdu(
        AssociateAC(proposal.called_ae_title, proposal.calling_ae_title, contexts, user)
    )


def response(request: Request, status: int, identifier: bytes | None = None) -> bytes:
    """Return a response to a request."""
    elements = (
        (0x0100, request.command_field | 0x8000),
        (0x0120, request.message_id),
        (0x0800, _NO_DATA_SET if identifier is None else 0x0001),
        (0x0900, status),
    )
    body = b"".join(struct.pack("<HHIH", 0, number, 2, value) for number, value in elements)
    command = struct.pack("<HHII", 0, 0, 4, len(body)) + body
    encoded = encode_pdu(DataTF((Fragment(request.context_id, True, True, command),)))
    if identifier is None:
        return encoded
    return encoded + encode_pdu(DataTF((Fragment(request.context_id, False, True, identifier),)))


def a_match(number: int, **attributes: object) -> bytes:
    """Return an encoded study of the patient P0000000."""
    with disable_value_validation():
        match = _a_study(number)
        for keyword, value in attributes.items():
            setattr(match, keyword, value)
    encoded = encode(match, False, True)
    assert encoded is not None
    return bytes(encoded)


def _a_study(number: int) -> Dataset:
    match = Dataset()
    match.SpecificCharacterSet = "ISO_IR 192"
    match.QueryRetrieveLevel = "STUDY"
    match.PatientName = "DOE^JOHN"
    match.PatientID = "P" + _NUMBER.decode()
    match.PatientBirthDate = "19700101"
    match.StudyInstanceUID = f"1.2.826.{_NUMBER.decode()}.{number}"
    match.StudyDescription = "CT ABDOMEN"
    match.ModalitiesInStudy = ["CT", "SR"]
    match.StudyDate = f"2024010{number}"
    match.StudyTime = "120000"
    match.AccessionNumber = "ACC-1"
    return match


_CANNED = tuple(a_match(number) for number in range(1, MATCHES + 1))


def matches_of(patient_id: str, canned: Iterable[bytes] = _CANNED) -> list[bytes]:
    """Return the encoded studies of a patient."""
    number = patient_id[1:].encode("ascii")
    return [match.replace(_NUMBER, number) for match in canned]
