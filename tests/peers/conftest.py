"""The gateway against the real peers: Orthanc and DCMTK's dcmqrscp, both loaded alike."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pydicom
import pytest

from dicom_qr_gateway.app import create_app
from dicom_qr_gateway.config import Settings

from . import archives, made_studies
from .archives import DESTINATION, DESTINATION_DOWN, Archive
from .destination import MoveDestination
from .gateway import Gateway
from .search_gateway import serving

PYDICOM_FILES = Path(pydicom.__file__).parent / "data"  # shipped with the package


@pytest.fixture
def gateway_with() -> Callable[..., Gateway]:
    """Build a gateway with these options, the others at their defaults."""

    def build(**options: str) -> Gateway:
        settings = Settings.from_environ({"LOG_TO_CONSOLE": "false", **options})
        return Gateway(create_app(settings).test_client())

    return build


@pytest.fixture
def gateway(gateway_with: Callable[..., Gateway]) -> Gateway:
    return gateway_with()


@pytest.fixture(scope="session")
def listening_destination() -> Iterator[MoveDestination]:
    with MoveDestination().listening() as destination:
        yield destination


@pytest.fixture
def destination(listening_destination: MoveDestination) -> MoveDestination:
    """A move destination that nothing has been sent to yet."""
    listening_destination.forget()
    return listening_destination


@pytest.fixture(scope="session")
def destinations(listening_destination: MoveDestination) -> Iterator[dict[str, int]]:
    """AE title -> port of what the archives know: one listens, the other never will."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        down = int(taken.getsockname()[1])
        yield {DESTINATION: listening_destination.port, DESTINATION_DOWN: down}


@pytest.fixture(scope="session")
def made_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    made_studies.write_instances(folder)
    return folder


@pytest.fixture(scope="session")
def orthanc_b(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """An empty Orthanc, the move destination of the other one."""
    with archives.orthanc("orthanc-b", tmp_path_factory.mktemp("orthanc-b"), {}) as archive:
        yield archive


@pytest.fixture(scope="session")
def orthanc(
    tmp_path_factory: pytest.TempPathFactory,
    destinations: dict[str, int],
    orthanc_b: Archive,
    made_files: Path,
) -> Iterator[Archive]:
    folder = tmp_path_factory.mktemp("orthanc-a")
    known = {**destinations, orthanc_b.ae_title: orthanc_b.port}
    with archives.orthanc("orthanc-a", folder, known) as archive:
        archive.store(PYDICOM_FILES, made_files, report=folder / "report")
        yield archive


@pytest.fixture(scope="session")
def dcmqrscp(
    tmp_path_factory: pytest.TempPathFactory, destinations: dict[str, int], made_files: Path
) -> Iterator[Archive]:
    folder = tmp_path_factory.mktemp("dcmqrscp")
    with archives.dcmqrscp(folder, destinations) as archive:
        archive.store(PYDICOM_FILES, made_files, report=folder / "report")
        yield archive


@pytest.fixture(params=["orthanc", "dcmqrscp"])
def archive(request: pytest.FixtureRequest) -> Archive:
    """Each of the two, with pydicom's test files and the made studies in it."""
    loaded: Archive = request.getfixturevalue(request.param)
    return loaded


@pytest.fixture(scope="module")
def root(
    orthanc: Archive, dcmqrscp: Archive, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A gateway over HTTP in front of both, as ``orthanc`` and ``dcmqrscp``."""
    peers = {"orthanc": orthanc, "dcmqrscp": dcmqrscp}
    known = {name: (each.ae_title, each.port) for name, each in peers.items()}
    with serving(tmp_path_factory.mktemp("searches"), known) as url:
        yield url


@pytest.fixture
def url(root: str, archive: Archive) -> str:
    """The searches of one archive."""
    return f"{root}/{'dcmqrscp' if archive.name == 'dcmqrscp' else 'orthanc'}"
