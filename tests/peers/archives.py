"""The real peers: Orthanc and DCMTK's dcmqrscp, each with an empty storage folder of its own.

Rule: Orthanc runs with the configuration of ``deploy/``; ports, folders, addresses and the
character set of its answers are put in their place here.
"""

import contextlib
import json
import re
import shutil
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pydicom
import pytest

from .processes import free_port, output_of, running

DEPLOY = Path(__file__).parents[2] / "deploy"

GATEWAY = "QRGATEWAY"  # as deploy/orthanc-a.json knows the gateway
DESTINATION = "DESTINATION"
DESTINATION_DOWN = "DOWN"
FRIENDS_ONLY = "FRIENDSONLY"  # an AE title of dcmqrscp that serves the gateway alone

_REPORTED = re.compile(r"^Filename +: (?P<file>.+)\n(?:.+\n)*?DIMSE Status +: 0x0000", re.MULTILINE)


Studies = dict[str, set[str]]  # Study Instance UID -> SOP Instance UIDs


@dataclass(frozen=True)
class Archive:
    """A PACS that runs, and what it holds: Patient ID -> studies."""

    name: str
    ae_title: str
    port: int
    log: Path
    patients: dict[str, Studies] = field(default_factory=dict)

    def store(self, *folders: Path, report: Path) -> None:
        """Send it every DICOM file in the folders and note which ones it accepts."""
        output_of(
            *("dcmsend", "--scan-directories", "--recurse", "--no-halt"),
            *("--aetitle", GATEWAY, "--call", self.ae_title),
            *("--create-report-file", str(report), "127.0.0.1", str(self.port)),
            *map(str, folders),
        )
        for accepted in _REPORTED.finditer(report.read_text()):
            self._note(accepted["file"])

    def _note(self, file: str) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's files break rules: they are there for that
            instance = pydicom.dcmread(file, stop_before_pixels=True)
        patient_id = str(instance.get("PatientID") or "")
        if patient_id:  # nobody can ask for the others
            studies = self.patients.setdefault(patient_id, {})
            study = studies.setdefault(str(instance.StudyInstanceUID), set())
            study.add(str(instance.SOPInstanceUID))

    def log_lines(self, containing: str) -> int:
        """Return how many lines of its log have the text."""
        return sum(containing in line for line in self.log.read_text(errors="replace").split("\n"))


@contextlib.contextmanager
def orthanc(
    name: str,
    folder: Path,
    destinations: Mapping[str, int],
    more: Mapping[str, object] | None = None,
) -> Iterator[Archive]:
    """Run an Orthanc as ``deploy/`` configures it.

    Args:
        name: of the configuration, ``orthanc-a`` or ``orthanc-b``.
        folder: an empty folder for all it writes.
        destinations: AE title -> port of the move destinations it is to know.
        more: further options of its configuration.
    """
    configuration = json.loads((DEPLOY / f"{name}.json").read_text())
    port = free_port()
    configuration["DicomModalities"] |= {
        known: [known, "127.0.0.1", its_port] for known, its_port in destinations.items()
    }
    configuration |= {
        "DicomPort": port,
        "HttpServerEnabled": False,
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        # It answers in one character set, Latin 1 by default: other scripts would be lost.
        "DefaultEncoding": "Utf8",
        **(more or {}),
    }
    path = folder / "orthanc.json"
    path.write_text(json.dumps(configuration))
    archive = Archive(name, configuration["DicomAet"], port, folder / "orthanc.log")
    last_to_listen = configuration["HttpPort"] if configuration["HttpServerEnabled"] else port
    with running([program("Orthanc"), "--verbose", str(path)], last_to_listen, archive.log):
        yield archive


def dicomweb_on(port: int) -> dict[str, object]:
    """Return the options that have Orthanc's DICOMweb plugin serve on a port of loopback."""
    plugins = sorted(Path("/usr").glob("*/orthanc/**/libOrthancDicomWeb.so*"))
    if not plugins:
        pytest.fail("these tests need the package orthanc-dicomweb")
    return {
        "HttpServerEnabled": True,
        "HttpPort": port,
        "RemoteAccessAllowed": False,
        "Plugins": [str(plugins[0])],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
    }


_DCMQRSCP = """
NetworkTCPPort = {port}
MaxPDUSize = 16384
MaxAssociations = 16
HostTable BEGIN
{hosts}
friends = ({gateway}, localhost, 104)
HostTable END
VendorTable BEGIN
VendorTable END
AETable BEGIN
{ae_title} {storage} RW (500, 1024mb) ANY
{friends_only} {storage} RW (500, 1024mb) friends
AETable END
"""


@contextlib.contextmanager
def dcmqrscp(folder: Path, destinations: Mapping[str, int]) -> Iterator[Archive]:
    """Run a dcmqrscp that serves everybody, and under FRIENDS_ONLY the gateway alone.

    Args:
        folder: an empty folder for all it writes.
        destinations: AE title -> port of the move destinations it is to know.
    """
    archive = Archive("dcmqrscp", "DCMQRSCP", free_port(), folder / "dcmqrscp.log")
    (folder / "storage").mkdir()
    path = folder / "dcmqrscp.cfg"
    path.write_text(
        _DCMQRSCP.format(
            port=archive.port,
            hosts="\n".join(
                f"{ae_title} = ({ae_title}, 127.0.0.1, {port})"
                for ae_title, port in destinations.items()
            ),
            gateway=GATEWAY,
            ae_title=archive.ae_title,
            friends_only=FRIENDS_ONLY,
            storage=folder / "storage",
        )
    )
    command = [program("dcmqrscp"), "--verbose", "--config", str(path)]
    with running(command, archive.port, archive.log):
        yield archive


def program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.fail(f"{name} is not installed: these tests need the packages orthanc and dcmtk")
    return path
