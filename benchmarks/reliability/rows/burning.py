"""Row 10: no response is lost while other threads hold the interpreter's lock."""

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.common import wire
from benchmarks.common.figures import Figure, Row, all_of
from benchmarks.reliability.bench import Bench
from benchmarks.reliability.client import Target
from dicom_qr_gateway.dicom.budgets import FindBudget
from dicom_qr_gateway.dicom.bulkheads import Bulkheads
from dicom_qr_gateway.dicom.c_find import c_find
from dicom_qr_gateway.dicom.pool import Pool
from dicom_qr_gateway.dicom.target_policy import TargetPolicy
from dicom_qr_gateway.dicom.types import ApplicationEntity, Limits
from dicom_qr_gateway.dicom.uids import STUDY_ROOT_FIND
from dicom_qr_gateway.dicom.waiting import StopSignal
from dicom_qr_gateway.errors import GatewayError
from dicom_qr_gateway.services.query import QueryService, StudyQuery

FINDS = 10_000
BURNING = 4  # threads
FINDING = 4  # threads
# The default of 5 ms would make each find take 100 ms and more; a shorter turn only means that
# the lock changes hands more often, at more places.
TURN = 0.0005  # seconds

_LIMITS = Limits(max_associations_per_pacs=2 * FINDING)


def run(bench: Bench) -> Iterator[Figure]:
    half = FINDS // 2
    yield all_of(
        f"{half:,} finds with {BURNING} threads burning, an association each: all matches arrive",
        finds_while_burning(bench.target(), half, kept=False),
        (wire.MATCHES).__eq__,
    )
    yield all_of(
        f"{half:,} finds with {BURNING} threads burning, on {FINDING} kept associations: "
        "all matches arrive",
        finds_while_burning(bench.target(), half, kept=True),
        (wire.MATCHES).__eq__,
    )


def finds_while_burning(target: Target, count: int, *, kept: bool) -> list[int | str]:
    """Return how many matches each find had, or the error it ended by."""
    pool = Pool(_LIMITS, StopSignal(), Bulkheads(_LIMITS, 4 * FINDING), TargetPolicy())
    found: list[int | str] = []
    find = _on_a_kept_association if kept else _on_associations
    threads = [
        threading.Thread(target=find, args=(pool, target, count // FINDING, found))
        for _ in range(FINDING)
    ]
    with _burning():
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return found


def _on_associations(pool: Pool, target: Target, count: int, found: list[int | str]) -> None:
    service = QueryService(pool)
    query = StudyQuery(_entity(target), "GATEWAY", target.patient_id)
    for _ in range(count):
        try:
            found.append(len(service.find(query, None).studies))
        except GatewayError as error:
            found.append(error.error)


def _on_a_kept_association(pool: Pool, target: Target, count: int, found: list[int | str]) -> None:
    no_client: socket.socket | None = None
    deadline = _LIMITS.response_deadline
    keys = {"QueryRetrieveLevel": "STUDY", "PatientID": target.patient_id, "StudyInstanceUID": ""}
    try:
        with pool.association(
            _entity(target), "GATEWAY", (STUDY_ROOT_FIND,), no_client, deadline()
        ) as association:
            context = association.context_for(STUDY_ROOT_FIND)
            for _ in range(count):
                budget = FindBudget(_LIMITS)
                matches = c_find(association, context, keys, _LIMITS, budget, deadline())
                found.append(len(list(matches)))
    except GatewayError as error:
        found.append(error.error)


def _entity(target: Target) -> ApplicationEntity:
    return ApplicationEntity(target.address, target.port, target.behaviour)


@contextmanager
def _burning() -> Iterator[None]:
    """Burn the interpreter's lock in threads of this process."""
    is_over = threading.Event()

    def burn() -> None:
        while not is_over.is_set():
            sum(range(2000))

    threads = [threading.Thread(target=burn) for _ in range(BURNING)]
    turn = sys.getswitchinterval()
    sys.setswitchinterval(TURN)
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
        sys.setswitchinterval(turn)


ROW = Row(
    "10",
    "a busy interpreter",
    "Four threads of the same process do nothing but compute while four others find; stock "
    "pynetdicom loses 1 to 2 % of such responses on kept associations. The interpreter's turn is "
    f"{TURN * 1000} ms instead of 5, so that the lock changes hands more often.",
    run,
    seconds=240,
)
