"""Host name -> socket addresses, bounded in time although getaddrinfo cannot be cancelled.

Rule 1: this is the one exception to "no thread". A look-up runs in one of at most LOOK_UP_THREADS
daemon threads; whoever asked waits with the same poll as for a PACS and may leave it behind.
Address literals never go there.
Rule 2: an IPv4-mapped IPv6 address (RFC 4291 2.5.5.2) is the IPv4 address, so that limits and what
is kept know it by one spelling.
"""

import logging
import os
import socket
import threading
from collections import deque
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from dicom_qr_gateway.dicom.types import Deadline
from dicom_qr_gateway.dicom.waiting import Waiter
from dicom_qr_gateway.errors import GatewayBusy, NameNotResolved

log = logging.getLogger(__name__)

LOOK_UP_THREADS: Final = 4


@dataclass(frozen=True, slots=True)
class SocketAddress:
    """What a socket connects to: address family, address (no name) and port."""

    family: socket.AddressFamily
    address: str
    port: int


class LookUp:
    """One look-up: a thread fills in the answer and then closes its end of the pipe."""

    def __init__(self, host: str, port: int) -> None:
        """Prepare the question."""
        self._host, self._port = host, port
        self.done, self._write_end = os.pipe()
        self.addresses: list[SocketAddress] | None = None

    def run(self) -> None:
        """Ask the system's resolver; no answer leaves ``addresses`` None."""
        try:
            found = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
            addresses = [
                _socket_address(ip_address(address[0]), self._port)
                for family, _, _, _, address in found
                if family in (socket.AF_INET, socket.AF_INET6)
            ]
            self.addresses = [*dict.fromkeys(addresses)]
        except Exception as error:
            log.debug("a name look-up failed: %s", type(error).__name__)
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Tell whoever waits that nothing more will come."""
        os.close(self._write_end)


class LookUpThreads:
    """At most so many daemon threads, started when needed and gone when idle."""

    def __init__(self, most: int = LOOK_UP_THREADS) -> None:
        """Begin without a thread."""
        self._most = most
        self._running = 0
        self._waiting: deque[LookUp] = deque()
        self._lock = threading.Lock()

    def submit(self, look_up: LookUp) -> None:
        """Run the look-up as soon as a thread is free.

        Raises:
            GatewayBusy: the system gives no thread.
        """
        with self._lock:
            self._waiting.append(look_up)
            if self._running == self._most:
                return
            self._running += 1
        try:
            threading.Thread(target=self._work, name="name-look-up", daemon=True).start()
        except RuntimeError:
            with self._lock:
                self._running -= 1
            self.withdraw(look_up)
            raise GatewayBusy("The gateway has no thread left for a name look-up.") from None

    def withdraw(self, look_up: LookUp) -> None:
        """Forget a look-up that nobody waits for any more, if it has not begun."""
        with self._lock:
            if look_up not in self._waiting:
                return
            self._waiting.remove(look_up)
        look_up.abandon()

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._running -= 1
                    return
                look_up = self._waiting.popleft()
            look_up.run()


_threads: Final = LookUpThreads()


def resolve(host: str, port: int, waiter: Waiter, *deadlines: Deadline) -> list[SocketAddress]:
    """Return every address of the host, in the system's order of preference.

    Raises:
        NameNotResolved: the name has no address.
        GatewayBusy: the gateway has no descriptor or thread left for a look-up.
        PacsTimeout: the earliest deadline's error.
    """
    address = literal(host, port)
    if address is not None:
        return [address]
    try:
        look_up = LookUp(host, port)
    except OSError:
        raise GatewayBusy("The gateway has no descriptor left for a name look-up.") from None
    try:
        waiter.watch(look_up.done)
        _threads.submit(look_up)
        waiter.wait(*deadlines)
    finally:
        _threads.withdraw(look_up)
        waiter.forget(look_up.done)
        os.close(look_up.done)
    if not look_up.addresses:
        raise NameNotResolved(
            f"The host name {host!r} has no address: check its spelling and the gateway's DNS."
        )
    return look_up.addresses


@lru_cache(maxsize=1024)
def literal(host: str, port: int) -> SocketAddress | None:
    """Return the address that the host is, None where it is a name."""
    try:
        address = ip_address(host)
    except ValueError:
        return None
    return _socket_address(address, port)


def _socket_address(address: IPv4Address | IPv6Address, port: int) -> SocketAddress:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    found = mapped or address
    family = socket.AF_INET if found.version == 4 else socket.AF_INET6
    return SocketAddress(family, str(found), port)
