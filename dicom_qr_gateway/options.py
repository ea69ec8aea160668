"""What an option is: an environment variable with a default, a parser and words for people.

Rule: a parser returns the value or raises ValueError; ``Option.read`` turns that into one line
that names the variable, the value and what is accepted.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

TRUE_WORDS = ("true", "1", "yes", "on")
FALSE_WORDS = ("false", "0", "no", "off")


class ConfigurationError(Exception):
    """One line for the operator: variable, value, what is accepted."""


@dataclass(frozen=True)
class Option:
    """One environment variable.

    ``parse`` turns its text into the value or raises ValueError.
    """

    name: str
    default: str
    parse: Callable[[str], Any]
    accepted: str
    doc: str

    @property
    def field(self) -> str:
        """Return the name of the attribute of Settings that holds the value."""
        return self.name.lower()

    def read(self, environ: Mapping[str, str]) -> Any:
        """Return the value the environment gives, or the default's.

        Raises:
            ConfigurationError: the text is not accepted.
        """
        text = environ.get(self.name, self.default)
        try:
            return self.parse(text.strip())
        except ValueError:
            raise ConfigurationError(
                f"{self.name}={text!r} is not accepted: give {self.accepted}"
            ) from None


def boolean(text: str) -> bool:
    """Parse a yes/no word."""
    if text.lower() in TRUE_WORDS:
        return True
    if text.lower() in FALSE_WORDS:
        return False
    raise ValueError(text)


def number(low: float, high: float) -> Callable[[str], float]:
    """Return a parser of a finite number with low < value <= high."""

    def parse(text: str) -> float:
        value = float(text)
        if not math.isfinite(value) or not low < value <= high:
            raise ValueError(text)
        return value

    return parse


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """Return a parser of an integer with low <= value <= high."""

    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            raise ValueError(text)
        return int(text)

    return parse


def one_of(*words: str) -> Callable[[str], str]:
    """Return a parser of one of a few words."""

    def parse(text: str) -> str:
        if text.lower() not in words:
            raise ValueError(text)
        return text.lower()

    return parse


def listen_address(text: str) -> str:
    """Parse ``host:port`` or ``[v6]:port``."""
    host, colon, port = text.rpartition(":")
    if not host or not colon or (":" in host and not host.startswith("[")):
        raise ValueError(text)
    whole_number(1, 65535)(port)
    return text
