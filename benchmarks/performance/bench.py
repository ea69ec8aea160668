"""The programs that the rows need: each is started when it is first asked for.

Rule: everything is on loopback, on free ports, and gone when the bench is left, of which there is
one in a process, so that what it remembers may stay.
"""

import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Self

from benchmarks.common.programs import Program, free_port
from benchmarks.performance import studies
from benchmarks.performance.generators import Generator, compile_into
from benchmarks.performance.peers import (
    CALLING,
    NODELAY,
    SINK,
    Orthanc,
    Peer,
    start_dcmqrscp,
    start_orthanc,
)
from benchmarks.performance.recording import Relay

PATIENTS = (1, 10, 50, 100, 1000)  # how many studies each has
FEW = (1, 10)


class Bench:
    """Starts programs; a context manager that ends them."""

    def __enter__(self) -> Self:
        self._running = contextlib.ExitStack()
        folder = tempfile.TemporaryDirectory(prefix="performance-")
        self.folder = Path(self._running.enter_context(folder))
        self._made = 0
        compile_into(self.folder)
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    def _new(self, name: str) -> Path:
        self._made += 1
        return self.folder / f"{self._made}-{name}"

    def _new_folder(self, name: str) -> Path:
        path = self._new(name)
        path.mkdir()
        return path

    @cache  # noqa: B019
    def _instances(self, patient: int) -> list[Path]:
        folder = self._new_folder("instances")
        studies.write_instances(patient, folder)
        return sorted(folder.iterdir())

    def _files(self, patients: Sequence[int]) -> list[Path]:
        return [file for patient in patients for file in self._instances(patient)]

    @cache  # noqa: B019
    def orthanc(self, *, nodelay: bool = False, patients: Sequence[int] | None = None) -> Peer:
        """Return an Orthanc that holds these patients: by default PATIENTS, with nodelay FEW."""
        orthanc = self._start_orthanc("orthanc-a", NODELAY if nodelay else {})
        orthanc.load(self._files(patients or (FEW if nodelay else PATIENTS)))
        orthanc.know(Peer("sink", SINK, self.canned().port))
        return orthanc.peer

    @cache  # noqa: B019
    def asker(self) -> Orthanc:
        """Return the Orthanc whose REST interface asks others."""
        return self._start_orthanc("orthanc-b", {})

    def _start_orthanc(self, name: str, environment: dict[str, str]) -> Orthanc:
        orthanc = start_orthanc(name, self._new_folder(name), environment)
        self._running.callback(orthanc.program.end)
        orthanc.program.wait_until_it_serves()
        return orthanc

    @cache  # noqa: B019
    def dcmqrscp(self, *, nodelay: bool = False, patients: Sequence[int] = FEW) -> Peer:
        """Return a dcmqrscp that holds these patients."""
        environment = NODELAY if nodelay else {}
        folder = self._new_folder("dcmqrscp")
        program, peer = start_dcmqrscp(folder, self._files(patients), environment)
        self._running.callback(program.end)
        program.wait_until_it_serves()
        return peer

    @cache  # noqa: B019
    def _canned_port(self) -> int:
        answers = self._new("answers")
        studies.write_answers(answers)
        process = subprocess.Popen(
            [str(self.folder / "floor_pacs"), str(answers)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._running.enter_context(process)
        self._running.callback(process.terminate)
        assert process.stdout is not None
        return int(process.stdout.readline())

    def canned(self, matches: int = 0) -> Peer:
        """Return the PACS that costs nothing and answers with so many matches."""
        return Peer("a PACS that costs nothing", f"CANNED{matches}", self._canned_port())

    def gateway(self, **settings: object) -> Program:
        """Start the gateway as gunicorn.conf.py has it; settings are environment variables."""
        port = free_port()
        environment = {name: str(value) for name, value in settings.items()}
        environment["BIND"] = f"127.0.0.1:{port}"
        return self._serve([sys.executable, "-m", "gunicorn"], port, environment)

    def twin(self, adapter: str, workers: int) -> Program:
        """Start the twin of the gateway; adapter is ``ours`` or ``pynetdicom``."""
        port = free_port()
        options = (
            f"--port {port} --workers {workers} --loop uvloop --http httptools "
            "--timeout-keep-alive 75"  # as the gateway; the default would end connections here
        )
        application = "benchmarks.performance.twin:app"
        command = [sys.executable, "-m", "uvicorn", application, *options.split()]
        return self._serve(command, port, {"TWIN_ADAPTER": adapter})

    def _serve(self, command: list[str], port: int, environment: dict[str, str]) -> Program:
        program = Program.start(command, port, self._new("log"), environment)
        self._running.callback(program.end)
        program.wait_until_it_serves()
        return program

    def asking(
        self,
        server: Program,
        peer: Peer,
        patient_id: str,
        matches: int,
        path: str = "/q",
        **fields: Any,
    ) -> Generator:
        """Return a client of a gateway, over HTTP."""
        body = self._new("body")
        body.write_text(json.dumps({**peer.body(patient_id), **fields}))
        where = ("127.0.0.1", str(server.port), path, str(body))
        return self._generator("http_load", *where, matches=matches)

    def searching(self, peer: Peer, path: str, matches: int) -> Generator:
        """Return a client of a gateway of its own that knows the PACS as ``main``."""
        return self._searching(self._knowing(peer), path, matches)

    def recorded_search(self, peer: Peer, path: str, matches: int) -> bytes:
        """Return what a gateway says to the PACS for a search."""

        def ask(through: Peer) -> None:
            gateway = self._knowing(through)
            with self._searching(gateway, path, matches) as client:
                client.once()
            gateway.end()

        return Relay(peer).record(ask)

    def _searching(self, server: Program, path: str, matches: int) -> Generator:
        return self._generator("http_load", "127.0.0.1", str(server.port), path, matches=matches)

    def _knowing(self, peer: Peer) -> Program:
        names = self._new("pacs.toml")
        names.write_text(
            f'[pacs.main]\nhost = "127.0.0.1"\nport = {peer.port}\n'
            f'ae_title = "{peer.ae_title}"\ncalling_ae_title = "{CALLING}"\n'
        )
        return self.gateway(PACS_CONFIG=names)

    def floor(
        self, server: Program, peer: Peer, patient_id: str, matches: int, **more: Any
    ) -> Generator:
        """Return the floor: what says to the PACS what the gateway says for the same work."""
        return self.replaying(self.recorded(server, peer, patient_id, matches, **more), peer)

    def recorded(
        self, server: Program, peer: Peer, patient_id: str, matches: int, **more: Any
    ) -> bytes:
        """Return what the gateway says to the PACS for a piece of work."""

        def ask(through: Peer) -> None:
            with self.asking(server, through, patient_id, matches, **more) as client:
                client.once()

        return Relay(peer).record(ask)

    def replaying(self, said: bytes, peer: Peer, matches: int | None = None) -> Generator:
        """Return what says these bytes to a PACS, as often as it is told.

        Args:
            said: a recording.
            peer: the PACS.
            matches: how many pending responses there must be; None for as many as the first time.
        """
        recording = self._new("recording")
        recording.write_bytes(said)
        where = ("127.0.0.1", str(peer.port), str(recording))
        return self._generator("floor", *where, matches=matches)

    def pynetdicom(self, peer: Peer, patient_id: str, matches: int) -> Generator:
        """Return tuned pynetdicom as a load generator."""
        module = [sys.executable, "-m", "benchmarks.performance.pynetdicom_load"]
        command = [*module, str(peer.port), peer.ae_title, patient_id]
        return self._running.enter_context(Generator(command, matches))

    def _generator(self, name: str, *arguments: str, matches: int | None = None) -> Generator:
        command = [str(self.folder / name), *arguments]
        return self._running.enter_context(Generator(command, matches))
