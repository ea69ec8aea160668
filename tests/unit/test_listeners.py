"""How a worker stops listening: over real sockets, in one process."""

import os
import socket
import subprocess
import sys
from typing import Any

import pytest

from dicom_qr_gateway import listeners

SOON = 0.2  # seconds; the kernel tries again after one


class FakeWorker:
    """As much of gunicorn's worker as is used."""

    def __init__(self, ppid: int, listener: socket.socket) -> None:
        self.ppid = ppid
        self.sockets: list[Any] = [listener]
        self.accepted: list[socket.socket] = []
        self.events: list[bool] = []

    def accept(self, listener: Any) -> None:
        self.accepted.append(listener.accept()[0])

    def set_accept_enabled(self, enabled: bool) -> None:
        self.events.append(enabled)


@pytest.fixture
def listener() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


def connects(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, timeout=SOON).close()
    except (TimeoutError, ConnectionRefusedError):
        return False
    return True


def test_a_stop_serves_who_has_connected_and_refuses_who_has_not(listener: socket.socket) -> None:
    address = listener.getsockname()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as elsewhere:
        worker = FakeWorker(elsewhere.pid, listener)
        with socket.create_connection(address) as early:
            listeners.close_listeners(worker)
            (served,) = worker.accepted
            assert served.getpeername() == early.getsockname()
            served.close()
        elsewhere.communicate(b"\n")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)
    assert worker.events == [False]
    assert worker.sockets == []


def test_a_listener_that_the_master_keeps_goes_on_accepting(listener: socket.socket) -> None:
    shared = listener.dup()
    listeners.close_listeners(FakeWorker(os.getpid(), listener))
    assert connects(shared.getsockname())
    shared.close()


def test_newcomers_are_dropped_until_they_are_admitted_again(listener: socket.socket) -> None:
    with listener:
        listeners.drop_newcomers(listener)
        assert not connects(listener.getsockname())
        listeners.admit_newcomers(listener)
        assert connects(listener.getsockname())
        listeners.admit_newcomers(listener)  # there is no filter any more


def test_a_process_that_cannot_be_seen_counts_as_one_that_listens(listener: socket.socket) -> None:
    with listener:
        assert listeners.is_held_by(0, listener)
