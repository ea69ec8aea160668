"""The programs a row needs, started as operators start them and ended by their process ids.

Rule: everything is on loopback, on free ports, and gone when the row is over.
"""

import contextlib
import getpass
import re
import resource
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from benchmarks.common import processes
from benchmarks.common.programs import PATIENCE, ROOT, Broken, Program, free_port
from benchmarks.reliability.canned import CannedPacs
from benchmarks.reliability.client import Client, Crowd, Outcome, Target, Work, ask_all
from benchmarks.reliability.pacs import ADDRESSES

# Environment variables of the gateway, handed over as keyword arguments.
Settings: TypeAlias = dict[str, Any]

_CERTIFICATE = (
    "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=127.0.0.1"
    " -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out certificate.pem"
)


@dataclass
class Server(Program):
    """A program that serves HTTP: the gateway, or nginx before it."""

    tls: bool = False

    def client(self, keep_alive: bool = True) -> Client:
        return Client(self.port, self.tls, keep_alive)

    def newcomer(self) -> Client:
        """Return a client that takes a new connection for each request."""
        return self.client(keep_alive=False)

    def get(self, path: str) -> Outcome:
        return self.newcomer().get(path)

    def find(self, target: Target) -> Outcome:
        return self.newcomer().find(target)

    def ask_all(self, work: Work, count: int, clients: int = 8) -> list[Outcome]:
        return ask_all(work, count, clients, self.client)

    def crowd(self, work: Work, clients: int) -> Crowd:
        return Crowd(work, clients, self.client)

    def is_healthy(self) -> bool:
        return self.get("/health").status == 200

    def serves(self) -> bool:
        """Tell whether it answers, not only accepts."""
        return self.is_healthy()


class Bench:
    """Starts programs; a context manager that ends them."""

    def __enter__(self) -> "Bench":
        self._running = contextlib.ExitStack()
        folder = tempfile.TemporaryDirectory(prefix="reliability-")
        self.folder = Path(self._running.enter_context(folder))
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
        self._running.callback(resource.setrlimit, resource.RLIMIT_NOFILE, before)
        self._pacs = self._running.enter_context(CannedPacs())
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    def target(
        self, behaviour: str = "ANSWERS", patient_id: str = "P1000000", pacs: int = 0
    ) -> Target:
        """Return one of the PACS; CLOSED is a port on which nothing listens."""
        port = self.closed_port if behaviour == "CLOSED" else self._pacs.port
        return Target(ADDRESSES[pacs], port, behaviour, patient_id)

    def held(self) -> int:
        """Return how many requests the PACS holds by its silence now; it says so itself."""
        return self._pacs.held()

    def wait_until_held(self, count: int) -> float:
        """Wait until the PACS holds so many requests; return the seconds it took."""
        return processes.eventually(lambda: self.held() >= count, PATIENCE)

    @property
    def closed_port(self) -> int:
        """Return a port that is taken, so that nobody else can listen on it."""
        if not hasattr(self, "_closed"):
            self._closed = self._running.enter_context(socket.socket())
            self._closed.bind(("127.0.0.1", 0))
        return int(self._closed.getsockname()[1])

    def gateway(
        self,
        *wrapper: str,
        port: int = 0,
        output: Path | None = None,
        arguments: Sequence[str] = (),
        **settings: object,
    ) -> Server:
        """Start the gateway under gunicorn and wait until it serves.

        Args:
            wrapper: a command that starts the command it is given.
            port: where to listen, 0 for any free port.
            output: where everything printed goes, by default a file of the bench.
            arguments: of gunicorn.
            settings: environment variables.
        """
        port = port or free_port()
        environment = {name: str(value) for name, value in settings.items()}
        environment.setdefault("WEB_CONCURRENCY", "1")
        environment["BIND"] = f"127.0.0.1:{port}"
        command = [*wrapper, sys.executable, "-m", "gunicorn", *arguments]
        return self._served(command, port, output, environment, tls=False)

    def nginx(self, *gateways: Server) -> Server:
        """Start nginx as deploy/nginx.conf says, in front of these gateways."""
        if not (self.folder / "key.pem").exists():
            subprocess.run(_CERTIFICATE.split(), cwd=self.folder, check=True, capture_output=True)
        port = free_port()
        configuration = self.folder / "nginx.conf"
        configuration.write_text(self._nginx_configuration(port, gateways))
        command = ["/usr/sbin/nginx", "-c", str(configuration)]
        return self._served(command, port, None, {}, tls=True)

    def _nginx_configuration(self, port: int, gateways: Sequence[Server]) -> str:
        temporary = "".join(
            f"    {kind}_temp_path {self.folder}/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        text = (ROOT / "deploy" / "nginx.conf").read_text()
        # One line for each instance, with the parameters that the file gives the first.
        server = re.search(r"^ *server (127.0.0.1:8080)\b.*\n", text, re.MULTILINE)
        if server is None:
            raise Broken("deploy/nginx.conf no longer has the upstream of a gateway")
        servers = (server[0].replace(server[1], f"127.0.0.1:{each.port}") for each in gateways)
        for former, new in {
            "user www-data;": f"user {getpass.getuser()};\ndaemon off;",
            "/run/nginx.pid": f"{self.folder}/nginx.pid",
            "/var/log/nginx": str(self.folder),
            "http {\n": f"http {{\n{temporary}",
            server[0]: "".join(servers),
            "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
            "/etc/nginx/tls/gateway.crt": f"{self.folder}/certificate.pem",
            "/etc/nginx/tls/gateway.key": f"{self.folder}/key.pem",
        }.items():
            if former not in text:
                raise Broken(f"deploy/nginx.conf no longer has {former!r}")
            text = text.replace(former, new)
        return text

    def _served(
        self,
        command: Sequence[str],
        port: int,
        output: Path | None,
        environment: dict[str, str],
        tls: bool,
    ) -> Server:
        log = output or self.folder / f"{port}.log"
        server = Server.start(command, port, log, environment)
        server.tls = tls
        self._running.callback(server.end)
        server.wait_until_it_serves()
        return server


@contextlib.contextmanager
def stopped_after(crowd: Crowd) -> Iterator[Crowd]:
    """Let a crowd go when the block is left."""
    try:
        yield crowd
    finally:
        crowd.leave()
