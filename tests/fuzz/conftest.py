"""What every fuzz test stands on: a gateway that may ask loopback alone, a PACS, and guards.

FUZZ_CASES says how many requests all tests together make, about; 500 by default.
"""

import os
import signal
import socket
from collections.abc import Iterator
from types import FrameType

import pytest
from hypothesis import HealthCheck, settings

from dicom_qr_gateway.sandbox.server import Sandbox
from tests.http.conftest import ContractClient
from tests.http.real import a_gateway

from .checking import SEEN
from .network import Guard, guarded_loopback

CASES = int(os.environ.get("FUZZ_CASES", "500"))
HANG_GUARD = 60.0 + CASES / 10  # seconds for a test, of which each request may take 2
OPTIONS = {
    "ALLOWED_PACS": "127.0.0.0/8,[::1]",
    "QUERY_TIMEOUT": "2",
    "RETRIEVE_TIMEOUT": "2",
}


def share(percent: int) -> settings:
    """Return the settings of a test that makes so many of all cases."""
    return settings(
        max_examples=max(CASES * percent // 100, 1),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example],
        print_blob=True,
    )


@pytest.fixture(autouse=True)
def no_hang() -> Iterator[None]:
    """Fail a test that hangs, with the traceback of where it does."""

    def hung(signal_number: int, frame: FrameType | None) -> None:
        pytest.fail(f"hung for {HANG_GUARD:.0f} s")

    before = signal.signal(signal.SIGALRM, hung)
    signal.setitimer(signal.ITIMER_REAL, HANG_GUARD)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """The demo PACS, and its destination."""
    with Sandbox(port=0, destination_port=0) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def closed_port() -> Iterator[int]:
    """A port that nobody else gets and nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock.getsockname()[1]


@pytest.fixture(scope="module", autouse=True)
def guard() -> Iterator[Guard]:
    """Stub the name look-up and stand before every connect of the module's tests."""
    with guarded_loopback() as guard:
        yield guard


@pytest.fixture(autouse=True)
def _nobody_got_out(guard: Guard) -> Iterator[None]:
    yield
    assert guard.refused == []


@pytest.fixture(scope="module")
def gateway(guard: Guard) -> ContractClient:
    """A gateway that believes no proxy."""
    return a_gateway(**OPTIONS)


@pytest.fixture(scope="module")
def proxied_gateway(guard: Guard) -> ContractClient:
    """A gateway that believes one proxy."""
    return a_gateway(**OPTIONS, TRUSTED_PROXIES="1")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many requests were made and how they ended."""
    if SEEN:
        ended = ", ".join(f"{status}: {count}" for status, count in sorted(SEEN.items()))
        terminalreporter.write_line(f"fuzz: {SEEN.total()} requests ({ended})")
