"""How a search is to be answered: the parameters that are no attributes (PS3.18 8.3.3 and 8.3.4).

Rule: each comes at most once and has a value that is accepted; one that is understood and not
performed is said not to be.
"""

import re
from typing import Final

from dicom_qr_gateway.services.attribute_names import Refused

OPTIONS: Final = (
    *("limit", "offset", "partial", "charset"),
    *("fuzzymatching", "emptyvaluematching", "multiplevaluematching"),
)
_NUMBER: Final = re.compile(r"[0-9]{1,9}")
_CHARSETS: Final = frozenset(("utf-8", "*"))  # PS3.18 8.3.3.2, of which answers have one

# The sentence of PS3.18 8.3.4.6.
NOT_MULTIPLE: Final = (
    "The multiplevaluematching parameter is not supported. Multiple Value Matching has not been "
    "performed."
)


class Options:
    """The options that were given so far; ``warnings`` are what must be said of them."""

    def __init__(self) -> None:
        """Begin with none."""
        self._given: dict[str, str] = {}
        self.warnings: list[str] = []

    def read(self, name: str, value: str) -> None:
        """Take in one of OPTIONS.

        Raises:
            Refused: it comes twice or has a value that is not accepted.
        """
        if name in self._given:
            raise Refused("The parameter is given more than once.")
        if name in ("limit", "offset"):
            if not _NUMBER.fullmatch(value):
                raise Refused("A whole number from 0 to 999999999.")
        elif name == "charset":
            offered = (each.partition(";")[0].strip().lower() for each in value.split(","))
            if _CHARSETS.isdisjoint(offered):
                raise Refused("Answers are in utf-8.")
        elif value.lower() not in ("true", "false"):
            raise Refused("Either true or false.")
        elif name == "multiplevaluematching" and value.lower() == "true":
            self.warnings.append(NOT_MULTIPLE)
        self._given[name] = value.lower()

    def is_on(self, name: str) -> bool:
        """Tell whether an option is true."""
        return self._given.get(name) == "true"

    def number(self, name: str) -> int | None:
        """Return the number that an option is, None where it was not given."""
        return int(self._given[name]) if name in self._given else None
