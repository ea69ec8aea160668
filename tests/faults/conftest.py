"""A misbehaving PACS, a gateway in front of it, and two guards around each test.

Rule: time is never measured. An answer that does not come is a hang, which the guard ends.
"""

import gc
import io
import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import redirect_stdout
from types import FrameType

import pytest

from dicom_qr_gateway import log
from dicom_qr_gateway.config import Settings
from dicom_qr_gateway.sandbox.misbehaving import MisbehavingPacs, Truth
from tests.dimse.conftest import open_descriptors

from .expectations import limits, only
from .gateway import Gateway, gateway

HANG_GUARD = 12  # seconds, ten times the longest deadline that a test waits for
PACE = 0.02  # seconds
VERBOSE = {"LOG_FORMAT": "json", "DICOM_DEBUG": "true"}


@pytest.fixture(scope="session")
def misbehaving() -> Iterator[MisbehavingPacs]:
    """Return a misbehaving PACS that runs for all tests."""
    with MisbehavingPacs(port=0, pace=PACE) as pacs:
        yield pacs


@pytest.fixture(scope="session", autouse=True)
def gateways() -> None:
    """Make every gateway before any test counts descriptors."""
    deadlines = [only("QUERY_TIMEOUT"), only("RETRIEVE_TIMEOUT")]
    for options in [*map(limits, Truth), *deadlines]:
        gateway(frozenset(options.items()))


@pytest.fixture(autouse=True)
def no_hang() -> Iterator[None]:
    """Fail a test that hangs."""

    def hung(signal_number: int, frame: FrameType | None) -> None:
        pytest.fail(f"hung for {HANG_GUARD} s")

    before = signal.signal(signal.SIGALRM, hung)
    signal.alarm(HANG_GUARD)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="module", autouse=True)
def quick_collections() -> Iterator[None]:
    """Keep the garbage collections of the next guard to what the tests themselves make."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def nothing_left_behind(no_hang: None, misbehaving: MisbehavingPacs) -> Iterator[None]:
    """Fail a test after which a thread or a descriptor is left that was not there before."""
    gc.collect()
    threads, descriptors = set(threading.enumerate()), open_descriptors()
    yield
    for thread in set(threading.enumerate()) - threads:
        thread.join()
    gc.collect()
    assert set(threading.enumerate()) <= threads
    assert open_descriptors() - descriptors == set()


@pytest.fixture
def asking() -> Iterator[Gateway]:
    """Return what asks a gateway that logs everything it can."""
    logger = logging.getLogger("dicom_qr_gateway")
    level, handlers, written = logger.level, list(logger.handlers), io.StringIO()
    with redirect_stdout(written):
        log.configure(Settings.from_environ(VERBOSE))
    yield Gateway(written)
    logger.setLevel(level)
    logger.handlers[:] = handlers
