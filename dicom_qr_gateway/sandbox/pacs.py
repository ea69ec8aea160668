"""The SCP of the sandbox: C-ECHO, C-FIND, C-MOVE and C-GET (PS3.4 Annexes A, C and K).

Rule: a generator for each service that yields what pynetdicom sends; what matches and what is
retrieved is the archive's.
"""

from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from weakref import WeakKeyDictionary

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom import AE, build_context, evt
from pynetdicom.association import Association
from pynetdicom.events import Event, EventHandlerType
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    ModalityWorklistInformationFind,
    PatientRootQueryRetrieveInformationModelFind,
    PatientRootQueryRetrieveInformationModelGet,
    PatientRootQueryRetrieveInformationModelMove,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
    Verification,
)

from dicom_qr_gateway.dicom.types import QueryRetrieveLevel
from dicom_qr_gateway.sandbox.archive import UNCOMPRESSED, Archive, storage_contexts
from dicom_qr_gateway.sandbox.listener import Listener, requestor_handlers, wait_until_sent
from dicom_qr_gateway.sandbox.query import (
    PATIENT_ROOT,
    STUDY_ROOT,
    IdentifierDoesNotMatch,
    read_query,
    read_retrieve,
)
from dicom_qr_gateway.sandbox.stored import StoredInstance
from dicom_qr_gateway.sandbox.worklist import Worklist

Address = tuple[str, int]
Response = tuple[int, Dataset | None]

_PENDING = 0xFF00
_CANCEL = 0xFE00
_UNABLE_TO_PERFORM = 0xA702
_DESTINATION_UNKNOWN = 0xA801
_IDENTIFIER_DOES_NOT_MATCH = 0xA900
_NO_DATA_SET = 0x0101
_MOST_CONTEXTS = 128
_MATCHES_AT_A_TIME = 20

_ROOTS: Mapping[UID, tuple[QueryRetrieveLevel, ...]] = {
    PatientRootQueryRetrieveInformationModelFind: PATIENT_ROOT,
    PatientRootQueryRetrieveInformationModelMove: PATIENT_ROOT,
    PatientRootQueryRetrieveInformationModelGet: PATIENT_ROOT,
    StudyRootQueryRetrieveInformationModelFind: STUDY_ROOT,
    StudyRootQueryRetrieveInformationModelMove: STUDY_ROOT,
    StudyRootQueryRetrieveInformationModelGet: STUDY_ROOT,
}


