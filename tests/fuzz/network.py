"""The network of the fuzz tests: loopback, a resolver of our own, and a guard that sees it all.

Rule: nothing connects beyond 127.0.0.0/8 and ::1; the guard refuses it and remembers.
"""

import contextlib
import errno
import socket
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from typing import Any

import pytest

_getaddrinfo = socket.getaddrinfo

# What names stand for, chosen by the name itself, so that an example that fails fails again.
ANSWERS = (
    ["127.0.0.1"],
    ["::1"],
    ["169.254.169.254", "127.0.0.1"],
    ["::ffff:169.254.169.254"],
    ["203.0.113.7", "2001:db8::7"],
    [],
)


def is_loopback(address: str) -> bool:
    parsed = ip_address(address)
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        return parsed.ipv4_mapped.is_loopback
    return parsed.is_loopback


def look_up(host: str | None, port: int, *rest: Any, **options: Any) -> list[Any]:
    """Answer as socket.getaddrinfo does; nobody is asked about a name."""
    addresses: list[str | None]
    if is_name(host):
        addresses = [*ANSWERS[zlib.crc32(str(host).encode()) % len(ANSWERS)]]
    else:
        addresses = [host]
    if not addresses:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return [found for each in addresses for found in _getaddrinfo(each, port, *rest, **options)]


def is_name(host: str | None) -> bool:
    try:
        return bool(host) and not ip_address(str(host))
    except ValueError:
        return True


@dataclass
class Guard:
    """Stands before every connect of the process."""

    made: int = 0
    refused: list[object] = field(default_factory=list)

    def before(self, real: Callable[[socket.socket, Any], Any]) -> Callable[..., Any]:
        """Return the method of a socket with the guard before it."""

        def guarded(sock: socket.socket, address: Any) -> Any:
            if sock.family == socket.AF_UNIX:
                return real(sock, address)
            if not is_loopback(address[0]):
                self.refused.append(address)
                raise OSError(errno.ENETUNREACH, "the guard lets nobody out")
            self.made += 1
            return real(sock, address)

        return guarded


@contextlib.contextmanager
def guarded_loopback() -> Iterator[Guard]:
    """Stub the name look-up and guard every connect."""
    guard = Guard()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", look_up)
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, guard.before(getattr(socket.socket, name)))
        yield guard
