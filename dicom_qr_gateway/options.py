"""What an option is: an environment variable with a default, a parser and words for people.

Rule: a parser returns the value or raises ValueError; ``Option.read`` turns that into one line
that names the variable, the value and what is accepted.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv6Network, ip_network
from typing import Any

from dicom_qr_gateway.dicom.target_policy import Network, Target, TargetPolicy, inner_network

AE_TITLE = re.compile(r"[\x21-\x5b\x5d-\x7e](?:[\x20-\x5b\x5d-\x7e]{0,14}[\x21-\x5b\x5d-\x7e])?")
# RFC 1123 2.1; a last label that is a number makes it a mistyped address, as in requests.
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
HOST_NAME = re.compile(rf"(?!.{{254}})(?:{_LABEL}\.)*(?!(?:[0-9]+|0[xX][0-9A-Fa-f]*)$){_LABEL}")
_WITH_PORT = re.compile(r"(\[[^\[\]]+\]|[^:\[\]]+):([^:]+)")
_IN_BRACKETS = re.compile(r"\[([^\[\]]+)\]")

DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:.]+\](:[0-9]{1,5})?|\*")
PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)*")

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
        if not DECIMAL.fullmatch(text) or not low < float(text) <= high:
            raise ValueError(text)
        return float(text)

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


def path_prefix(text: str) -> str:
    """Parse ``/segment/...`` without a slash at its end, or nothing."""
    if not PREFIX.fullmatch(text) or "/../" in f"{text}/" or "/./" in f"{text}/":
        raise ValueError(text)
    return text


def listen_address(text: str) -> str:
    """Parse ``host:port`` or ``[v6]:port``."""
    host, colon, port = text.rpartition(":")
    if not host or not colon or (":" in host and not host.startswith("[")):
        raise ValueError(text)
    whole_number(1, 65535)(port)
    return text


def comma_list(text: str) -> list[str]:
    """Split at commas; spaces around an entry do not count, an empty text has no entries."""
    entries = [entry.strip() for entry in text.split(",")] if text else []
    if not all(entries):
        raise ValueError(text)
    return entries


def ae_title(text: str) -> str:
    """Parse an AE title."""
    if not AE_TITLE.fullmatch(text):
        raise ValueError(text)
    return text


def ae_titles(text: str) -> frozenset[str]:
    """Parse a comma list of AE titles."""
    return frozenset(ae_title(title) for title in comma_list(text))


def allowed_targets(text: str) -> TargetPolicy:
    """Parse a comma list of addresses, networks and host names, each with or without a port."""
    return TargetPolicy(tuple(_target(entry) for entry in comma_list(text)))


def _target(entry: str) -> Target:
    """Parse ``where``, ``where:port`` or ``[IPv6]:port``."""
    found = _WITH_PORT.fullmatch(entry)
    if found is None:
        return Target(_where(entry), None)
    where, port = found.groups()
    return Target(_where(where), whole_number(1, 65535)(port))


def _where(text: str) -> Network | str:
    if HOST_NAME.fullmatch(text):
        return text.lower()
    if "%" in text:  # a zone is meant for one machine, and no request may name one
        raise ValueError(text)
    bracketed = _IN_BRACKETS.fullmatch(text)
    return inner_network(IPv6Network(bracketed[1]) if bracketed else ip_network(text))


def origins(text: str) -> frozenset[str]:
    """Return the origins of a comma list, as browsers write them (RFC 6454 6.1)."""
    found = frozenset(each.strip() for each in text.split(",")) if text else frozenset()
    if not all(ORIGIN.fullmatch(each) for each in found):
        raise ValueError(text)
    return found
