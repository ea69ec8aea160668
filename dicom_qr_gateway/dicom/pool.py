"""Where associations come from: policy, limits, name look-up, then one association for one user.

Rule: every association of the gateway is opened here, so that no limit can be walked around.
"""

import logging
import socket
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import TypeVar

from dicom_qr_gateway.dicom.association import Association
from dicom_qr_gateway.dicom.association_limits import (
    AssociationLimit,
    AssociationLimits,
    counted_address,
)
from dicom_qr_gateway.dicom.bulkheads import Bulkheads
from dicom_qr_gateway.dicom.endings import Endings
from dicom_qr_gateway.dicom.establish import Proposal, establish
from dicom_qr_gateway.dicom.find_options import NO_OPTIONS, FindOptions
from dicom_qr_gateway.dicom.kept_associations import KeptAssociations
from dicom_qr_gateway.dicom.name_lookup import SocketAddress, resolve
from dicom_qr_gateway.dicom.phases import Phases
from dicom_qr_gateway.dicom.target_policy import TargetPolicy
from dicom_qr_gateway.dicom.types import ApplicationEntity, Deadline, Limits
from dicom_qr_gateway.dicom.waiting import Interrupts, StopSignal, Waiter
from dicom_qr_gateway.errors import AssociationAborted, ConnectionLost, NameLookupTimeout

log = logging.getLogger(__name__)

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class _Call:
    """Whom to call, what for, and until when."""

    peer: ApplicationEntity
    calling_ae_title: str
    abstract_syntaxes: tuple[str, ...]
    phases: Phases
    deadlines: tuple[Deadline, ...]
    find_options: FindOptions = NO_OPTIONS

    @property
    def kind(self) -> Hashable:
        """Return what a kept association must have in common with it."""
        return self.peer, self.calling_ae_title, self.abstract_syntaxes


@dataclass(frozen=True, slots=True)
class _Admitted:
    """A call that has its places: its addresses, the seconds left to connect, and its limits.

    ``address`` is the one that counts for these.
    """

    interrupts: Interrupts
    waiter: Waiter
    addresses: list[SocketAddress]
    address: str
    left: float
    limit: AssociationLimit | None

    @property
    def idle(self) -> int:
        """Return how many associations may be kept."""
        return self.limit.idle if self.limit else 0


