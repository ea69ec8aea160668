"""The PACS that the gateway knows by name.

Rule: a directory is replaced as a whole or not at all, so that nobody ever sees half of two.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from dicom_qr_gateway.dicom.types import ApplicationEntity, Quirks
from dicom_qr_gateway.errors import NoSuchPacs

_WHERE: Final = "PACS_CONFIG names them, GET /pacs lists them."
_NOWHERE: Final = "none has one, since PACS_CONFIG is not set."


@dataclass(frozen=True, slots=True)
class NamedPacs:
    """A PACS as PACS_CONFIG describes it.

    ``max_associations`` is None where MAX_ASSOCIATIONS_PER_PACS counts; ``idle_associations`` is
    how many may be kept open between requests.
    """

    name: str
    peer: ApplicationEntity
    calling_ae_title: str
    description: str = ""
    max_associations: int | None = None
    idle_associations: int = 0

    @property
    def quirks(self) -> Quirks:
        """Return in what it must be treated otherwise than others."""
        return self.peer.quirks


class PacsDirectory:
    """Named PACS, in the order of their configuration."""

    def __init__(self, pacs: Iterable[NamedPacs] = (), *, named_only: bool = False) -> None:
        """Begin with these.

        Args:
            pacs: names are different, or the last one counts.
            named_only: NAMED_PACS_ONLY, whether requests may name nothing else.
        """
        self.named_only = named_only
        self.replace(pacs)

    def replace(self, pacs: Iterable[NamedPacs]) -> None:
        """Know these from now on, and no others."""
        self._by_name = {each.name: each for each in pacs}

    def get(self, name: str) -> NamedPacs:
        """Return the PACS of that name.

        Raises:
            NoSuchPacs: there is none.
        """
        try:
            return self._by_name[name]
        except KeyError:
            where = _WHERE if self._by_name else _NOWHERE
            raise NoSuchPacs(f"This gateway knows no PACS of that name: {where}") from None

    @property
    def names(self) -> tuple[str, ...]:
        """Return every name."""
        return tuple(self._by_name)

    @property
    def all(self) -> tuple[NamedPacs, ...]:
        """Return every PACS."""
        return tuple(self._by_name.values())
