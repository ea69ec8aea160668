"""The association of one search, and a fresh one in its place where it is over.

Rule: there is one at a time, so that a search counts once in the limits of its PACS.
"""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack

from dicom_qr_gateway.dicom.association import Association
from dicom_qr_gateway.services.uid_lists import ListUse

log = logging.getLogger(__name__)


class LentAssociation:
    """What a pool lends to a search; ``lists`` says whether it asks by lists of UIDs."""

    def __init__(self, lend: Callable[[], AbstractContextManager[Association]]) -> None:
        """Open it.

        Raises:
            GatewayError: see Pool.association.
        """
        self._lend = lend
        self._open = ExitStack()
        self.association = self._open.enter_context(lend())
        self.lists = ListUse()

    def fresh(self) -> Association:
        """End the association and return another one.

        Raises:
            GatewayError: see Pool.association.
        """
        log.info("the association is over, opened again for what is still to ask")
        self.close()
        self.association = self._open.enter_context(self._lend())
        return self.association

    def close(self) -> None:
        """End the association; a second call does nothing."""
        self._open.close()
