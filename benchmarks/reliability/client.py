"""HTTP clients: one that asks in order, many that ask at once, and one that sends raw bytes.

Rule: what came back is an Outcome, also when nothing did; a client never raises.
"""

import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from benchmarks.common import wire

PATIENCE = 60.0  # seconds a client waits for an answer
TLS = ssl.create_default_context()
TLS.check_hostname, TLS.verify_mode = False, ssl.CERT_NONE  # it is the bench's own certificate

# What each behaviour of the PACS must become: HTTP status, and error or "ok".
EXPECTED: Mapping[str, tuple[int, str]] = {
    "ANSWERS": (200, "ok"),
    "NOTHING": (404, "not_found"),
    "SILENT": (504, "association_timeout"),
    "ABORTS": (502, "association_aborted"),
    "REJECTS": (502, "association_rejected"),
    "HTTP": (502, "protocol_error"),
    "HALF": (502, "connection_lost"),
    "RESETS": (502, "connection_lost"),
    "FAILS": (502, "dimse_failure"),
    "ANOTHER": (502, "patient_mismatch"),
    "CLOSED": (502, "connection_refused"),
}


@dataclass(frozen=True)
class Outcome:
    """What became of a request: status and error, or 0 and how the connection failed."""

    status: int
    error: str
    seconds: float = field(default=0.0, compare=False)
    body: Any = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.status} {self.error}"

    @property
    def as_expected(self) -> tuple[int, str]:
        return self.status, self.error

    @property
    def uids(self) -> list[str]:
        """Return the studies of the answer, in its order."""
        return [study["StudyInstanceUID"] for study in self.body["study_details"]]


@dataclass(frozen=True)
class Target:
    """A PACS, how it shall behave, and which patient is asked for."""

    address: str
    port: int
    behaviour: str = "ANSWERS"
    patient_id: str = "P1000000"

    @property
    def body(self) -> dict[str, Any]:
        return {
            "pacs_ip": self.address,
            "pacs_port": self.port,
            "pacs_ae_title": self.behaviour,
            "c_find_ae_title": "GATEWAY",
            "patient_id": self.patient_id,
        }

    def is_answered_by(self, outcome: Outcome) -> bool:
        """Tell whether the outcome is the truth about this PACS."""
        if outcome.as_expected != EXPECTED[self.behaviour]:
            return False
        return self.behaviour != "ANSWERS" or outcome.uids == wire.study_uids(self.patient_id)


class Client:
    """Asks one server over one connection, or over a new one each time."""

    def __init__(self, port: int, tls: bool = False, keep_alive: bool = True) -> None:
        self._keep_alive = keep_alive
        if tls:
            self._connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                "127.0.0.1", port, timeout=PATIENCE, context=TLS
            )
        else:
            self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)

    def close(self) -> None:
        self._connection.close()

    def hang_up(self) -> None:
        """Leave at once, from another thread than the one that waits for the answer."""
        sock = self._connection.sock
        if sock is not None:
            with suppress(OSError):  # it ended in the same moment
                sock.shutdown(socket.SHUT_RDWR)

    def get(self, path: str) -> Outcome:
        return self._ask("GET", path, None)

    def find(self, target: Target) -> Outcome:
        return self._ask("POST", "/q", target.body)

    def retrieve(self, target: Target) -> Outcome:
        return self._ask("POST", "/qr", {**target.body, "c_move_ae_title": "WORKSTATION"})

    def _ask(self, method: str, path: str, body: Any) -> Outcome:
        begun = time.monotonic()
        headers = {} if body is None else {"Content-Type": "application/json"}
        try:
            data = None if body is None else json.dumps(body).encode()
            self._connection.request(method, path, data, headers)
            response = self._connection.getresponse()
            answer = json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._connection.close()
            return Outcome(0, type(error).__name__, time.monotonic() - begun)
        if not self._keep_alive:
            self._connection.close()
        said = answer.get("error") or answer.get("status", "")
        return Outcome(response.status, said, time.monotonic() - begun, answer)


Work = Callable[[Client, int], Outcome]


class Crowd:
    """Clients in threads, each with a client of its own, that repeat one kind of work."""

    def __init__(self, work: Work, clients: int, make: Callable[[], Client]) -> None:
        self.outcomes: list[Outcome] = []
        self._work = work
        self._clients = [make() for _ in range(clients)]
        self._left = threading.Event()
        self._numbers = iter(range(10**9))
        self._threads = [
            threading.Thread(target=self._run, args=(client,), daemon=True)
            for client in self._clients
        ]

    def start(self, most: int = 10**9, rate: float | None = None, rest: float = 0.0) -> None:
        """Begin.

        Args:
            most: requests in all.
            rate: of them a second, None for as many as are answered.
            rest: seconds that a client waits after each answer.
        """
        self._most, self._rest = most, rest
        self._pause = len(self._threads) / rate if rate else 0.0
        for thread in self._threads:
            thread.start()

    def leave(self) -> list[Outcome]:
        """Let every client end its request and go; return what became of all requests."""
        self._left.set()
        return self.wait()

    def hang_up(self) -> list[Outcome]:
        """Let every client leave without its answer."""
        self._left.set()
        while any(thread.is_alive() for thread in self._threads):  # one may be connecting
            for client in self._clients:
                client.hang_up()
            time.sleep(0.01)
        return self.outcomes

    def wait(self) -> list[Outcome]:
        """Return what became of all requests once every client is gone."""
        for thread in self._threads:
            thread.join(2 * PATIENCE)
        return self.outcomes

    def _run(self, client: Client) -> None:
        with closing(client):
            for number in self._numbers:
                if number >= self._most or self._left.is_set():
                    return
                due = time.monotonic() + self._pause
                self.outcomes.append(self._work(client, number))
                self._left.wait(max(due - time.monotonic(), self._rest))


def ask_all(work: Work, count: int, clients: int, make: Callable[[], Client]) -> list[Outcome]:
    """Have so many clients make so many requests; return what became of each."""
    crowd = Crowd(work, clients, make)
    crowd.start(count)
    return crowd.wait()


@dataclass(frozen=True)
class Received:
    """What a server sent on a connection, and whether it closed it."""

    data: bytes
    is_closed: bool


def send_raw(port: int, data: bytes, tls: bool = False, patience: float = 15.0) -> Received:
    """Send bytes; return all that comes until the server closes or is silent for ``patience``.

    Without TLS the sending side is closed then, unless the bytes ask the server to close.
    """
    received = b""
    with connected(port, tls) as sock:
        sock.settimeout(patience)
        try:
            sock.sendall(data)
            if not tls and b"Connection: close" not in data:
                sock.shutdown(socket.SHUT_WR)
            while piece := sock.recv(1 << 16):
                received += piece
        except TimeoutError:
            return Received(received, is_closed=False)
        except OSError:  # closed before it had read everything
            return Received(received, is_closed=True)
    return Received(received, is_closed=True)


@contextmanager
def connected(port: int, tls: bool = False) -> Iterator[socket.socket]:
    """Connect to a server on this machine."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as plain:
        if not tls:
            yield plain
            return
        with TLS.wrap_socket(plain) as wrapped:
            yield wrapped
