"""Programs that serve a port: started, awaited, and ended by their process ids.

Rule: a program is ended with its whole process group, so that nothing outlives the bench.
"""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from benchmarks.common import processes

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0  # seconds
# pynetdicom has programs by the names of DCMTK's, beside the Python that it is installed for.
WITHOUT_PYNETDICOMS = {
    "PATH": os.pathsep.join(
        folder for folder in os.get_exec_path() if Path(folder) != Path(sys.executable).parent
    )
}


class Broken(Exception):
    """A program of the bench did not start, or answered something else than it should."""


@dataclass
class Program:
    """A program that runs and serves a port."""

    process: "subprocess.Popen[bytes]"
    port: int
    log: Path

    @classmethod
    def start(
        cls, command: Sequence[str], port: int, log: Path, environment: Mapping[str, str]
    ) -> Self:
        """Start a program; it may not serve yet."""
        with log.open("ab") as printed:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return cls(process, port, log)

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def workers(self) -> list[int]:
        return processes.children(self.pid)

    @property
    def worker(self) -> int:
        """Return the one worker there is."""
        (worker,) = self.workers
        return worker

    def serves(self) -> bool:
        """Tell whether the port accepts connections."""
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def wait_until_it_serves(self) -> None:
        """Wait until the program serves.

        Raises:
            Broken: it ended, or never did.
        """
        processes.eventually(lambda: self.process.poll() is not None or self.serves(), PATIENCE)
        if self.process.poll() is not None or not self.serves():
            raise Broken(f"{self.process.args!r} does not serve")

    def end(self, number: int = signal.SIGTERM) -> None:
        """Send a signal and wait for the end, which is made to come."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(self.pid, signal.SIGKILL)
            self.process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
