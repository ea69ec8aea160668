"""Waiting: whatever is ready first ends it, and never later than the earliest deadline."""

import os
import select
import socket
from collections.abc import Iterator

import pytest

from dicom_qr_gateway.dicom.types import Deadline
from dicom_qr_gateway.dicom.waiting import Interrupts, StopSignal, Waiter
from dicom_qr_gateway.errors import ClientLeft, QueryTimeout, ResponseTimeout, ShuttingDown


def far() -> Deadline:
    return Deadline.after(60, ResponseTimeout, "far")


def passed() -> Deadline:
    return Deadline.after(-1, QueryTimeout, "passed")


def soon() -> Deadline:
    return Deadline.after(0.02, QueryTimeout, "soon")


@pytest.fixture
def stop() -> StopSignal:
    return StopSignal()


@pytest.fixture
def client() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    read_end, write_end = os.pipe()
    yield read_end, write_end
    os.close(read_end)
    os.close(write_end)


def test_a_wait_ends_when_the_descriptor_is_ready(stop: StopSignal, pipe: tuple[int, int]) -> None:
    waiter = Waiter(Interrupts(stop))
    waiter.watch(pipe[0])
    os.write(pipe[1], b"x")
    waiter.wait(far())


def test_a_wait_can_be_for_writing(stop: StopSignal, pipe: tuple[int, int]) -> None:
    waiter = Waiter(Interrupts(stop))
    waiter.watch(pipe[1], select.POLLOUT)
    waiter.wait(far())


def test_a_forgotten_descriptor_ends_no_wait(stop: StopSignal, pipe: tuple[int, int]) -> None:
    waiter = Waiter(Interrupts(stop))
    waiter.watch(pipe[0])
    waiter.forget(pipe[0])
    os.write(pipe[1], b"x")
    with pytest.raises(QueryTimeout):
        waiter.wait(soon())


def test_the_earliest_deadline_names_the_error(stop: StopSignal) -> None:
    with pytest.raises(QueryTimeout, match="soon"):
        Waiter(Interrupts(stop)).wait(far(), soon(), far())


def test_a_passed_deadline_ends_a_wait_for_what_is_ready(
    stop: StopSignal, pipe: tuple[int, int]
) -> None:
    waiter = Waiter(Interrupts(stop))
    waiter.watch(pipe[0])
    os.write(pipe[1], b"x")
    with pytest.raises(QueryTimeout, match="passed"):
        waiter.wait(far(), passed())


def test_the_stop_ends_every_wait_now_and_later(stop: StopSignal) -> None:
    waiters = [Waiter(Interrupts(stop)), Waiter(Interrupts(stop))]
    assert not stop.is_set()
    stop.set()
    assert stop.is_set()
    for waiter in (*waiters, Waiter(Interrupts(stop)), *waiters):
        with pytest.raises(ShuttingDown):
            waiter.wait(far())


def test_a_stop_may_be_set_twice(stop: StopSignal) -> None:
    stop.set()
    stop.set()
    with pytest.raises(ShuttingDown):
        Waiter(Interrupts(stop)).wait(far())


def test_the_stop_goes_before_what_is_ready(stop: StopSignal, pipe: tuple[int, int]) -> None:
    waiter = Waiter(Interrupts(stop))
    waiter.watch(pipe[0])
    os.write(pipe[1], b"x")
    stop.set()
    with pytest.raises(ShuttingDown):
        waiter.wait(far())


def test_a_stop_signal_that_is_gone_leaves_no_descriptor() -> None:
    stop = StopSignal()
    read_end = stop.fileno()
    del stop
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(read_end)


def test_a_client_that_closes_ends_the_wait(
    stop: StopSignal, client: tuple[socket.socket, socket.socket]
) -> None:
    ours, theirs = client
    theirs.close()
    with pytest.raises(ClientLeft):
        Waiter(Interrupts(stop, ours)).wait(far())


def test_a_client_that_sends_early_ends_no_wait(
    stop: StopSignal, client: tuple[socket.socket, socket.socket]
) -> None:
    ours, theirs = client
    theirs.send(b"the next request")
    with pytest.raises(QueryTimeout):
        Waiter(Interrupts(stop, ours)).wait(soon())


def test_a_client_socket_that_is_closed_already_is_not_watched(stop: StopSignal) -> None:
    ours, theirs = socket.socketpair()
    ours.close()
    theirs.close()
    with pytest.raises(QueryTimeout):
        Waiter(Interrupts(stop, ours)).wait(soon())


def test_interrupts_can_be_ignored_more_than_once(
    stop: StopSignal, client: tuple[socket.socket, socket.socket]
) -> None:
    ours, theirs = client
    waiter = Waiter(Interrupts(stop, ours))
    stop.set()
    theirs.close()
    waiter.ignore_interrupts()
    waiter.ignore_interrupts()
    with pytest.raises(QueryTimeout):
        waiter.wait(soon())


def test_a_pause_has_its_length_and_no_error(stop: StopSignal) -> None:
    Waiter(Interrupts(stop)).pause(0.01, far())


def test_a_pause_ends_with_a_deadline_or_the_stop(stop: StopSignal) -> None:
    waiter = Waiter(Interrupts(stop))
    with pytest.raises(QueryTimeout):
        waiter.pause(60, soon())
    stop.set()
    with pytest.raises(ShuttingDown):
        waiter.pause(60, far())
