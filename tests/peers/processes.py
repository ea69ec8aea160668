"""Programs of others, on ports of ours: started, awaited by connecting, ended by their id.

Rule: a program is ended with its whole process group, so that nothing outlives the tests.
"""

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

PATIENCE = 30.0  # seconds, for a machine under load

# pynetdicom has programs by the names of DCMTK's, beside the Python that it is installed for.
_PROGRAMS = os.pathsep.join(
    folder for folder in os.get_exec_path() if Path(folder) != Path(sys.executable).parent
)
# Neither DCMTK nor Orthanc, which is built on it, turns Nagle's algorithm off by itself: each
# exchange then waits 40 ms for a delayed acknowledgement, which tells these tests nothing.
ENVIRONMENT = {**os.environ, "PATH": _PROGRAMS, "TCP_NODELAY": "1"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(command: Sequence[str], port: int, log: Path) -> Iterator[None]:
    """Run a server; enter when its port accepts connections, end it on leaving."""
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=ENVIRONMENT,
            start_new_session=True,
        ) as process,
    ):
        try:
            eventually(lambda: _accepts_connections(process, port, log), f"{command[0]} listens")
            yield
        finally:
            _end(process)


def _accepts_connections(process: subprocess.Popen[bytes], port: int, log: Path) -> bool:
    if process.poll() is not None:
        pytest.fail(f"{process.args!r} ended at once:\n{log.read_text(errors='replace')}")
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)


def eventually(condition: Callable[[], bool], what: str) -> None:
    """Return when the condition holds; the test fails if it never does."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"never happened: {what}")
        select.select([], [], [], 0.02)


def output_of(*command: str) -> str:
    """Run a program to its end and return what it printed.

    Raises:
        CalledProcessError: its exit status is not 0.
    """
    return subprocess.run(
        command, env=ENVIRONMENT, check=True, capture_output=True, text=True, timeout=PATIENCE
    ).stdout
