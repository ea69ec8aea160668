"""Which addresses the gateway never connects to, judged address by address after name look-up.

Cloud metadata services, link-local and group addresses are no PACS; a gateway that connects
there on request is a way into the host's own network (server-side request forgery).
"""

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
)
from typing import Final

from dicom_qr_gateway.dicom.name_lookup import SocketAddress
from dicom_qr_gateway.errors import TargetNotAllowed

Network = IPv4Network | IPv6Network

# IPv6 addresses with an IPv4 address right behind one of these prefixes: IPv4-mapped (RFC 4291
# 2.5.5.2), NAT64 (RFC 6052 2.1), 6to4 (RFC 3056 2).
_AROUND_IPV4: Final = (
    IPv6Network("::ffff:0:0/96"),
    IPv6Network("64:ff9b::/96"),
    IPv6Network("2002::/16"),
)
_METADATA: Final = ip_address("fd00:ec2::254")
_BROADCAST: Final = ip_address("255.255.255.255")


@dataclass(frozen=True, slots=True)
class Target:
    """An entry of ALLOWED_PACS: a network or a host name, and a port (None for every port).

    The host name is in lower case; the network is one that ``inner_network`` returned.
    """

    where: Network | str
    port: int | None

    def covers(self, host: str, address: SocketAddress) -> bool:
        """Tell whether a request for ``host`` may connect to this address of it."""
        if self.port not in (None, address.port):
            return False
        if isinstance(self.where, str):
            return self.where == host.lower()
        return _inner(_parsed(address.address)) in self.where


@dataclass(frozen=True, slots=True)
class TargetPolicy:
    """ALLOWED_PACS and ALLOWED_DESTINATIONS; empty for all that is not forbidden anyway."""

    allowed: tuple[Target, ...] = ()
    destinations: frozenset[str] = frozenset()

    def check_destination(self, move_destination: str) -> None:
        """Raise TargetNotAllowed if nothing may be moved to that AE title."""
        if self.destinations and move_destination not in self.destinations:
            raise TargetNotAllowed("This gateway's policy forbids that move destination.")

    def permitted(self, host: str, addresses: list[SocketAddress]) -> list[SocketAddress]:
        """Return those addresses of the host that may be connected to.

        Raises:
            TargetNotAllowed: there is none.
        """
        permitted = [address for address in addresses if self._permits(host, address)]
        if not permitted:
            raise TargetNotAllowed("This gateway's policy forbids connections to that address.")
        return permitted

    def _permits(self, host: str, address: SocketAddress) -> bool:
        if is_forbidden(address.address):
            return False
        return not self.allowed or any(target.covers(host, address) for target in self.allowed)


@lru_cache(maxsize=1024)
def is_forbidden(address: str) -> bool:
    """Tell whether the address (text, with or without an IPv6 zone) must not be connected to."""
    judged = _inner(_parsed(address))
    return (
        judged.is_link_local
        or judged.is_multicast
        or judged.is_unspecified
        or judged in (_METADATA, _BROADCAST)
    )


def _parsed(address: str) -> IPv4Address | IPv6Address:
    return ip_address(address.partition("%")[0])


def _inner(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address inside an IPv4-mapped, NAT64 or 6to4 address, else itself."""
    for prefix in _AROUND_IPV4:
        if address in prefix:
            return IPv4Address(int(address) >> 96 - prefix.prefixlen & 0xFFFFFFFF)
    return address


def inner_network(network: Network) -> Network:
    """Return the IPv4 network inside one of IPv4-mapped, NAT64 or 6to4 addresses, else itself.

    Addresses are judged by what is inside, so what is allowed must be written down likewise.
    """
    for prefix in _AROUND_IPV4:
        if isinstance(network, IPv6Network) and network.subnet_of(prefix):
            length = min(network.prefixlen - prefix.prefixlen, 32)
            inner = int(network.network_address) >> 96 - prefix.prefixlen & 0xFFFFFFFF
            return IPv4Network((inner, length))
    return network
