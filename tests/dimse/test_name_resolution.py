"""From a host name to its addresses: a resolver that fails or hangs has its own errors."""

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from dicom_qr_gateway.dicom import name_lookup
from dicom_qr_gateway.dicom.types import ApplicationEntity
from dicom_qr_gateway.dicom.waiting import StopSignal
from dicom_qr_gateway.errors import (
    GatewayBusy,
    NameLookupTimeout,
    NameNotResolved,
    ShuttingDown,
)
from dicom_qr_gateway.services.query import FoundStudies

from .conftest import PATIENT
from .scripted_pacs import ScriptedPacs
from .scripts import a_study, finds

Find = Callable[..., FoundStudies]


MakePacs = Callable[..., ScriptedPacs]


def at(host: str, port: int) -> ApplicationEntity:
    return ApplicationEntity(host, port, "PACS")


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Return the addresses that the resolver knows, by name, to be filled by the test."""
    known: dict[str, list[str]] = {}
    real = socket.getaddrinfo

    def resolver(host: str, port: int, *rest: object, **options: object) -> list[object]:
        if host not in known:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [
            answer
            for address in known[host]
            for answer in real(address, port, type=socket.SOCK_STREAM)
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    return known


class HangingResolver:
    """A resolver that answers nobody before it is let go."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.threads: set[threading.Thread] = set()
        self._let_go = threading.Event()

    def __call__(self, host: str, *rest: object, **options: object) -> list[object]:
        self.asked.append(host)
        self.threads.add(threading.current_thread())
        self._let_go.wait(20)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    def let_go(self) -> None:
        self._let_go.set()


@pytest.fixture
def hanging_resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[HangingResolver]:
    """Return the system's resolver, which hangs until the test is over."""
    resolver = HangingResolver()
    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    yield resolver
    resolver.let_go()


def test_an_unknown_name_is_name_not_resolved(find: Find, names: dict[str, list[str]]) -> None:
    with pytest.raises(NameNotResolved):
        find(at("pacs.example", 104))


def test_a_name_that_no_resolver_can_encode_is_name_not_resolved(find: Find) -> None:
    with pytest.raises(NameNotResolved):
        find(at("a" * 64 + ".example", 104))


def test_a_name_without_an_internet_address_is_name_not_resolved(
    find: Find, names: dict[str, list[str]]
) -> None:
    names["pacs.example"] = []
    with pytest.raises(NameNotResolved):
        find(at("pacs.example", 104))


def test_a_resolver_that_hangs_is_a_name_lookup_timeout(
    find: Find, hanging_resolver: HangingResolver
) -> None:
    with pytest.raises(NameLookupTimeout):
        find(at("pacs.example", 104), replace(PATIENT, connection_timeout=0.1))
    hanging_resolver.let_go()


def test_the_gateways_stop_ends_a_name_look_up(
    find: Find, hanging_resolver: HangingResolver, stop: StopSignal
) -> None:
    stop.set()
    with pytest.raises(ShuttingDown):
        find(at("pacs.example", 104))
    hanging_resolver.let_go()


def test_hanging_look_ups_take_four_threads_at_most(
    find: Find, hanging_resolver: HangingResolver
) -> None:
    for number in range(6):
        with pytest.raises(NameLookupTimeout):
            find(at(f"pacs{number}.example", 104), replace(PATIENT, connection_timeout=0.05))
    hanging_resolver.let_go()
    assert len(hanging_resolver.threads) == name_lookup.LOOK_UP_THREADS


def test_a_look_up_that_nobody_waits_for_any_more_is_not_begun(
    find: Find, hanging_resolver: HangingResolver
) -> None:
    for number in range(6):
        with pytest.raises(NameLookupTimeout):
            find(at(f"pacs{number}.example", 104), replace(PATIENT, connection_timeout=0.05))
    hanging_resolver.let_go()
    for thread in hanging_resolver.threads:
        thread.join(20)
    assert hanging_resolver.asked == [f"pacs{number}.example" for number in range(4)]


def test_an_address_literal_never_goes_to_the_resolver(
    find: Find, pacs_with: MakePacs, names: dict[str, list[str]]
) -> None:
    assert len(find(pacs_with(finds(a_study()))).studies) == 1


def test_no_thread_left_for_a_look_up_is_gateway_busy(
    find: Find, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_thread(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", no_thread)
    with pytest.raises(GatewayBusy):
        find(at("pacs.example", 104))