class Pool:
    """Opens associations for the requests of one worker."""

    def __init__(
        self,
        limits: Limits,
        stop: StopSignal,
        bulkheads: Bulkheads,
        policy: TargetPolicy,
        stated: AssociationLimits | None = None,
    ) -> None:
        """Keep what every association is subject to; ``stated`` is what named PACS have of it."""
        self.limits = limits
        self.bulkheads = bulkheads
        self._stop = stop
        self.policy = policy
        self._stated = stated or AssociationLimits()
        self._kept = KeptAssociations(stop)
        self._endings = Endings(bulkheads)

    def close(self) -> None:
        """Release what is kept."""
        self._kept.close()

    @contextmanager
    def association(
        self,
        peer: ApplicationEntity,
        calling_ae_title: str,
        abstract_syntaxes: tuple[str, ...],
        client: socket.socket | None,
        *deadlines: Deadline,
        phases: Phases | None = None,
        find_options: FindOptions = NO_OPTIONS,
    ) -> Iterator[Association]:
        """Lend an association on which at least one of the abstract syntaxes was accepted.

        It is released when the block is left, or aborted if a request of it is unanswered.

        Args:
            peer: whom to call.
            calling_ae_title: who calls.
            abstract_syntaxes: what to propose.
            client: the HTTP client's socket where the server offers it: a hang-up ends every wait.
            deadlines: of what the association is opened for.
            phases: is told how far this comes.
            find_options: what to propose beyond the baseline of C-FIND.

        Raises:
            TargetNotAllowed: policy forbids every address of the peer.
            GatewayBusy: the gateway has no place left for this PACS.
            NameNotResolved: the host name has no address.
            GatewayError: see establish.
        """
        phases = phases or Phases()
        call = _Call(peer, calling_ae_title, abstract_syntaxes, phases, deadlines, find_options)
        with self._admitted(call, client) as admitted, self._opened(call, admitted) as association:
            yield association

    def query(
        self,
        peer: ApplicationEntity,
        calling_ae_title: str,
        abstract_syntaxes: tuple[str, ...],
        client: socket.socket | None,
        work: Callable[[Association], Result],
        *deadlines: Deadline,
        after: ExitStack | None = None,
    ) -> Result:
        """Return what the work returns, which it may do on an association that was kept.

        It is kept again where the configuration of the PACS says so. Work on a kept association
        that ends before the PACS has sent a byte is done once more, on a fresh one: the PACS may
        have closed it in the same moment.

        Args, Raises: as ``association``, and what the work raises. ``after`` is closed when its
        owner has answered, and may take the end of the association, see Endings.
        """
        call = _Call(peer, calling_ae_title, abstract_syntaxes, Phases(), deadlines)
        with self._admitted(call, client) as admitted:
            kept = self._kept.take((call.kind, admitted.address)) if admitted.idle else None
            if kept is not None:
                try:
                    kept.association.resume(Waiter(admitted.interrupts))
                    return self._work(call, admitted, kept.association, kept.held, work, after)
                except (ConnectionLost, AssociationAborted):
                    if kept.association.has_received:
                        raise
                log.info("a kept association had ended, asked again on a fresh one")
            held = ExitStack()
            association = held.enter_context(self._opened(call, admitted))
            return self._work(call, admitted, association, held, work, after)

    def _work(
        self,
        call: "_Call",
        admitted: "_Admitted",
        association: Association,
        held: ExitStack,
        work: Callable[[Association], Result],
        after: ExitStack | None,
    ) -> Result:
        with held:
            result = work(association)
            place = f"{admitted.address} {call.peer.port}"
            key = (call.kind, admitted.address)
            is_kept = admitted.idle > 0 and self._kept.keep(
                key, association, held, place, admitted.idle
            )
            if after is not None and not is_kept:
                self._endings.leave(after, held, place)
        return result

    @contextmanager
    def _admitted(self, call: "_Call", client: socket.socket | None) -> Iterator["_Admitted"]:
        """Hold this worker's places for the call; find out where its PACS is."""
        interrupts = Interrupts(self._stop, client)
        waiter = Waiter(interrupts)
        waiter.check(*call.deadlines)
        peer = call.peer
        with self.bulkheads.place(f"host {peer.host.lower()} {peer.port}"):
            begun = time.monotonic()
            call.phases.begin("resolve")
            addresses = self._addresses(peer, waiter, *call.deadlines)
            call.phases.end()
            left = begun + self.limits.connection_timeout - time.monotonic()
            address = counted_address(addresses)
            limit = self._stated.of(peer, address)
            with self.bulkheads.place(f"PACS {address} {peer.port}"):
                yield _Admitted(interrupts, waiter, addresses, address, left, limit)

    @contextmanager
    def _opened(self, call: "_Call", admitted: "_Admitted") -> Iterator[Association]:
        """Open an association, one of those that its PACS may have."""
        proposal = Proposal(
            call.peer,
            call.calling_ae_title,
            call.abstract_syntaxes,
            admitted.addresses,
            admitted.left,
            call.find_options,
        )
        with (
            closing(
                self.bulkheads.association(
                    admitted.address,
                    call.peer.port,
                    admitted.waiter,
                    *call.deadlines,
                    most=admitted.limit.most if admitted.limit else None,
                )
            ),
            establish(
                proposal, self.limits, admitted.interrupts, call.phases, *call.deadlines
            ) as association,
        ):
            yield association

    def _addresses(
        self, peer: ApplicationEntity, waiter: Waiter, *deadlines: Deadline
    ) -> list[SocketAddress]:
        looking_up = Deadline.after(
            self.limits.connection_timeout,
            NameLookupTimeout,
            f"The look-up of the host name {peer.host!r} took too long.",
        )
        addresses = resolve(peer.host, peer.port, waiter, looking_up, *deadlines)
        return self.policy.permitted(peer.host, addresses)
