"""What a fault is: how a client meets it, what it does, and what a truthful client says of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from inspect import getdoc

from dicom_qr_gateway.sandbox.misbehaving.peer import Peer
from dicom_qr_gateway.sandbox.misbehaving.proposal import Service

Script = Callable[[Peer], None]

LONGEST_AE_TITLE = 16  # characters, PS3.5 table 6.2-1


class Truth(StrEnum):
    """What a truthful client tells its caller, whatever words it has for it.

    ``COMPLETE``, ``EMPTY`` and ``ALL_SENT`` alone are successes: the PACS is odd, not wrong.
    """

    COMPLETE = "the match: the answer is complete"
    EMPTY = "no match: the answer is complete"
    ALL_SENT = "all sent"
    SENT_IN_PART = "sent in part"
    NOTHING_SENT = "nothing sent"
    CONNECTION_REFUSED = "connection refused"
    CONNECT_TIMEOUT = "no TCP connection in time"
    CONNECTION_LOST = "connection lost"
    ASSOCIATION_TIMEOUT = "no answer to the association request in time"
    REJECTED = "association rejected"
    BUSY = "association rejected for the moment"
    ABORTED = "association aborted"
    NO_CONTEXT = "service not accepted"
    PROTOCOL_ERROR = "protocol error"
    RESPONSE_TIMEOUT = "no complete response in time"
    QUERY_TIMEOUT = "the query took too long"
    RETRIEVE_TIMEOUT = "the retrieve took too long"
    FAILURE = "failure status"
    OTHER_PATIENT = "only another patient's studies"
    TOO_MANY_MATCHES = "more matches than the client takes"
    TOO_LARGE = "more data than the client takes"


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that a client meets by calling an AE title.

    ``said`` is what the PACS itself states, name -> number: ``status`` of DIMSE, ``source`` and
    ``reason`` of an A-ABORT, these and ``result`` of an A-ASSOCIATE-RJ. A truthful client repeats
    it.
    """

    name: str
    service: Service
    sentence: str
    truth: Truth
    script: Script
    said: Mapping[str, int] = field(default_factory=dict)


class Family:
    """Faults that have something in common, and the decorators that make them of functions.

    The docstring of the function is the sentence that the list shows.
    """

    def __init__(self, title: str) -> None:
        """Begin without a fault."""
        self.title = title
        self.faults: list[Fault] = []

    def association(
        self, name: str, truth: Truth, service: Service = Service.BOTH, **said: int
    ) -> Callable[[Script], Script]:
        """Register what goes on from the A-ASSOCIATE-RQ, which has been read."""
        return self._register(name, service, truth, said, lambda script: script)

    def find(self, name: str, truth: Truth, **said: int) -> Callable[[Script], Script]:
        """Register how each C-FIND request is answered on a good association."""
        return self._register(
            name, Service.FIND, truth, said, lambda answer: answering(Service.FIND, answer)
        )

    def move(self, name: str, truth: Truth, **said: int) -> Callable[[Script], Script]:
        """Register how each C-MOVE request is answered on a good association."""
        return self._register(
            name, Service.MOVE, truth, said, lambda answer: answering(Service.MOVE, answer)
        )

    def _register(
        self,
        name: str,
        service: Service,
        truth: Truth,
        said: Mapping[str, int],
        script_of: Callable[[Script], Script],
    ) -> Callable[[Script], Script]:
        def decorate(function: Script) -> Script:
            script, sentence = script_of(function), _sentence(function)
            self.faults.append(Fault(name, service, sentence, truth, script, said))
            return function

        return decorate


def _sentence(function: Script) -> str:
    return " ".join((getdoc(function) or "").split())


def answering(service: Service, answer: Script) -> Script:
    """Return the script of a PACS that is good but for how it answers that service."""

    def script(peer: Peer) -> None:
        peer.accept()
        while True:
            peer.read_request(service)
            answer(peer)

    return script
