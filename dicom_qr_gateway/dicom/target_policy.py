"""Which addresses the gateway never connects to, judged address by address after name look-up.

Cloud metadata services, link-local and group addresses are no PACS; a gateway that connects
there on request is a way into the host's own network (server-side request forgery).
"""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

_NAT64: Final = ip_network("64:ff9b::/96")  # RFC 6052 2.1
_SIX_TO_FOUR: Final = ip_network("2002::/16")  # RFC 3056
_METADATA: Final = ip_address("fd00:ec2::254")
_BROADCAST: Final = ip_address("255.255.255.255")


def is_forbidden(address: str) -> bool:
    """Tell whether the address (text, with or without an IPv6 zone) must not be connected to."""
    judged = _inner(ip_address(address.partition("%")[0]))
    return (
        judged.is_link_local
        or judged.is_multicast
        or judged.is_unspecified
        or judged in (_METADATA, _BROADCAST)
    )


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
