"""Servers as operators start them: real programs, free ports, ended by their process id."""

import contextlib
import http.client
import json
import os
import select
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from dicom_qr_gateway.sandbox import Sandbox

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0  # seconds, for a machine under load


def _eventually(condition: Callable[[], Any], what: object) -> Any:
    """Return the first true value of a condition, or fail after PATIENCE."""
    deadline = time.monotonic() + PATIENCE
    while not (value := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"never happened: {what}")
        select.select([], [], [], 0.05)
    return value


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Answer:
    """An HTTP answer, read whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Client:
    """Asks one server; every request takes a connection of its own."""

    port: int
    tls: ssl.SSLContext | None = None
    prefix: str = ""

    def request(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        connection = self._connection()
        sent = dict(headers or {})
        if body is not None:
            body = json.dumps(body)
            sent["Content-Type"] = "application/json"
        with contextlib.closing(connection):
            connection.request(method, self.prefix + path, body, sent)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())

    def _connection(self) -> http.client.HTTPConnection:
        if self.tls is None:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        return http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=PATIENCE, context=self.tls
        )

    def kept(self) -> contextlib.closing[http.client.HTTPConnection]:
        """Return a connection for several requests."""
        return contextlib.closing(self._connection())

    def get(self, path: str, **headers: str) -> Answer:
        return self.request("GET", path, None, headers)

    def post(self, path: str, body: Any, **headers: str) -> Answer:
        return self.request("POST", path, body, headers)

    def accepts(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE).close()
        except OSError:
            return False
        return True

    def status_of(self, path: str) -> int:
        """Return the status of a GET, 0 where there is no answer."""
        try:
            return self.get(path).status
        except (OSError, http.client.HTTPException):
            return 0


@dataclass
class Program:
    """A program that was started, and everything it printed."""

    process: "subprocess.Popen[bytes]"
    output: Path
    client: Client = field(default_factory=lambda: Client(0))

    def printed(self) -> str:
        return self.output.read_text()

    def __str__(self) -> str:
        return f"an answer from /health; the program printed\n{self.printed()[-3000:]}"

    def wait(self) -> int:
        return self.process.wait(PATIENCE)

    def serving(self) -> "Program":
        """Wait until /health is answered."""

        def healthy() -> bool:
            code = self.process.poll()
            if code is not None:
                pytest.fail(f"ended with {code}:\n{self.printed()}")
            return self.client.status_of("/health") == 200

        _eventually(healthy, self)
        return self

    def children(self) -> list[int]:
        pid = self.process.pid
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def end(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


Start = Callable[..., Program]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start programs; the test's end ends them, the last one first."""
    with contextlib.ExitStack() as running:

        def start(
            command: Sequence[str | Path],
            port: int = 0,
            cwd: Path = ROOT,
            **environment: str,
        ) -> Program:
            output = tmp_path / f"{Path(command[0]).name}-{_free_port()}.log"
            with output.open("wb") as log:
                process = subprocess.Popen(
                    command,
                    cwd=cwd,
                    env={**os.environ, **environment},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            program = Program(process, output, Client(port))
            running.callback(program.end)
            return program

        yield start


@pytest.fixture
def gunicorn(start: Start) -> Start:
    """Start the gateway as gunicorn.conf.py says, with one worker."""

    def gunicorn(**environment: str) -> Program:
        port = _free_port()
        settings = {"BIND": f"127.0.0.1:{port}", "WEB_CONCURRENCY": "1", **environment}
        return start([sys.executable, "-m", "gunicorn"], port, **settings)

    return gunicorn


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """The demo PACS."""
    with Sandbox(port=0, destination_port=0) as sandbox:
        yield sandbox


@pytest.fixture
def query(sandbox: Sandbox) -> dict[str, Any]:
    """A /q that finds three studies."""
    return {
        "pacs_ip": "127.0.0.1",
        "pacs_port": sandbox.port,
        "pacs_ae_title": sandbox.ae_title,
        "c_find_ae_title": "GATEWAY",
        "patient_id": "1112223333",
    }


@pytest.fixture
def assert_serves(query: dict[str, Any]) -> Callable[[Client], None]:
    """Check that a server answers in the contract's words."""

    def check(client: Client) -> None:
        health = client.get("/health", **{"X-Correlation-ID": "from-the-caller"})
        assert (health.status, health.json) == (200, {"status": "ok"})
        assert health.headers["X-Correlation-ID"] == "from-the-caller"

        found = client.post("/q", query)
        assert found.status == 200
        assert len(found.json["study_details"]) == 3

        nobody = client.post("/q", {**query, "pacs_port": _free_port()})
        assert nobody.status == 502
        assert nobody.json["error"] == "connection_refused"

    return check


class SilentPacs:
    """A PACS that takes connections and never says a word."""

    def __init__(self, listener: socket.socket) -> None:
        self.listener = listener
        self.port: int = listener.getsockname()[1]
        self.connections: list[socket.socket] = []

    def wait_for_a_connection(self) -> None:
        self.connections.append(self.listener.accept()[0])


@pytest.fixture
def silent_pacs() -> Iterator[SilentPacs]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)
        pacs = SilentPacs(listener)
        yield pacs
        for connection in pacs.connections:
            connection.close()


