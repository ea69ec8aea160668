"""One TCP connection to a PACS: bytes in and out, each wait under its deadlines.

Rule: this class owns the socket; nothing else reads, writes or closes it.
"""

import errno
import logging
import os
import select
import socket
import time
from typing import Final

from dicom_qr_gateway.dicom.name_lookup import SocketAddress
from dicom_qr_gateway.dicom.types import Deadline
from dicom_qr_gateway.dicom.waiting import Waiter
from dicom_qr_gateway.errors import (
    ConnectionLost,
    ConnectionRefused,
    ConnectTimeout,
    GatewayBusy,
    GatewayError,
    PacsTimeout,
    Unreachable,
)

log = logging.getLogger(__name__)

RECEIVE_BYTES: Final = 64 * 1024
NEARLY_DUE: Final = 0.1  # seconds: a thread may not run for so long

# Our own limits, not the PACS': no descriptor, memory, buffer or local port is left.
_EXHAUSTED: Final = {
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOMEM,
    errno.ENOBUFS,
    errno.EAGAIN,
}
_TCP_QUICKACK: Final[int | None] = getattr(socket, "TCP_QUICKACK", None)


class Connection:
    """A connected socket and the waiter of the request that it serves."""

    def __init__(self, sock: socket.socket, waiter: Waiter, network_timeout: float) -> None:
        """Take over a connected, non-blocking socket that the waiter watches for reading."""
        self._socket = sock
        self._waiter = waiter
        self._network_timeout = network_timeout
        self._last_byte = time.monotonic()

    def detach(self) -> None:
        """Leave the request that it served."""
        self._waiter.forget(self._socket.fileno())

    def attach(self, waiter: Waiter) -> None:
        """Serve another request."""
        self._waiter = waiter
        self._waiter.watch(self._socket.fileno())

    def ignore_interrupts(self) -> None:
        """From now on let only deadlines end a wait."""
        self._waiter.ignore_interrupts()

    def send(self, data: bytes, timeout_error: type[PacsTimeout], *deadlines: Deadline) -> None:
        """Send all the data.

        Raises:
            PacsTimeout: the earliest deadline's error, or ``timeout_error`` when nothing could be
                sent for NETWORK_TIMEOUT.
            ConnectionLost: the peer is gone.
        """
        left = memoryview(data)
        while left:
            try:
                left = left[self._socket.send(left) :]
            except BlockingIOError:
                self._wait_until_writable(timeout_error, *deadlines)
            except OSError as error:
                raise _lost() from error

    def _wait_until_writable(self, error: type[PacsTimeout], *deadlines: Deadline) -> None:
        blocked = Deadline.after(
            self._network_timeout, error, "The PACS took no data for NETWORK_TIMEOUT."
        )
        self._waiter.watch(self._socket.fileno(), select.POLLOUT)
        try:
            self._waiter.wait(blocked, *deadlines)
        finally:
            self._waiter.watch(self._socket.fileno())

    def receive(
        self, is_incomplete: bool, timeout_error: type[PacsTimeout], *deadlines: Deadline
    ) -> bytes:
        """Return what the peer sent, at least one byte.

        Args:
            is_incomplete: a PDU has begun, so NETWORK_TIMEOUT since the last byte applies too,
                but not to bytes that came while nobody read: then it was not the PACS that stopped.
            timeout_error: what a passed NETWORK_TIMEOUT means here.
            deadlines: the absolute ones.

        Raises:
            PacsTimeout: the error of what passed first.
            ConnectionLost: the peer closed or reset the connection.
        """
        if is_incomplete:
            at = self._last_byte + self._network_timeout
            if at > time.monotonic() + NEARLY_DUE or not self.has_something():
                stalled = Deadline(at, timeout_error, "The PACS stopped in the middle of a PDU.")
                deadlines = (stalled, *deadlines)
        try:
            if _TCP_QUICKACK is not None:
                # A PACS with Nagle's algorithm holds its second send until we acknowledge the
                # first; a delayed acknowledgement costs 40 ms (docs/decisions/0001). The kernel
                # forgets the option, hence before each receive.
                self._socket.setsockopt(socket.IPPROTO_TCP, _TCP_QUICKACK, 1)
            self._waiter.wait(*deadlines)
            data = self._socket.recv(RECEIVE_BYTES)
        except OSError as error:
            raise _lost() from error
        if not data:
            raise _lost()
        self._last_byte = time.monotonic()
        return data

    def has_something(self) -> bool:
        """Tell whether a receive would not have to wait: for bytes, or for the peer's end."""
        poll = select.poll()
        poll.register(self._socket.fileno(), select.POLLIN)
        return bool(poll.poll(0))

    def send_and_close(self, data: bytes) -> None:
        """Say a last word if the socket takes it at once, then close."""
        try:
            self._socket.send(data)
        except OSError as error:
            log.debug("the last PDU could not be sent: %s", errno.errorcode.get(error.errno or 0))
        self.close()

    def close(self) -> None:
        """Close the socket; a second call does nothing."""
        if self._socket.fileno() >= 0:
            self._waiter.forget(self._socket.fileno())
            self._socket.close()


