"""The PACS: Orthanc, DCMTK's dcmqrscp, and one that costs nothing; and the Orthanc that asks them.

Rule: Orthanc runs with the configuration of ``deploy/``, all others as their manuals show them;
``nodelay`` sets TCP_NODELAY=1 in a PACS' environment, which turns Nagle's algorithm off in DCMTK.
"""

import json
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from benchmarks.common.programs import ROOT, Broken, Program, free_port

CALLING = "QRGATEWAY"  # as deploy/orthanc-a.json knows the gateway
SINK = "SINK"  # the move destination
NODELAY = {"TCP_NODELAY": "1"}
DCMQRSCP_STUDIES = 500  # its index holds no more


@dataclass(frozen=True)
class Peer:
    """A PACS on this machine."""

    name: str
    ae_title: str
    port: int

    def body(self, patient_id: str) -> dict[str, Any]:
        """Return the body of a ``/q`` to it."""
        return {
            "pacs_ip": "127.0.0.1",
            "pacs_port": self.port,
            "pacs_ae_title": self.ae_title,
            "c_find_ae_title": CALLING,
            "patient_id": patient_id,
        }


@dataclass
class Orthanc:
    """An Orthanc that runs, and where its REST interface is."""

    program: Program
    peer: Peer
    http_port: int

    def load(self, files: Iterable[Path]) -> None:
        """Store DICOM files in it."""
        for file in files:
            self.call("POST", "/instances", file.read_bytes())

    def know(self, peer: Peer) -> None:
        """Let it ask a PACS, or send to it, under the PACS' AE title."""
        modality = {"AET": peer.ae_title, "Host": "127.0.0.1", "Port": peer.port}
        self.call("PUT", f"/modalities/{peer.ae_title}", json.dumps(modality).encode())

    def call(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """Make a REST call; return the answer's body."""
        with closing(HTTPConnection("127.0.0.1", self.http_port, timeout=60)) as connection:
            connection.request(method, path, body)
            response = connection.getresponse()
            answer = response.read()
        if response.status != HTTPStatus.OK:
            raise Broken(f"Orthanc answers {response.status} to {method} {path}")
        return answer

    def find(self, peer: Peer, patient_id: str, keys: Iterable[str]) -> int:
        """Have it ask a PACS it knows, and read all answers; return how many there are."""
        query = {"Level": "Study", "Query": dict.fromkeys(keys, "") | {"PatientID": patient_id}}
        path = f"/modalities/{peer.ae_title}/query"
        made = json.loads(self.call("POST", path, json.dumps(query).encode()))
        answers = self.call("GET", f"{made['Path']}/answers?expand&simplify")
        return len(json.loads(answers))


def start_orthanc(name: str, folder: Path, environment: Mapping[str, str]) -> Orthanc:
    """Start an Orthanc.

    Args:
        name: of the configuration in ``deploy/``, ``orthanc-a`` or ``orthanc-b``.
        folder: an empty folder for all it writes.
        environment: what is added to its environment.
    """
    configuration = json.loads((ROOT / "deploy" / f"{name}.json").read_text())
    port, http_port = free_port(), free_port()
    configuration |= {
        "DicomPort": port,
        "HttpPort": http_port,
        "RemoteAccessAllowed": False,
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
    }
    path = folder / "orthanc.json"
    path.write_text(json.dumps(configuration))
    program = Program.start(["Orthanc", str(path)], port, folder / "log", environment)
    return Orthanc(program, Peer("Orthanc", configuration["DicomAet"], port), http_port)


_DCMQRSCP = """
NetworkTCPPort = {port}
MaxPDUSize = 16384
MaxAssociations = 64
HostTable BEGIN
HostTable END
VendorTable BEGIN
VendorTable END
AETable BEGIN
DCMQRSCP {storage} RW ({studies}, 1024mb) ANY
AETable END
"""


def start_dcmqrscp(
    folder: Path, files: Sequence[Path], environment: Mapping[str, str]
) -> tuple[Program, Peer]:
    """Start a dcmqrscp that holds these files.

    Args:
        folder: an empty folder for all it writes.
        files: what it holds; they are copied.
        environment: what is added to its environment.
    """
    storage = folder / "storage"
    storage.mkdir()
    copies = [storage / file.name for file in files]
    for file, copy in zip(files, copies, strict=True):
        copy.write_bytes(file.read_bytes())
    index = ["dcmqridx", str(storage), *map(str, copies)]
    subprocess.run(index, check=True, capture_output=True)
    port = free_port()
    path = folder / "dcmqrscp.cfg"
    text = _DCMQRSCP.format(port=port, storage=storage, studies=DCMQRSCP_STUDIES)
    path.write_text(text)
    command = ["dcmqrscp", "--config", str(path)]
    program = Program.start(command, port, folder / "log", environment)
    return program, Peer("dcmqrscp", "DCMQRSCP", port)
