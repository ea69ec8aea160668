"""A well-behaved archive by pynetdicom, which remembers everything it was asked."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pynetdicom import AE, evt
from pynetdicom.association import ServiceUser
from pynetdicom.dimse_primitives import C_FIND
from pynetdicom.sop_class import (
    PatientRootQueryRetrieveInformationModelFind,
    PatientRootQueryRetrieveInformationModelMove,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelMove,
    Verification,
)
from pynetdicom.transport import ThreadedAssociationServer

from dicom_qr_gateway.dicom.types import ApplicationEntity


@dataclass
class AskedFind:
    """A C-FIND request as pynetdicom read it."""

    message_id: int
    abstract_syntax: str
    transfer_syntax: str
    priority: int
    identifier: Dataset

    @property
    def keys(self) -> dict[str, str]:
        """Return keyword -> value of the identifier."""
        return {
            element.keyword: "\\".join(element.value)
            if isinstance(element.value, MultiValue)
            else str(element.value or "")
            for element in self.identifier
        }


@dataclass
class Memory:
    """What the archive was asked since it last forgot."""

    proposals: list[ServiceUser] = field(default_factory=list)
    finds: list[AskedFind] = field(default_factory=list)
    released: int = 0
    aborted: int = 0


class Archive:
    """Answers C-ECHO, and C-FIND with what a test puts into ``studies`` and ``series``."""

    def __init__(self) -> None:
        self.forget()
        self._ae = AE("ARCHIVE")
        self._ae.network_timeout = 30
        for abstract_syntax in (
            Verification,
            StudyRootQueryRetrieveInformationModelFind,
            PatientRootQueryRetrieveInformationModelFind,
            StudyRootQueryRetrieveInformationModelMove,
            PatientRootQueryRetrieveInformationModelMove,
        ):
            self._ae.add_supported_context(abstract_syntax)
        handlers = [
            (evt.EVT_REQUESTED, self._on_request),
            (evt.EVT_C_FIND, self._on_find),
            (evt.EVT_RELEASED, self._on_release),
            (evt.EVT_ABORTED, self._on_abort),
        ]
        server = self._ae.start_server(
            ("127.0.0.1", 0),
            block=False,
            evt_handlers=handlers,  # type: ignore[arg-type]
        )
        assert isinstance(server, ThreadedAssociationServer)
        self._server = server
        self.entity = ApplicationEntity("127.0.0.1", server.server_address[1], "ARCHIVE")

    def forget(self) -> None:
        """Forget studies, series, and what was asked."""
        self.memory = Memory()
        self.studies: list[Dataset] = []
        self.series: list[Dataset] = []
        self.pending_status = 0xFF00
        self.ended = threading.Event()

    def shut_down(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._ae.shutdown()

    def asked(self) -> Memory:
        """Return what was asked, once the association is over."""
        assert self.ended.wait(20)
        return self.memory

    def _on_request(self, event: evt.Event) -> None:
        self.memory.proposals.append(event.assoc.requestor)

    def _on_release(self, event: evt.Event) -> None:
        self.memory.released += 1
        self.ended.set()

    def _on_abort(self, event: evt.Event) -> None:
        self.memory.aborted += 1
        self.ended.set()

    def _on_find(self, event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        request = event.request
        assert isinstance(request, C_FIND)
        self.memory.finds.append(
            AskedFind(
                request.MessageID or 0,
                event.context.abstract_syntax,
                event.context.transfer_syntax,
                request.Priority,
                event.identifier,
            )
        )
        level = event.identifier.QueryRetrieveLevel
        for match in self.studies if level == "STUDY" else self.series:
            yield self.pending_status, match
