"""An application entity that listens, on pynetdicom, made fast and quiet.

Rule: everything the sandbox needs from pynetdicom's server, and nothing of what it answers.
"""

import logging
import socket
import time
from contextlib import suppress
from socketserver import BaseServer
from threading import Thread
from typing import Any

from pynetdicom import AE, _config, evt
from pynetdicom.association import Association
from pynetdicom.events import Event, EventHandlerType
from pynetdicom.transport import ThreadedAssociationServer

_QUICKACK = getattr(socket, "TCP_QUICKACK", None)
_POLL_SECONDS = 0.05
_MAXIMUM_ASSOCIATIONS = 100
_PATIENCE_SECONDS = 10
_PAUSE_SECONDS = 0.001


class CannotListen(Exception):
    """One line for the operator: the address, and why nothing can listen there."""


class Listener:
    """One AE on one TCP port, from ``start`` to ``stop``."""

    def __init__(self, ae: AE, handlers: list[EventHandlerType]) -> None:
        """Take an AE with its supported presentation contexts, and what answers its events."""
        _silence_pynetdicom()
        ae.require_called_aet = True
        ae.maximum_associations = _MAXIMUM_ASSOCIATIONS
        ae.acse_timeout = ae.connection_timeout = _PATIENCE_SECONDS
        self._ae = ae
        self._handlers = [*handlers, *tuned_for_latency()]
        self._server: _Server | None = None

    @property
    def ae_title(self) -> str:
        """Return the AE title that associations must call."""
        return self._ae.ae_title

    @property
    def port(self) -> int:
        """Return the TCP port; it is known once the listener was started."""
        if self._server is None:
            raise RuntimeError("the listener was not started")
        return int(self._server.server_address[1])

    def start(self, host: str, port: int) -> None:
        """Listen on ``port``, 0 for any free one.

        Raises:
            CannotListen: the port is in use, or the address is not one of this machine.
        """
        ae = self._ae
        try:
            server = _Server(
                ae, (host, port), ae.ae_title, ae.supported_contexts, evt_handlers=self._handlers
            )
        except OSError as error:
            reason = error.strerror or str(error)
            raise CannotListen(f"Cannot listen on {host} port {port}: {reason}.") from error
        self._server = server
        Thread(target=server.serve_forever, args=(_POLL_SECONDS,), name=ae.ae_title).start()

    def stop(self) -> None:
        """Close the port and abort every association."""
        if self._server is not None:
            self._server.shutdown()
            self._server = None


class _Server(ThreadedAssociationServer):
    """pynetdicom's server with a longer queue; many clients connect in bursts."""

    request_queue_size = 128

    def shutdown(self) -> None:
        BaseServer.shutdown(self)
        self.server_close()
        for association in self.active_associations:
            if association.requestor.primitive is None:
                _hang_up(association)
            else:
                association.abort()
            association.join()


def _hang_up(association: Association) -> None:
    """End an association whose A-ASSOCIATE-RQ has not come.

    Nobody is there to be sent an A-ABORT, and pynetdicom 3.0.4 would wait for the request until the
    ACSE timeout, for the rest of half a request without end.
    """
    connection = association.dul.socket
    if connection is not None and connection.socket is not None:
        with suppress(OSError):  # the client closed before
            connection.socket.shutdown(socket.SHUT_RDWR)
    # What its thread takes for a time-out.
    association.dul.to_user_queue.put(None)


def requestor_handlers() -> list[EventHandlerType]:
    """Return the handlers of an association that this process requests."""
    return [(evt.EVT_ESTABLISHED, _leave_responses_to_the_sender), *tuned_for_latency()]


def tuned_for_latency() -> list[EventHandlerType]:
    """Return handlers that remove Nagle's algorithm and delayed ACKs from an association.

    pynetdicom leaves both on, and a response is written in two parts: 40 ms each.
    """
    return [(event, _tune) for event in (evt.EVT_CONN_OPEN, evt.EVT_DATA_RECV, evt.EVT_DATA_SENT)]


def _tune(event: Event) -> None:
    connection = event.assoc.dul.socket
    if connection is None or connection.socket is None:
        return
    connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if _QUICKACK is not None:
        connection.socket.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)


def wait_until_sent(event: Event) -> None:
    """Wait until an association has sent what it holds.

    pynetdicom reads from the network only when it has nothing to send: without a pause a C-CANCEL
    stays unread until the last match.
    """
    waiting = event.assoc.dul.to_provider_queue
    while event.assoc.is_established and not waiting.empty():
        time.sleep(_PAUSE_SECONDS)


def _leave_responses_to_the_sender(event: Event) -> None:
    """Keep an association's own thread from taking responses that a sender waits for.

    pynetdicom 3.0.4 pauses that thread while a request is on its way, but not always in time: on
    a busy machine a response is taken, dropped, and waited for until the DIMSE timeout. A
    requestor receives nothing but responses, so its thread need not read at all.
    """
    dimse = event.assoc.dimse
    get_message = dimse.get_msg

    def get_only_when_awaited(block: bool = False) -> Any:
        return get_message(block=True) if block else (None, None)

    dimse.get_msg = get_only_when_awaited  # type: ignore[method-assign]


def _silence_pynetdicom() -> None:
    """Keep patient data out of every log: pynetdicom prints identifiers at INFO."""
    _config.LOG_HANDLER_LEVEL = "none"
    _config.LOG_REQUEST_IDENTIFIERS = False
    _config.LOG_RESPONSE_IDENTIFIERS = False
    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL)
