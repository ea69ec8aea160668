"""Name look-up: few threads, nothing left behind, and no thread lost to a strange resolver."""

import os
import socket
import threading
from collections.abc import Callable

import pytest

from dicom_qr_gateway.dicom.name_lookup import LookUp, LookUpThreads, SocketAddress, resolve
from dicom_qr_gateway.dicom.types import Deadline
from dicom_qr_gateway.dicom.waiting import Interrupts, StopSignal, Waiter
from dicom_qr_gateway.errors import GatewayBusy, NameLookupTimeout, NameNotResolved


def far() -> Deadline:
    return Deadline.after(60, NameLookupTimeout, "far")


@pytest.fixture
def interrupts() -> Interrupts:
    return Interrupts(StopSignal())


@pytest.fixture
def waiter(interrupts: Interrupts) -> Waiter:
    return Waiter(interrupts)


Answer = Callable[..., list[object]]


def resolver(monkeypatch: pytest.MonkeyPatch, answer: Answer) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", answer)


def no_address(*_: object, **__: object) -> list[object]:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


@pytest.mark.parametrize(
    ("host", "family", "address"),
    [
        ("192.0.2.1", socket.AF_INET, "192.0.2.1"),
        ("::1", socket.AF_INET6, "::1"),
        ("2001:DB8:0::1", socket.AF_INET6, "2001:db8::1"),
        ("::FFFF:192.0.2.1", socket.AF_INET, "192.0.2.1"),
        ("::ffff:c000:201", socket.AF_INET, "192.0.2.1"),
    ],
)
def test_a_literal_is_its_own_answer_in_one_spelling(
    waiter: Waiter, host: str, family: socket.AddressFamily, address: str
) -> None:
    assert resolve(host, 104, waiter, far()) == [SocketAddress(family, address, 104)]


def test_a_name_has_its_addresses_in_the_systems_order(
    waiter: Waiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(host: str, port: int, **_: object) -> list[object]:
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("2001:db8::1", port, 0, 0)),
            (socket.AF_UNIX, socket.SOCK_STREAM, 0, "", "/run/socket"),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", port)),
        ]

    resolver(monkeypatch, answer)
    assert resolve("pacs.example", 104, waiter, far()) == [
        SocketAddress(socket.AF_INET6, "2001:db8::1", 104),
        SocketAddress(socket.AF_INET, "192.0.2.1", 104),
    ]


def test_an_ipv4_mapped_address_of_a_name_is_the_ipv4_address(
    waiter: Waiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(host: str, port: int, **_: object) -> list[object]:
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::ffff:192.0.2.1", port, 0, 0)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", port)),
        ]

    resolver(monkeypatch, answer)
    [address] = resolve("pacs.example", 104, waiter, far())
    assert address == SocketAddress(socket.AF_INET, "192.0.2.1", 104)


def test_localhost_is_resolved_by_the_system(waiter: Waiter) -> None:
    addresses = {each.address for each in resolve("localhost", 104, waiter, far())}
    assert addresses & {"127.0.0.1", "::1"}


@pytest.mark.parametrize(
    "failure", [socket.gaierror(socket.EAI_AGAIN, "again"), OSError(5, "io"), UnicodeError()]
)
def test_no_answer_is_name_not_resolved(
    waiter: Waiter, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    def answer(*_: object, **__: object) -> list[object]:
        raise failure

    resolver(monkeypatch, answer)
    with pytest.raises(NameNotResolved) as caught:
        resolve("pacs.example", 104, waiter, far())
    assert "pacs.example" in caught.value.message


def test_a_look_up_closes_its_pipe_when_it_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver(monkeypatch, no_address)
    look_up = LookUp("pacs.example", 104)
    look_up.run()
    assert os.read(look_up.done, 1) == b""
    os.close(look_up.done)


def started(monkeypatch: pytest.MonkeyPatch) -> list[threading.Thread]:
    """Return the threads that are started from now on; they run nothing."""
    threads: list[threading.Thread] = []
    monkeypatch.setattr(threading.Thread, "start", lambda thread: threads.append(thread))
    return threads


def close(*look_ups: LookUp) -> None:
    for look_up in look_ups:
        os.close(look_up.done)
        look_up.abandon()


def test_no_more_threads_are_started_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = started(monkeypatch)
    pool = LookUpThreads(most=2)
    look_ups = [LookUp("pacs.example", 104) for _ in range(3)]
    for look_up in look_ups:
        pool.submit(look_up)
    assert len(threads) == 2
    assert all(thread.daemon for thread in threads)
    close(*look_ups)


def test_no_thread_left_is_gateway_busy_and_takes_the_look_up_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_thread(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", no_thread)
    pool = LookUpThreads(most=1)
    for _ in range(2):
        look_up = LookUp("pacs.example", 104)
        with pytest.raises(GatewayBusy):
            pool.submit(look_up)
        assert os.read(look_up.done, 1) == b""
        os.close(look_up.done)


def test_idle_threads_end(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver(monkeypatch, no_address)
    asked: list[threading.Thread] = []
    pool = LookUpThreads(most=1)
    for _ in range(2):
        look_up = LookUp("pacs.example", 104)
        before = set(threading.enumerate())
        pool.submit(look_up)
        asked += set(threading.enumerate()) - before
        assert os.read(look_up.done, 1) == b""
        os.close(look_up.done)
    for thread in asked:
        thread.join(20)
        assert not thread.is_alive()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_resolver_that_breaks_costs_no_thread(
    waiter: Waiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More names than threads: were one lost for each, the last look-ups would never be begun."""

    def answer(*_: object, **__: object) -> list[object]:
        raise MemoryError

    resolver(monkeypatch, answer)
    for number in range(6):
        due = Deadline.after(5, NameLookupTimeout, "no thread was left")
        with pytest.raises(NameNotResolved):
            resolve(f"pacs{number}.example", 104, waiter, due)
