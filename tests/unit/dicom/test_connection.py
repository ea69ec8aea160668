"""One TCP connection: sends, receives and closes, with the kernel's surprises."""

import errno
import select
import socket
import struct
from collections.abc import Iterator
from typing import Any

import pytest

from dicom_qr_gateway.dicom import connection as module
from dicom_qr_gateway.dicom.connection import Connection, connect
from dicom_qr_gateway.dicom.name_lookup import SocketAddress, resolve
from dicom_qr_gateway.dicom.types import Deadline
from dicom_qr_gateway.dicom.waiting import Interrupts, StopSignal, Waiter
from dicom_qr_gateway.errors import (
    AssociationTimeout,
    ConnectionLost,
    ConnectionRefused,
    GatewayBusy,
    QueryTimeout,
    ResponseTimeout,
)


def far() -> Deadline:
    return Deadline.after(60, QueryTimeout, "far")


@pytest.fixture
def interrupts() -> Interrupts:
    return Interrupts(StopSignal())


@pytest.fixture
def waiter(interrupts: Interrupts) -> Waiter:
    return Waiter(interrupts)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def address(listener: socket.socket) -> SocketAddress:
    return SocketAddress(socket.AF_INET, *listener.getsockname())


Pair = tuple[Connection, socket.socket]


@pytest.fixture
def pair(waiter: Waiter, listener: socket.socket) -> Iterator[Pair]:
    """Return a connection to a peer, and the peer's socket."""
    connection = connect([address(listener)], waiter, 60, 0.2)
    peer, _ = listener.accept()
    with peer:
        yield connection, peer
    connection.close()


def reset(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def test_what_the_peer_sent_is_received(pair: Pair) -> None:
    connection, peer = pair
    peer.send(b"hello")
    assert connection.receive(False, ResponseTimeout, far()) == b"hello"


def test_what_is_sent_arrives_in_one_segment(pair: Pair) -> None:
    connection, peer = pair
    connection.send(b"hello", ResponseTimeout, far())
    assert peer.recv(100) == b"hello"


def test_nagles_algorithm_is_off(pair: Pair) -> None:
    sock = pair[0]._socket
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1


def test_a_closed_peer_is_connection_lost(pair: Pair) -> None:
    connection, peer = pair
    peer.close()
    with pytest.raises(ConnectionLost):
        connection.receive(False, ResponseTimeout, far())


def test_a_reset_is_connection_lost_for_receiving_and_sending(pair: Pair) -> None:
    connection, peer = pair
    reset(peer)
    with pytest.raises(ConnectionLost):
        connection.receive(False, ResponseTimeout, far())
    with pytest.raises(ConnectionLost):
        connection.send(b"hello", ResponseTimeout, far())


def test_a_receive_ends_with_its_deadline(pair: Pair) -> None:
    connection, _ = pair
    with pytest.raises(QueryTimeout):
        connection.receive(False, ResponseTimeout, Deadline.after(0.05, QueryTimeout, ""))


def test_network_timeout_counts_within_a_pdu_alone(pair: Pair) -> None:
    connection, _ = pair
    with pytest.raises(AssociationTimeout):
        connection.receive(True, AssociationTimeout, far())
    with pytest.raises(QueryTimeout):
        connection.receive(False, ResponseTimeout, Deadline.after(0.4, QueryTimeout, ""))


def test_network_timeout_does_not_count_while_bytes_lie_ready(pair: Pair) -> None:
    """The reader of a stream may pause for longer, in the middle of a PDU."""
    connection, peer = pair
    peer.send(b"hello")
    select.select([connection._socket], [], [], 20)
    connection._last_byte -= 60
    assert connection.receive(True, ResponseTimeout, far()) == b"hello"


def test_a_peer_that_takes_nothing_ends_a_send_after_network_timeout(pair: Pair) -> None:
    connection, _ = pair
    with pytest.raises(ResponseTimeout):
        connection.send(bytes(64 << 20), ResponseTimeout, far())


def test_a_blocked_send_ends_with_its_deadline(pair: Pair) -> None:
    connection, _ = pair
    with pytest.raises(QueryTimeout):
        connection.send(bytes(64 << 20), ResponseTimeout, Deadline.after(0.05, QueryTimeout, ""))


def test_a_connection_waits_for_reading_again_after_a_blocked_send(pair: Pair) -> None:
    connection, peer = pair
    with pytest.raises(ResponseTimeout):
        connection.send(bytes(64 << 20), ResponseTimeout, far())
    with pytest.raises(QueryTimeout):
        connection.receive(False, ResponseTimeout, Deadline.after(0.05, QueryTimeout, ""))
    peer.send(b"x")
    assert connection.receive(False, ResponseTimeout, far()) == b"x"


def test_a_last_word_is_said_and_the_socket_closed(pair: Pair) -> None:
    connection, peer = pair
    connection.send_and_close(b"bye")
    assert peer.recv(100) == b"bye"
    assert peer.recv(100) == b""
    connection.close()


def test_a_last_word_to_nobody_is_no_error(pair: Pair) -> None:
    connection, peer = pair
    reset(peer)
    select.select([connection._socket], [], [], 20)
    connection.send_and_close(b"bye")
    assert connection._socket.fileno() == -1


class ResettingWaiter(Waiter):
    """Waits until the peer has accepted the connection and reset it at once."""

    def __init__(self, interrupts: Interrupts, listener: socket.socket) -> None:
        super().__init__(interrupts)
        self._listener = listener

    def wait(self, *deadlines: Deadline) -> None:
        super().wait(*deadlines)
        accepted, _ = self._listener.accept()
        reset(accepted)


def test_a_peer_that_accepts_and_resets_at_once_is_connection_lost(
    listener: socket.socket, interrupts: Interrupts
) -> None:
    """A port forwarder or a TCP wrapper: something listens, so "unreachable" would mislead."""
    waiter = ResettingWaiter(interrupts, listener)
    with pytest.raises(ConnectionLost):
        connect([address(listener)], waiter, 60, 60)


class SelfConnected(socket.socket):
    """A socket that met itself: TCP's simultaneous open, as loopback may do it."""

    def connect_ex(self, address: Any) -> int:
        self.bind(address)
        return super().connect_ex(self.getsockname())


def test_a_connection_to_itself_is_connection_refused(
    waiter: Waiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        unused = listener.getsockname()[1]
    monkeypatch.setattr(socket, "socket", SelfConnected)
    with pytest.raises(ConnectionRefused):
        connect([SocketAddress(socket.AF_INET, "127.0.0.1", unused)], waiter, 60, 60)


def test_no_descriptor_for_a_look_up_is_gateway_busy(
    waiter: Waiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_pipe() -> tuple[int, int]:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr("os.pipe", no_pipe)
    with pytest.raises(GatewayBusy):
        resolve("pacs.example", 104, waiter, far())


def test_a_platform_without_quick_acknowledgements_receives_too(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_TCP_QUICKACK", None)
    connection, peer = pair
    peer.send(b"hello")
    assert connection.receive(False, ResponseTimeout, far()) == b"hello"
