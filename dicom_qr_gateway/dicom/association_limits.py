"""How many associations named PACS may have, by where they listen.

Rule: several names, and requests by address, may mean one host and port; the smallest number that
is stated for it counts for all of them. A host name's address is known once it has been looked up;
of several it is the smallest, since name servers return them in turns.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from dicom_qr_gateway.dicom.name_lookup import SocketAddress, literal
from dicom_qr_gateway.dicom.types import ApplicationEntity


@dataclass(frozen=True, slots=True)
class AssociationLimit:
    """At most so many associations with what listens there."""

    host: str
    port: int
    most: int
    idle: int = 0  # of these, kept without a request


def counted_address(addresses: Iterable[SocketAddress]) -> str:
    """Return the one of a host's addresses that counts for limits, in whatever order they come."""
    return min((each.family, each.address) for each in addresses)[1]


@dataclass(slots=True)
class AssociationLimits:
    """What is stated, and which addresses the host names of it had when last looked up."""

    stated: Iterable[AssociationLimit] = ()
    _addresses: dict[str, str] = field(default_factory=dict)

    def of(self, peer: ApplicationEntity, address: str) -> AssociationLimit | None:
        """Return the smallest limits stated for it, None where none are.

        Args:
            peer: whom a request names.
            address: what its host was resolved to, see counted_address.
        """
        here = [each for each in self.stated if each.port == peer.port]
        for each in here:
            if each.host.lower() == peer.host.lower():
                self._addresses[each.host] = address
        here = [each for each in here if self._address(each) == address]
        if not here:
            return None
        most, idle = min(each.most for each in here), min(each.idle for each in here)
        return AssociationLimit(address, peer.port, most, min(idle, most - 1))

    def _address(self, limit: AssociationLimit) -> str | None:
        address = literal(limit.host, limit.port)
        return address.address if address else self._addresses.get(limit.host)
