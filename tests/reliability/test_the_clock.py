"""Row 14: the system clock jumps by a day, within this process."""

import itertools
import time

import pytest

from benchmarks.reliability.bench import Bench
from benchmarks.reliability.client import Target
from benchmarks.reliability.rows.clock import wall_clock_readers
from dicom_qr_gateway.dicom.types import ApplicationEntity, Limits
from dicom_qr_gateway.dicom.waiting import StopSignal
from dicom_qr_gateway.errors import AssociationTimeout
from dicom_qr_gateway.services.query import FoundStudies, QueryService, StudyQuery
from tests.pools import a_pool

A_DAY = 86_400.0
LIMITS = Limits(acse_timeout=1.0)


@pytest.fixture
def clock_that_jumps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the clock a day ahead, or back again, each time that it is read."""
    jumps = itertools.cycle([0.0, A_DAY])
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + next(jumps))


def find(target: Target) -> FoundStudies:
    entity = ApplicationEntity(target.address, target.port, target.behaviour)
    query = StudyQuery(entity, "GATEWAY", target.patient_id)
    return QueryService(a_pool(LIMITS, StopSignal())).find(query, None)


def test_no_deadline_is_taken_from_the_system_clock() -> None:
    assert list(wall_clock_readers()) == []


@pytest.mark.usefixtures("clock_that_jumps")
def test_a_clock_that_jumps_ends_no_query_early(bench: Bench) -> None:
    assert len(find(bench.target()).studies) == 3


@pytest.mark.usefixtures("clock_that_jumps")
def test_a_clock_that_jumps_stretches_no_deadline(bench: Bench) -> None:
    with pytest.raises(AssociationTimeout):
        find(bench.target("SILENT"))
