"""Every option in one table: name, default, parser, what is accepted, what it means.

Rule: ``docs/configuration.md`` is rendered from ``OPTIONS``; an option that is not in the table
does not exist. A bad value stops the start with one line that names variable, value and what is
accepted.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace

from dicom_qr_gateway.dicom.target_policy import TargetPolicy
from dicom_qr_gateway.dicom.types import Limits
from dicom_qr_gateway.options import (
    ConfigurationError,
    Option,
    ae_title,
    ae_titles,
    allowed_targets,
    boolean,
    listen_address,
    number,
    one_of,
    origins,
    path_prefix,
    whole_number,
)

__all__ = ["OPTIONS", "ConfigurationError", "Option", "Settings"]

A_WEEK = 7 * 24 * 3600


def _seconds(name: str, default: str, doc: str) -> Option:
    return Option(
        name, default, number(0, A_WEEK), "seconds: a number above 0, at most a week", doc
    )


OPTIONS: tuple[Option, ...] = (
    Option(
        "DICOM_DEBUG",
        "false",
        boolean,
        "true or false",
        "Verbose logging: PDUs by type and length, DIMSE fields; never patient data.",
    ),
    Option("LOG_TO_CONSOLE", "true", boolean, "true or false", "Attach a log handler to stdout."),
    Option(
        "LOG_FORMAT",
        "text",
        one_of("text", "json"),
        "text or json",
        "Log lines for people, or one JSON object a line.",
    ),
    _seconds(
        "ACSE_TIMEOUT",
        "10",
        "Association negotiation: from A-ASSOCIATE-RQ to the complete AC or RJ.",
    ),
    _seconds(
        "DIMSE_TIMEOUT",
        "10",
        "DIMSE message: from the request to the first complete response, and between complete "
        "responses, of C-FIND and C-ECHO.",
    ),
    _seconds(
        "NETWORK_TIMEOUT",
        "10",
        "Low-level network: no byte while a PDU is incomplete or a send is blocked.",
    ),
    _seconds(
        "CONNECTION_TIMEOUT",
        "10",
        "Name look-up and TCP connection, all addresses of the name together.",
    ),
    _seconds("QUERY_TIMEOUT", "60", "A whole query, however many PACS it asks."),
    _seconds(
        "RETRIEVE_IDLE_TIMEOUT",
        "300",
        "The longest silence between two C-MOVE responses, the first included.",
    ),
    _seconds("RETRIEVE_TIMEOUT", "3600", "A whole /qr."),
    Option(
        "MAX_MATCHES",
        "50000",
        whole_number(1, 10_000_000),
        "a whole number from 1 to 10000000",
        "The most matches one query may have, of all its PACS together; more is an error, never a "
        "cut answer.",
    ),
    Option(
        "MAX_RESPONSE_BYTES",
        "67108864",
        whole_number(1024, 2**40),
        "bytes: a whole number from 1024",
        "The most bytes all responses of one query may have together, of all its PACS.",
    ),
    Option(
        "MAX_ASSOCIATIONS_PER_PACS",
        "8",
        whole_number(1, 4096),
        "a whole number from 1 to 4096",
        "The most associations with one PACS (address and port) at a time, all workers together.",
    ),
    _seconds(
        "QUEUE_TIMEOUT",
        "5",
        "How long a request waits for one of them before it is answered 503 gateway_busy.",
    ),
    Option(
        "PACS_CONFIG",
        "",
        str,
        "the path of a TOML file; empty for none",
        "The PACS that requests may name instead of an address: see below.",
    ),
    Option(
        "NAMED_PACS_ONLY",
        "false",
        boolean,
        "true or false",
        "Refuse requests that give the address of a PACS instead of a name.",
    ),
    Option(
        "CALLING_AE_TITLE",
        "QRGATEWAY",
        ae_title,
        "an AE title of 1 to 16 characters",
        "Who calls a named PACS that states no calling_ae_title, and who calls from the command "
        "line.",
    ),
    Option(
        "ALLOWED_PACS",
        "",
        allowed_targets,
        "a comma list of address, CIDR network or host name, each with :port or without "
        "([IPv6]:port); empty for all",
        "Which PACS may be asked, judged by the resolved address that is then connected to. "
        "Link-local, metadata, multicast, unspecified and broadcast addresses never are.",
    ),
    Option(
        "ALLOWED_DESTINATIONS",
        "",
        ae_titles,
        "a comma list of AE titles of 1 to 16 characters; empty for all",
        "Which move destinations /qr may name.",
    ),
    Option(
        "CORS_ORIGINS",
        "",
        origins,
        "a comma list of origins like https://viewer.example.org, or *; empty for none",
        "Pages of which origins may read /dicom-web from a browser.",
    ),
    Option(
        "TRUSTED_PROXIES",
        "0",
        whole_number(0, 10),
        "a whole number from 0 to 10",
        "How many reverse proxies stand in front and set X-Forwarded-For, -Proto, -Host, -Prefix.",
    ),
    Option(
        "SCRIPT_NAME",
        "",
        path_prefix,
        "a path like /pacs-gateway, no slash at its end; empty for none",
        "The path prefix that the gateway serves under, where no proxy cuts it off.",
    ),
    Option(
        "BIND",
        "127.0.0.1:8080",
        listen_address,
        "address:port or [IPv6 address]:port",
        "Where gunicorn listens.",
    ),
    Option(
        "WEB_CONCURRENCY",
        str(os.cpu_count() or 1),
        whole_number(1, 256),
        "a whole number from 1 to 256",
        "Worker processes; the default is the number of processors.",
    ),
    Option(
        "WEB_THREADS",
        "16",
        whole_number(1, 1024),
        "a whole number from 1 to 1024",
        "Threads a worker: requests it can hold while their PACS answer.",
    ),
    Option(
        "GRACEFUL_TIMEOUT",
        "30",
        whole_number(3, 86_400),
        "seconds: a whole number from 3 to 86400",
        "From SIGTERM to the end of the process. Two seconds before, the gateway itself ends what "
        "still runs and answers it.",
    ),
    Option(
        "DRAIN_SECONDS",
        "0",
        whole_number(0, 86_400),
        "seconds: a whole number from 0 to 86400",
        "How long /ready says 503 after SIGTERM while everything is still served; counts within "
        "GRACEFUL_TIMEOUT, and ends 2 s before it at the latest.",
    ),
)


@dataclass(frozen=True)
class Settings:
    """The values of all options, parsed and checked."""

    dicom_debug: bool
    log_to_console: bool
    log_format: str
    acse_timeout: float
    dimse_timeout: float
    network_timeout: float
    connection_timeout: float
    query_timeout: float
    retrieve_idle_timeout: float
    retrieve_timeout: float
    max_matches: int
    max_response_bytes: int
    max_associations_per_pacs: int
    queue_timeout: float
    pacs_config: str
    named_pacs_only: bool
    calling_ae_title: str
    allowed_pacs: TargetPolicy
    allowed_destinations: frozenset[str]
    cors_origins: frozenset[str]
    trusted_proxies: int
    script_name: str
    bind: str
    web_concurrency: int
    web_threads: int
    graceful_timeout: int
    drain_seconds: int

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        """Read every option.

        Raises:
            ConfigurationError: the first value that is not accepted.
        """
        return cls(**{option.field: option.read(environ) for option in OPTIONS})

    @property
    def policy(self) -> TargetPolicy:
        """Return which PACS may be asked and which destinations may be moved to."""
        return replace(self.allowed_pacs, destinations=self.allowed_destinations)

    @property
    def limits(self) -> Limits:
        """Return the time-outs and budgets of DICOM operations."""
        return Limits(**{name: getattr(self, name) for name in Limits.__slots__})
