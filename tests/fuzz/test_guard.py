"""The guard of these tests sees what it is there for."""

import errno
import socket

import pytest

from tests.http.real import a_gateway

from .network import guarded_loopback


@pytest.mark.parametrize("method", ["connect", "connect_ex"])
@pytest.mark.parametrize("address", ["192.0.2.1", "10.0.0.1", "::ffff:192.0.2.1", "2001:db8::1"])
def test_a_connect_beyond_loopback_is_refused_and_remembered(method: str, address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with guarded_loopback() as guard, socket.socket(family) as sock:
        with pytest.raises(OSError) as refused:
            getattr(sock, method)((address, 104))
        assert refused.value.errno == errno.ENETUNREACH
        assert guard.refused == [(address, 104)]


def test_a_connect_of_the_gateway_passes_the_guard(closed_port: int) -> None:
    with guarded_loopback() as guard:
        client = a_gateway()
        near = client.q(pacs_ip="127.0.0.1", pacs_port=closed_port)
        far = client.q(pacs_ip="192.0.2.1")

    assert near.json["error"] == "connection_refused"
    assert far.json["error"] == "unreachable"
    assert (guard.made, guard.refused) == (1, [("192.0.2.1", 104)])


def test_names_are_looked_up_here_and_nowhere_else() -> None:
    found = {
        address[0]
        for number in range(100)
        for _, _, _, _, address in _look_up(f"pacs{number}.example")
    }
    assert found == {
        "127.0.0.1", "::1", "169.254.169.254", "::ffff:169.254.169.254", "203.0.113.7",
        "2001:db8::7",
    }  # fmt: skip


def _look_up(name: str) -> list:
    try:
        return socket.getaddrinfo(name, 104)
    except socket.gaierror:
        return []