class Pacs(Listener):
    """An archive on the network."""

    def __init__(
        self,
        archive: Archive,
        ae_title: str,
        destinations: Mapping[str, Address],
        worklist: Worklist | None = None,
    ) -> None:
        """Serve an archive.

        Args:
            archive: what is found and retrieved.
            ae_title: the AE title associations must call.
            destinations: move destinations, AE title -> (host, port); read at each C-MOVE.
            worklist: what is scheduled; without one the service is not offered.
        """
        self._archive = archive
        self._worklist = worklist
        self._destinations = destinations
        self._reasons: MutableMapping[Association, int] = WeakKeyDictionary()
        ae = AE(ae_title)
        for sop_class_uid in (Verification, *_ROOTS):
            ae.add_supported_context(sop_class_uid, [*UNCOMPRESSED])
        if worklist is not None:
            ae.add_supported_context(ModalityWorklistInformationFind, [*UNCOMPRESSED])
        for sop_class_uid, syntaxes in storage_contexts(archive.instances):
            # The roles of a C-GET: the requestor is the SCP of its sub-operations.
            ae.add_supported_context(sop_class_uid, [*syntaxes], scu_role=False, scp_role=True)
        handlers: list[EventHandlerType] = [
            (evt.EVT_C_FIND, self._find),
            (evt.EVT_C_MOVE, self._move),
            (evt.EVT_C_GET, self._get),
            (evt.EVT_DIMSE_SENT, self._correct),
            (evt.EVT_SOP_EXTENDED, _negotiate),
        ]
        super().__init__(ae, handlers)

    def _find(self, event: Event) -> Iterator[Response]:
        """C-FIND, PS3.4 C.4.1 and K.4.1."""
        try:
            answers = self._answers(event)
        except IdentifierDoesNotMatch:
            yield _IDENTIFIER_DOES_NOT_MATCH, None
            return
        for number, answer in enumerate(answers):
            if number % _MATCHES_AT_A_TIME == 0:
                wait_until_sent(event)
            if event.is_cancelled:
                yield _CANCEL, None
                return
            yield _PENDING, answer

    def _answers(self, event: Event) -> Iterator[Dataset]:
        if self._worklist and event.context.abstract_syntax == ModalityWorklistInformationFind:
            return self._worklist.find(event.identifier)
        query = read_query(event.identifier, _root(event), relational=_is_relational(event))
        implicit_vr = UID(event.context.transfer_syntax).is_implicit_VR
        return (
            entity.answer(query, implicit_vr=implicit_vr) for entity in self._archive.find(query)
        )

    def _move(self, event: Event) -> Iterator[Address | tuple[None, None] | object]:
        """C-MOVE, PS3.4 C.4.2."""
        address = self._destinations.get(event.move_destination or "")
        if address is None:
            yield self._not_moved(event, _DESTINATION_UNKNOWN)
            return
        try:
            instances = self._wanted(event)
        except IdentifierDoesNotMatch:
            yield self._not_moved(event, _IDENTIFIER_DOES_NOT_MATCH)
            return
        # What is sent should the association with the destination fail.
        self._reasons[event.assoc] = _UNABLE_TO_PERFORM
        contexts = [
            build_context(sop_class_uid, [*syntaxes])
            for sop_class_uid, syntaxes in storage_contexts(instances)
        ]
        options = {"contexts": contexts[:_MOST_CONTEXTS], "evt_handlers": requestor_handlers()}
        yield *address, options
        yield from _sub_operations(event, instances)

    def _get(self, event: Event) -> Iterator[int | Response]:
        """C-GET, PS3.4 C.4.3."""
        try:
            instances = self._wanted(event)
        except IdentifierDoesNotMatch:
            # pynetdicom sends a failure only in place of at least one sub-operation.
            yield 1
            yield _IDENTIFIER_DOES_NOT_MATCH, None
            return
        yield from _sub_operations(event, instances)

    def _not_moved(self, event: Event, status: int) -> tuple[None, None]:
        """Keep the reason why a C-MOVE does not begin; return what makes pynetdicom end it."""
        self._reasons[event.assoc] = status
        return None, None

    def _correct(self, event: Event) -> None:
        """Change a response that pynetdicom is about to send to what the standard asks for.

        It has one status for every C-MOVE that does not begin. To a C-GET that does not begin it
        adds a failed sub-operation and an empty list of failed ones, at which getscu aborts.
        """
        message = event.message
        command = message.command_set
        if command.get("Status") == _DESTINATION_UNKNOWN:
            command.Status = self._reasons[event.assoc]
        elif command.get("Status") == _IDENTIFIER_DOES_NOT_MATCH:
            message.data_set = None
            command.CommandDataSetType = _NO_DATA_SET
            if "NumberOfFailedSuboperations" in command:
                command.NumberOfFailedSuboperations = 0

    def _wanted(self, event: Event) -> list[StoredInstance]:
        return self._archive.retrieve(read_retrieve(event.identifier, _root(event)))


def _negotiate(event: Event) -> dict[UID, bytes]:
    """Answer the extended negotiation of C-FIND (PS3.4 C.5.1.1): relational queries, no more."""
    proposed: dict[UID, bytes] = event.app_info  # type: ignore[attr-defined]
    return {
        sop_class_uid: bytes([asked[0] & 1]) + bytes(len(asked) - 1)
        for sop_class_uid, asked in proposed.items()
        if sop_class_uid in _ROOTS and asked
    }


def _is_relational(event: Event) -> bool:
    agreed = event.assoc.requestor.sop_class_extended.get(event.context.abstract_syntax, b"")
    return agreed[:1] == b"\1"


def _root(event: Event) -> tuple[QueryRetrieveLevel, ...]:
    return _ROOTS[UID(event.context.abstract_syntax)]


def _sub_operations(event: Event, instances: Sequence[StoredInstance]) -> Iterator[int | Response]:
    """Yield the number of sub-operations, then each; pynetdicom stores and counts them."""
    yield len(instances)
    for instance in instances:
        if event.is_cancelled:
            yield _CANCEL, None
            return
        yield _PENDING, instance.read()
