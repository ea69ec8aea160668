"""The server: a port for the faults that have AE titles, and one for each of the others.

Rule: a thread a connection, and everything that was opened is closed on the way out.
"""

import selectors
import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from types import TracebackType
from typing import Self

from dicom_qr_gateway.sandbox.listener import CannotListen
from dicom_qr_gateway.sandbox.misbehaving import wire
from dicom_qr_gateway.sandbox.misbehaving.fault import Script
from dicom_qr_gateway.sandbox.misbehaving.incoming import ConversationOver, ReleaseRequested
from dicom_qr_gateway.sandbox.misbehaving.peer import Peer
from dicom_qr_gateway.sandbox.misbehaving.ports import PORT_FAULTS, listen
from dicom_qr_gateway.sandbox.misbehaving.registry import FAULTS
from dicom_qr_gateway.sandbox.misbehaving.rejections import rejection
from dicom_qr_gateway.sandbox.misbehaving.well_behaved import well_behaved

PORT = 11112
PACE = 1.0  # seconds

_UNKNOWN_AE_TITLE = rejection(1, 1, 7)  # called AE title not recognized, PS3.8 table 9-21

Tell = Callable[[str], object]


def port_of(first_port: int, name: str) -> int:
    """Return the port of a fault that has one, when the AE titles are at ``first_port``."""
    return first_port + 1 + [each.name for each in PORT_FAULTS].index(name)


class MisbehavingPacs:
    """A PACS whose fault is chosen by the called AE title, or by the port; a context manager."""

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = PORT,
        pace: float = PACE,
        tell: Tell = lambda _line: None,
    ) -> None:
        """Prepare; nothing listens before the context is entered.

        Args:
            host: address to listen on.
            port: where the AE titles are; the ports of ``PORT_FAULTS`` follow. 0 for free ones.
            pace: seconds between two bytes, or two messages, of a slow PACS.
            tell: is told, in a line, of each association that a client asks for.
        """
        self.host = host
        self._first_port, self._pace, self._tell = port, pace, tell
        self._ports: dict[str, int] = {}
        self._stopping = threading.Event()
        self._connections: set[socket.socket] = set()
        self._threads: set[threading.Thread] = set()
        self._lock = threading.Lock()
        self._running = ExitStack()

    @property
    def port(self) -> int:
        """Return the TCP port at which the AE titles are."""
        return self._ports[""]

    def port_of(self, name: str) -> int:
        """Return the TCP port of a fault of ``PORT_FAULTS``."""
        return self._ports[name]

    def __enter__(self) -> Self:
        """Listen on all ports.

        Raises:
            CannotListen: one of them is in use.
        """
        with ExitStack() as starting:
            selector = starting.enter_context(selectors.DefaultSelector())
            sock = self._bind("", self._first_port, starting)
            listen(sock, starting)
            selector.register(sock, selectors.EVENT_READ, self._serve_association)
            for fault in PORT_FAULTS:
                port = self._first_port and port_of(self._first_port, fault.name)
                sock = self._bind(fault.name, port, starting)
                fault.occupy(sock, starting)
                if fault.script is not None:
                    selector.register(sock, selectors.EVENT_READ, fault.script)
            woken, wake = (starting.enter_context(each) for each in socket.socketpair())
            selector.register(woken, selectors.EVENT_READ)
            acceptor = threading.Thread(target=self._accept, args=(selector,), name="misbehaving")
            starting.callback(self._stop, acceptor, wake)
            acceptor.start()
            self._running = starting.pop_all()
        return self

    def _bind(self, name: str, port: int, starting: ExitStack) -> socket.socket:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        sock = starting.enter_context(socket.socket(family))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((self.host, port))
        except OSError as error:
            reason = error.strerror or str(error)
            raise CannotListen(f"Cannot listen on {self.host} port {port}: {reason}.") from error
        self._ports[name] = int(sock.getsockname()[1])
        return sock

    def _accept(self, selector: selectors.BaseSelector) -> None:
        while not self._stopping.is_set():
            for key, _ in selector.select():
                if key.data is not None and isinstance(key.fileobj, socket.socket):
                    self._start(key.fileobj.accept()[0], key.data)

    def _start(self, sock: socket.socket, script: Script) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        thread = threading.Thread(target=self._serve, args=(sock, script), name="misbehaving-peer")
        with self._lock:
            self._connections.add(sock)
            self._threads.add(thread)
        thread.start()

    def _serve(self, sock: socket.socket, script: Script) -> None:
        try:
            with suppress(ConversationOver, ConnectionError):
                script(Peer(sock, self._pace, self._stopping))
        finally:
            with self._lock:
                self._connections.discard(sock)
                self._threads.discard(threading.current_thread())
                sock.close()

    def _serve_association(self, peer: Peer) -> None:
        peer.read_proposal()
        called = peer.proposal.called_ae_title
        fault = FAULTS.get(called)
        if fault is None:
            self._tell(f"{called!r} is no fault: --list names those there are")
            script = _UNKNOWN_AE_TITLE
        elif not peer.proposal.concerns(fault.service):
            self._tell(f"{called}: well-behaved, {fault.service} was not proposed")
            script = well_behaved
        else:
            self._tell(f"{called}: {fault.sentence}")
            script = fault.script
        try:
            script(peer)
        except ReleaseRequested:
            peer.send(wire.pdu(wire.RELEASE_RP, bytes(4)))
            peer.wait_for_the_end()

    def _stop(self, acceptor: threading.Thread, wake: socket.socket) -> None:
        self._stopping.set()
        wake.send(b"\0")
        acceptor.join()
        with self._lock:
            for sock in self._connections:
                with suppress(OSError):  # the client closed before
                    sock.shutdown(socket.SHUT_RDWR)
            threads = set(self._threads)
        for thread in threads:
            thread.join()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close every port and every connection."""
        self._running.close()
