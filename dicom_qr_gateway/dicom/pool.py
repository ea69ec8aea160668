"""Where associations come from: policy, limits, name look-up, then one association for one user.

Rule: every association of the gateway is opened here, so that no limit can be walked around.
"""

import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

from dicom_qr_gateway.dicom.association import Association
from dicom_qr_gateway.dicom.association_limits import AssociationLimits
from dicom_qr_gateway.dicom.bulkheads import Bulkheads
from dicom_qr_gateway.dicom.establish import Proposal, establish
from dicom_qr_gateway.dicom.name_lookup import SocketAddress, resolve
from dicom_qr_gateway.dicom.phases import Phases
from dicom_qr_gateway.dicom.target_policy import TargetPolicy
from dicom_qr_gateway.dicom.types import ApplicationEntity, Deadline, Limits
from dicom_qr_gateway.dicom.waiting import Interrupts, StopSignal, Waiter
from dicom_qr_gateway.errors import NameLookupTimeout


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

    @contextmanager
    def association(
        self,
        peer: ApplicationEntity,
        calling_ae_title: str,
        abstract_syntaxes: tuple[str, ...],
        client: socket.socket | None,
        *deadlines: Deadline,
        phases: Phases | None = None,
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

        Raises:
            TargetNotAllowed: policy forbids every address of the peer.
            GatewayBusy: the gateway has no place left for this PACS.
            NameNotResolved: the host name has no address.
            GatewayError: see establish.
        """
        interrupts = Interrupts(self._stop, client)
        waiter = Waiter(interrupts)
        waiter.check(*deadlines)
        with self.bulkheads.place(f"host {peer.host.lower()} {peer.port}"):
            begun = time.monotonic()
            phases = phases or Phases()
            phases.begin("resolve")
            addresses = self._addresses(peer, waiter, *deadlines)
            phases.end()
            left = begun + self.limits.connection_timeout - time.monotonic()
            proposal = Proposal(peer, calling_ae_title, abstract_syntaxes, addresses, left)
            first = addresses[0].address
            most = self._stated.most(peer, first)
            with (
                self.bulkheads.place(f"PACS {first} {peer.port}"),
                closing(
                    self.bulkheads.association(first, peer.port, waiter, *deadlines, most=most)
                ),
                establish(proposal, self.limits, interrupts, phases, *deadlines) as association,
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
