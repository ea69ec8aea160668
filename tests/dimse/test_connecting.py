"""From a host name to a TCP connection: every way it can fail has its own error."""

import errno
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from dicom_qr_gateway.dicom.types import ApplicationEntity
from dicom_qr_gateway.dicom.waiting import StopSignal
from dicom_qr_gateway.errors import (
    ConnectionRefused,
    ConnectTimeout,
    GatewayBusy,
    GatewayError,
    ShuttingDown,
    TargetNotAllowed,
    Unreachable,
)
from dicom_qr_gateway.services.query import FoundStudies

from .conftest import PATIENT
from .scripted_pacs import ScriptedPacs
from .scripts import a_study, finds

Find = Callable[..., FoundStudies]
MakePacs = Callable[..., ScriptedPacs]
QUICK = replace(PATIENT, connection_timeout=0.3)


def at(host: str, port: int) -> ApplicationEntity:
    return ApplicationEntity(host, port, "PACS")


@pytest.fixture
def refusing_port() -> Iterator[int]:
    """Return a port that is bound, and on which nothing listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Return a port on which the kernel drops every SYN: the queue of its listener is full."""
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        first.connect(listener.getsockname())
        second.setblocking(False)
        second.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


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


def test_a_refused_port_is_connection_refused(find: Find, refusing_port: int) -> None:
    with pytest.raises(ConnectionRefused) as caught:
        find(at("127.0.0.1", refusing_port))
    assert caught.value.dicom == {}


def test_a_pacs_whose_host_drops_packets_is_a_connect_timeout(find: Find, silent_port: int) -> None:
    with pytest.raises(ConnectTimeout):
        find(at("127.0.0.1", silent_port), QUICK)


def test_the_gateways_stop_ends_a_connect(find: Find, silent_port: int, stop: StopSignal) -> None:
    stop.set()
    with pytest.raises(ShuttingDown):
        find(at("127.0.0.1", silent_port))


def test_a_pacs_on_ipv6_answers(find: Find, pacs_with: MakePacs) -> None:
    assert len(find(pacs_with(finds(a_study()), host="::1")).studies) == 1


def test_a_dead_first_address_of_a_name_does_not_hide_the_second(
    find: Find, pacs_with: MakePacs, names: dict[str, list[str]]
) -> None:
    pacs = pacs_with(finds(a_study()))
    names["pacs.example"] = ["::1", "127.0.0.1"]  # nothing listens on that port of ::1
    assert len(find(at("pacs.example", pacs.entity.port)).studies) == 1


def test_a_silent_first_address_leaves_time_for_the_second(
    find: Find, pacs_with: MakePacs, names: dict[str, list[str]]
) -> None:
    pacs = pacs_with(finds(a_study()))
    with socket.socket(socket.AF_INET6) as silent, socket.socket(socket.AF_INET6) as first:
        silent.bind(("::1", pacs.entity.port))
        silent.listen(0)
        first.connect(silent.getsockname())
        names["pacs.example"] = ["::1", "127.0.0.1"]
        limits = replace(PATIENT, connection_timeout=1.0)
        assert len(find(at("pacs.example", pacs.entity.port), limits).studies) == 1


def test_when_all_addresses_fail_the_last_failure_is_told(
    find: Find, refusing_port: int, names: dict[str, list[str]]
) -> None:
    names["pacs.example"] = ["::1", "127.0.0.1"]
    with pytest.raises(ConnectionRefused):
        find(at("pacs.example", refusing_port))


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "fe80::1", "224.0.0.1", "0.0.0.0", "::", "::ffff:169.254.1.1"]
)
def test_a_forbidden_address_is_never_connected_to(
    find: Find, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "socket", None)
    with pytest.raises(TargetNotAllowed):
        find(at(host, 104))


def test_a_name_is_judged_by_its_addresses(find: Find, names: dict[str, list[str]]) -> None:
    names["metadata.example"] = ["169.254.169.254"]
    with pytest.raises(TargetNotAllowed):
        find(at("metadata.example", 80))


def test_a_name_with_a_forbidden_and_an_allowed_address_is_connected_by_the_allowed_one(
    find: Find, pacs_with: MakePacs, names: dict[str, list[str]]
) -> None:
    pacs = pacs_with(finds(a_study()))
    names["pacs.example"] = ["169.254.169.254", "127.0.0.1"]
    assert len(find(at("pacs.example", pacs.entity.port)).studies) == 1


class FailingSocket(socket.socket):
    """A socket whose connect fails with ``code``, but for IPv4 where ``only_ipv6``."""

    code = errno.ENETUNREACH
    only_ipv6 = False

    def connect_ex(self, address: object) -> int:
        if self.only_ipv6 and self.family is socket.AF_INET:
            return super().connect_ex(address)  # type: ignore[arg-type]
        return self.code


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (errno.ENETUNREACH, Unreachable),
        (errno.EHOSTUNREACH, Unreachable),
        (errno.EACCES, Unreachable),
        (errno.ETIMEDOUT, ConnectTimeout),
        (errno.EADDRNOTAVAIL, GatewayBusy),
        (errno.ENOBUFS, GatewayBusy),
    ],
)
def test_what_the_network_says_has_its_own_error(
    find: Find, monkeypatch: pytest.MonkeyPatch, code: int, expected: type[GatewayError]
) -> None:
    monkeypatch.setattr(FailingSocket, "code", code)
    monkeypatch.setattr(socket, "socket", FailingSocket)
    with pytest.raises(expected):
        find(at("127.0.0.1", 104))


def test_a_host_without_ipv6_reaches_a_name_that_has_both(
    find: Find, pacs_with: MakePacs, names: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    pacs = pacs_with(finds(a_study()))
    names["pacs.example"] = ["::1", "127.0.0.1"]
    monkeypatch.setattr(FailingSocket, "code", errno.EADDRNOTAVAIL)
    monkeypatch.setattr(FailingSocket, "only_ipv6", True)
    monkeypatch.setattr(socket, "socket", FailingSocket)
    assert len(find(at("pacs.example", pacs.entity.port)).studies) == 1


def test_a_kernel_without_ipv6_is_unreachable_not_busy(
    find: Find, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_such_family(*_: object) -> socket.socket:
        raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")

    monkeypatch.setattr(socket, "socket", no_such_family)
    with pytest.raises(Unreachable):
        find(at("::1", 104))


def test_no_descriptor_left_is_gateway_busy(find: Find, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_descriptor(*_: object) -> socket.socket:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(socket, "socket", no_descriptor)
    with pytest.raises(GatewayBusy):
        find(at("127.0.0.1", 104))
