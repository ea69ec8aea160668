"""Extended negotiation of C-FIND: what a PACS does beyond the baseline (PS3.4 C.5.1.1).

Rule: nothing counts as agreed that the PACS did not answer with a 1.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class FindOptions:
    """Relational queries (PS3.4 C.4.1.3.2) and fuzzy matching of names (C.2.2.2.1.1)."""

    relational: bool = False
    fuzzy_matching: bool = False

    def encode(self) -> bytes:
        """Return the service class application information; b"" where nothing is proposed.

        Combined matching of date and time, the second byte, is never proposed: what a search
        finds must not depend on who can do it.
        """
        if not (self.relational or self.fuzzy_matching):
            return b""
        return bytes((self.relational, False, self.fuzzy_matching))

    @classmethod
    def decode(cls, information: bytes) -> "FindOptions":
        """Read the information; what is not there was not agreed."""
        return cls(information[0:1] == b"\1", information[2:3] == b"\1")


NO_OPTIONS: Final = FindOptions()
