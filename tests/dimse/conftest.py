"""What every test of the DIMSE engine stands on: peers, services, and two guards.

Rule: a time-out that a test is not about is ten minutes long, and a test that takes HANG_GUARD
seconds hangs: whichever deadline ends a request is the one the test has shortened.
"""

import gc
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from types import FrameType

import pytest

from dicom_qr_gateway.dicom.types import ApplicationEntity, Limits, Quirks
from dicom_qr_gateway.dicom.waiting import StopSignal
from dicom_qr_gateway.named_pacs import NamedPacs
from dicom_qr_gateway.services.qido import Answer, QidoService
from dicom_qr_gateway.services.qido_attributes import Level
from dicom_qr_gateway.services.qido_request import read_search
from dicom_qr_gateway.services.query import FoundStudies, QueryService, StudyQuery
from dicom_qr_gateway.services.retrieve import Retrieved, RetrieveService, StudyRetrieve
from tests.pools import a_pool

from .archive import Archive
from .scripted_pacs import Script, ScriptedPacs
from .searching import Search

HANG_GUARD = 60.0  # seconds
PATIENT = Limits(
    acse_timeout=600,
    dimse_timeout=600,
    network_timeout=600,
    connection_timeout=600,
    query_timeout=600,
    retrieve_idle_timeout=600,
    retrieve_timeout=600,
)


def open_descriptors() -> set[str]:
    """Return what is open in this process: descriptor and what it refers to."""
    found = set()
    for name in os.listdir("/proc/self/fd"):
        try:
            found.add(f"{name} -> {os.readlink(f'/proc/self/fd/{name}')}")
        except FileNotFoundError:  # the listing's own
            continue
    return {each for each in found if "dicom-qr-gateway-slots" not in each}  # used again


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


@pytest.fixture
def stop() -> StopSignal:
    """Return the gateway's stop signal."""
    return StopSignal()


@pytest.fixture(scope="module", autouse=True)
def quick_collections() -> Iterator[None]:
    """Keep the garbage collections of ``nothing_left_behind`` to what the tests themselves make."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def nothing_left_behind(no_hang: None, stop: StopSignal) -> Iterator[None]:
    """Fail a test after which a thread or a descriptor is left that was not there before."""
    gc.collect()
    threads, descriptors = set(threading.enumerate()), open_descriptors()
    yield
    for thread in set(threading.enumerate()) - threads:
        thread.join(HANG_GUARD)
    gc.collect()
    assert set(threading.enumerate()) <= threads
    assert open_descriptors() - descriptors == set()


@pytest.fixture
def pacs_with() -> Iterator[Callable[..., ScriptedPacs]]:
    """Return a maker of scripted PACS: one script for each connection, the last for the rest."""
    made: list[ScriptedPacs] = []

    def make(*scripts: Script, host: str = "127.0.0.1") -> ScriptedPacs:
        made.append(ScriptedPacs(*scripts, host=host))
        return made[-1]

    yield make
    for pacs in made:
        pacs.finish()


@pytest.fixture(scope="module")
def running_archive() -> Iterator[Archive]:
    """Return an archive by pynetdicom, which runs for a whole module."""
    archive = Archive()
    yield archive
    archive.shut_down()


@pytest.fixture
def archive(running_archive: Archive, nothing_left_behind: None) -> Archive:
    """Return the archive without studies and memories."""
    running_archive.forget()
    return running_archive


def a_query(pacs: ApplicationEntity, **fields: object) -> StudyQuery:
    """Return the query of patient P1, with these fields of StudyQuery."""
    return StudyQuery(pacs, "GATEWAY", **{"patient_id": "P1", **fields})  # type: ignore[arg-type]


@pytest.fixture
def find(stop: StopSignal) -> Callable[..., FoundStudies]:
    """Return QueryService.find for patient P1."""

    def call(
        pacs: ApplicationEntity | ScriptedPacs,
        limits: Limits = PATIENT,
        client: socket.socket | None = None,
        **fields: object,
    ) -> FoundStudies:
        entity = pacs.entity if isinstance(pacs, ScriptedPacs) else pacs
        return QueryService(a_pool(limits, stop)).find(a_query(entity, **fields), client)

    return call


@pytest.fixture
def retrieve(stop: StopSignal) -> Callable[..., Retrieved]:
    """Return RetrieveService.retrieve for patient P1, to the destination DEST."""

    def call(
        pacs: ApplicationEntity | ScriptedPacs,
        limits: Limits = PATIENT,
        client: socket.socket | None = None,
        **fields: object,
    ) -> Retrieved:
        entity = pacs.entity if isinstance(pacs, ScriptedPacs) else pacs
        pool = a_pool(limits, stop)
        service = RetrieveService(pool, QueryService(pool))
        return service.retrieve(StudyRetrieve(a_query(entity, **fields), "DEST"), client)

    return call


@pytest.fixture
def a_client() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Return the gateway's end and the client's end of an HTTP connection."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


@pytest.fixture
def search(stop: StopSignal) -> Iterator[Search]:
    """Return a search of one PACS, or of several; what it leaves open is closed after the test."""
    answers: list[Answer] = []

    def call(
        *pacs: ApplicationEntity | ScriptedPacs,
        level: Level = Level.STUDIES,
        path: dict[str, str] | None = None,
        quirks: Quirks | None = None,
        client: socket.socket | None = None,
        limits: Limits = PATIENT,
        **parameters: str,
    ) -> Answer:
        named = []
        for number, each in enumerate(pacs):
            peer = each.entity if isinstance(each, ScriptedPacs) else each
            if quirks is not None:
                peer = ApplicationEntity(peer.host, peer.port, peer.ae_title, quirks)
            named.append(NamedPacs(f"pacs{number}", peer, "GATEWAY"))
        asked = read_search(level, path or {}, parameters.items())
        answers.append(QidoService(a_pool(limits, stop)).search(asked, named, client))
        return answers[-1]

    yield call
    for answer in answers:
        answer.close()


@pytest.fixture
def few_rows_held(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make an answer of more than 3 rows a stream, but for a page of 4."""
    for module in ("qido", "qido_session"):
        monkeypatch.setattr(f"dicom_qr_gateway.services.{module}.MAX_ROWS_HELD", 3)
    monkeypatch.setattr("dicom_qr_gateway.services.qido.MAX_PAGE", 4)
