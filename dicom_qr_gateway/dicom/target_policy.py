"""Which addresses the gateway never connects to, judged address by address after name look-up.

Cloud metadata services, link-local and group addresses are no PACS; a gateway that connects
there on request is a way into the host's own network (server-side request forgery).
"""

from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final

from dicom_qr_gateway.dicom.name_lookup import SocketAddress
from dicom_qr_gateway.errors import TargetNotAllowed

Network = IPv4Network | IPv6Network

_NAT64: Final = ip_network("64:ff9b::/96")  # RFC 6052 2.1
_SIX_TO_FOUR: Final = ip_network("2002::/16")  # RFC 3056
_METADATA: Final = ip_address("fd00:ec2::254")
_BROADCAST: Final = ip_address("255.255.255.255")


@dataclass(frozen=True, slots=True)
class Target:
    """An entry of ALLOWED_PACS: a network or a host name, and a port (None for every port)."""

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
    """ALLOWED_PACS; empty for everything that is not forbidden anyway."""

    allowed: tuple[Target, ...] = ()

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
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if address in _SIX_TO_FOUR:
        return IPv4Address(int(address) >> 80 & 0xFFFFFFFF)
    return address
