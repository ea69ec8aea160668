"""Who waits and who is told "busy" when a PACS, or everything, is taken."""

import errno
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest

from dicom_qr_gateway.dicom import bulkheads as module
from dicom_qr_gateway.dicom.bulkheads import Bulkheads
from dicom_qr_gateway.dicom.slots import SharedSlots, Slot
from dicom_qr_gateway.dicom.types import Deadline, Limits
from dicom_qr_gateway.dicom.waiting import Interrupts, StopSignal, Waiter
from dicom_qr_gateway.errors import GatewayBusy, QueryTimeout, ShuttingDown

ONE = Limits(max_associations_per_pacs=1, queue_timeout=0.05)


@pytest.fixture(autouse=True)
def _fresh_slots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SHARED", SharedSlots())


@pytest.fixture
def stop() -> StopSignal:
    return StopSignal()


@pytest.fixture
def waiter(stop: StopSignal) -> Waiter:
    return Waiter(Interrupts(stop))


@pytest.fixture
def taken(waiter: Waiter) -> Iterator[Slot]:
    """The only association there may be with 10.0.0.1, port 104."""
    slot = Bulkheads(ONE, threads=8).association("10.0.0.1", 104, waiter)
    yield slot
    slot.close()


@pytest.mark.parametrize(("threads", "half"), [(1, 1), (2, 1), (3, 1), (16, 8)])
def test_half_of_the_threads_is_at_least_one(threads: int, half: int) -> None:
    assert Bulkheads(Limits(), threads).half == half


def test_a_kind_of_work_never_holds_more_than_half_of_the_threads() -> None:
    bulkheads = Bulkheads(Limits(), threads=4)
    with bulkheads.place("a PACS"), bulkheads.place("a PACS"):
        with pytest.raises(GatewayBusy):
            bulkheads.place("a PACS").__enter__()
        with bulkheads.place("another PACS"):
            pass
    with bulkheads.place("a PACS"):
        pass


def test_a_place_is_given_back_after_an_error() -> None:
    bulkheads = Bulkheads(Limits(), threads=2)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), bulkheads.place("a PACS"):
            raise ZeroDivisionError


def test_the_server_may_give_more_threads_than_was_thought() -> None:
    bulkheads = Bulkheads(Limits(), threads=2)
    bulkheads.set_threads(6)
    with ExitStack() as places:
        for _ in range(3):
            places.enter_context(bulkheads.place("a PACS"))
        with pytest.raises(GatewayBusy):
            bulkheads.place("a PACS").__enter__()


@pytest.mark.usefixtures("taken")
def test_whoever_waits_longer_than_queue_timeout_is_told_busy(waiter: Waiter) -> None:
    with pytest.raises(GatewayBusy, match="MAX_ASSOCIATIONS_PER_PACS"):
        Bulkheads(ONE, threads=8).association("10.0.0.1", 104, waiter)


@pytest.mark.usefixtures("taken")
def test_another_port_or_address_is_another_pacs(waiter: Waiter) -> None:
    bulkheads = Bulkheads(ONE, threads=8)
    bulkheads.association("10.0.0.1", 105, waiter).close()
    bulkheads.association("10.0.0.2", 104, waiter).close()


def test_whoever_waits_gets_the_association_that_becomes_free(taken: Slot, waiter: Waiter) -> None:
    timer = threading.Timer(0.05, taken.close)
    timer.start()
    patient = replace(ONE, queue_timeout=30)
    Bulkheads(patient, threads=8).association("10.0.0.1", 104, waiter).close()
    timer.join()


@pytest.mark.usefixtures("taken")
def test_a_deadline_and_the_gateways_stop_end_the_wait(waiter: Waiter, stop: StopSignal) -> None:
    bulkheads = Bulkheads(replace(ONE, queue_timeout=30), threads=8)
    soon = Deadline.after(0.05, QueryTimeout, "")
    with pytest.raises(QueryTimeout):
        bulkheads.association("10.0.0.1", 104, waiter, soon)
    stop.set()
    with pytest.raises(ShuttingDown):
        bulkheads.association("10.0.0.1", 104, waiter)


def test_no_descriptor_left_is_gateway_busy(
    waiter: Waiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    class NoDescriptor:
        def take(self, key: str, most: int) -> None:
            raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(module, "SHARED", NoDescriptor())
    with pytest.raises(GatewayBusy, match="descriptor"):
        Bulkheads(ONE, threads=8).association("10.0.0.1", 104, waiter)