def _lost() -> ConnectionLost:
    return ConnectionLost("The PACS closed the connection before its answer was complete.")


def connect(
    addresses: list[SocketAddress],
    waiter: Waiter,
    connection_timeout: float,
    network_timeout: float,
    *deadlines: Deadline,
) -> Connection:
    """Connect to the first of a host's addresses that answers, all within CONNECTION_TIMEOUT.

    Raises:
        ConnectionRefused, Unreachable, ConnectTimeout, ConnectionLost: of the address tried last.
        GatewayBusy: the gateway has no descriptor or port left.
    """
    end = time.monotonic() + connection_timeout
    sock = _connect_to_any(addresses, waiter, end, deadlines)
    return Connection(sock, waiter, network_timeout)


def _connect_to_any(
    addresses: list[SocketAddress], waiter: Waiter, end: float, deadlines: tuple[Deadline, ...]
) -> socket.socket:
    """Try one address after the other; a silent one gets its share of the time, not all."""
    for left in range(len(addresses), 1, -1):
        now = time.monotonic()
        share = now + (end - now) / left
        try:
            return _connect_to(addresses[-left], waiter, share, deadlines)
        except (ConnectionRefused, Unreachable, ConnectTimeout) as error:
            log.debug("one of several addresses failed: %s", error.error)
    return _connect_to(addresses[-1], waiter, end, deadlines)


def _connect_to(
    target: SocketAddress, waiter: Waiter, at: float, deadlines: tuple[Deadline, ...]
) -> socket.socket:
    deadline = Deadline(
        at, ConnectTimeout, "The PACS' host does not answer: check address, port and firewall."
    )
    try:
        sock = socket.socket(target.family, socket.SOCK_STREAM)
    except OSError as error:
        raise _connect_error(error, target) from error
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _finish_connect(sock, target, waiter, (deadline, *deadlines))
    except OSError as error:
        sock.close()
        raise _connect_error(error, target) from error
    except BaseException:
        sock.close()
        raise
    waiter.watch(sock.fileno())
    return sock


def _finish_connect(
    sock: socket.socket, target: SocketAddress, waiter: Waiter, deadlines: tuple[Deadline, ...]
) -> None:
    code = sock.connect_ex((target.address, target.port))
    if code == errno.EINPROGRESS:
        waiter.watch(sock.fileno(), select.POLLOUT)
        try:
            waiter.wait(*deadlines)
        finally:
            waiter.forget(sock.fileno())
        code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    # On loopback a connect to a closed port can meet itself (TCP simultaneous open).
    local = sock.getsockname()
    if code == 0 and local[1] == target.port and local == sock.getpeername():
        code = errno.ECONNREFUSED
    if code:
        raise OSError(code, os.strerror(code))


def _connect_error(error: OSError, target: SocketAddress) -> GatewayError:
    if error.errno == errno.ECONNREFUSED:
        return ConnectionRefused(
            "Nothing listens on the PACS' port: check address and port, and that the PACS runs."
        )
    if error.errno == errno.ETIMEDOUT:
        return ConnectTimeout("The PACS' host does not answer: check address, port and firewall.")
    if error.errno in (errno.ECONNRESET, errno.ENOTCONN):
        return ConnectionLost("What listens on the PACS' port closed the connection at once.")
    if error.errno == errno.EADDRNOTAVAIL and target.family == socket.AF_INET:
        return _busy()  # no local port; of IPv6 it means that this host has no address at all
    if error.errno in _EXHAUSTED:
        return _busy()
    return Unreachable("The network has no way to the PACS' address: check address and routing.")


def _busy() -> GatewayBusy:
    return GatewayBusy("The gateway has no socket left for another connection.")