@contextlib.contextmanager
def _readable_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="gateway-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.fixture
def readable_folder() -> Iterator[Path]:
    """A folder that the users of other servers can read, unlike pytest's own."""
    with _readable_folder() as folder:
        yield folder


@dataclass(frozen=True)
class InstalledGateway:
    """The virtual environment that the Dockerfile makes, and its instructions."""

    instructions: Sequence[tuple[str, str]]
    home: Path

    def last(self, instruction: str) -> str:
        return [rest for name, rest in self.instructions if name == instruction][-1]

    def program(self, name: str) -> Path:
        return self.home / "bin" / name

    @property
    def packages(self) -> Path:
        (packages,) = self.home.glob("lib/python3*/site-packages")
        return packages


def _instructions(dockerfile: str) -> list[tuple[str, str]]:
    """Return (instruction, rest) of each line, continued lines joined, comments left out."""
    lines = [line for line in dockerfile.splitlines() if not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", "")
    pairs = (line.partition(" ") for line in joined.splitlines() if line.strip())
    return [(name, rest.strip()) for name, _, rest in pairs]


@pytest.fixture(scope="session")
def installed_gateway() -> Iterator[InstalledGateway]:
    """Do what the Dockerfile's build stage does, in a folder."""
    instructions = _instructions((ROOT / "Dockerfile").read_text())
    stages = [index for index, (name, _) in enumerate(instructions) if name == "FROM"]
    with _readable_folder() as folder:
        source, home = folder / "src", folder / "gateway"
        source.mkdir()
        for name, rest in instructions[: stages[1]]:
            if name == "COPY":
                _copy(rest.split()[:-1], source / rest.split()[-1])
            elif name == "RUN":
                assert rest.startswith(("python -m venv ", "/opt/gateway/bin/pip install "))
                command = rest.replace("/opt/gateway", str(home)).split()
                if command[0] == "python":
                    command[0] = sys.executable
                subprocess.run(command, cwd=source, check=True, capture_output=True)
        yield InstalledGateway(instructions, home)


def _copy(names: Sequence[str], target: Path) -> None:
    for name in names:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, target)


def _substituted(path: Path, replacements: Mapping[str, object]) -> str:
    """Return a file of deploy/ with other paths and ports, each of which must be in it."""
    text = path.read_text()
    for former, new in replacements.items():
        assert former in text, f"{path.name} no longer has {former!r}"
        text = text.replace(former, str(new))
    return text


# Fixtures, since a test cannot import from a conftest.


@pytest.fixture
def eventually() -> Callable[[Callable[[], Any], str], Any]:
    return _eventually


@pytest.fixture
def free_port() -> Callable[[], int]:
    return _free_port


@pytest.fixture
def substituted() -> Callable[[Path, Mapping[str, object]], str]:
    return _substituted
