"""Child processes that never outlive the command that started them.

Rule: a child is asked to end by SIGTERM, and made to end after its grace; a second Ctrl-C ends it
at once, with an answer to what still runs.
"""

import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import click

AT_ONCE_SECONDS = 2.0


@dataclass(frozen=True)
class Child:
    """A process and what people call it."""

    name: str
    process: "subprocess.Popen[bytes]"

    def require_alive(self) -> None:
        """Raise a ClickException that names this child if it has ended."""
        code = self.process.poll()
        if code is not None:
            raise click.ClickException(
                f"The {self.name} ended by itself (exit code {code}); the rest is ended too."
            )


@contextmanager
def child(name: str, command: Sequence[str], grace_seconds: float) -> Iterator[Child]:
    """Run a command for as long as the block lasts.

    It gets a session of its own: Ctrl-C in the terminal reaches this process only, which then
    ends its children in order. Its standard input ends when this process does, however it ends.
    """
    with subprocess.Popen(  # noqa: S603
        command, stdin=subprocess.PIPE, start_new_session=True
    ) as process:
        try:
            yield Child(name, process)
        finally:
            _end(process, grace_seconds)


def wait_for_any(*children: Child) -> None:
    """Block until a child ends, and raise a ClickException that names it."""
    while True:
        for each in children:
            each.require_alive()
        time.sleep(0.2)


def _end(process: "subprocess.Popen[bytes]", grace_seconds: float) -> None:
    former = signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it has been asked for already
    try:
        process.terminate()
        process.wait(grace_seconds)
    except KeyboardInterrupt:
        process.send_signal(signal.SIGQUIT)  # gunicorn answers what runs, then ends at once
        _make_end(process, AT_ONCE_SECONDS)
    except subprocess.TimeoutExpired:
        _make_end(process, 0)
    finally:
        signal.signal(signal.SIGTERM, former)


def _make_end(process: "subprocess.Popen[bytes]", grace_seconds: float) -> None:
    try:
        process.wait(grace_seconds)
    except (KeyboardInterrupt, subprocess.TimeoutExpired):
        process.kill()
        process.wait()
