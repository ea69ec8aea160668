"""What gunicorn needs to know, from the option table; ``gunicorn.conf.py`` hands it over.

Rule: the names in ``__all__`` are gunicorn's own settings. A bad value in the environment or in
PACS_CONFIG ends the start here, in the master, with a line: a worker that fails is replaced for
ever. So workers get what the master read last without a fault, and never read it themselves.
"""

import os
import resource
import signal
import sys
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, Final, Protocol

from dicom_qr_gateway import listeners
from dicom_qr_gateway.config import ConfigurationError, Settings
from dicom_qr_gateway.connection_counts import COUNTS
from dicom_qr_gateway.dicom.slots import SHARED
from dicom_qr_gateway.lifecycle import Lifecycle, Reloads, die_with_parent
from dicom_qr_gateway.listeners import admit_newcomers, close_listeners
from dicom_qr_gateway.memory import give_back_large_blocks, keep_the_application
from dicom_qr_gateway.named_pacs import PacsDirectory
from dicom_qr_gateway.pacs_config import hand_down, pacs_directory, read_pacs
from dicom_qr_gateway.server_log import server_log

__all__ = [
    "bind",
    "child_exit",
    "control_socket_disable",
    "forwarded_allow_ips",
    "graceful_timeout",
    "keepalive",
    "limit_request_line",
    "logger_class",
    "on_reload",
    "post_fork",
    "post_worker_init",
    "threads",
    "timeout",
    "when_ready",
    "worker_class",
    "worker_connections",
    "worker_int",
    "worker_tmp_dir",
    "workers",
    "wsgi_app",
]

OWN_DESCRIPTORS: Final = 32  # of a worker that does nothing, with a margin
MOST_CONNECTIONS: Final = 1000


class Master(Protocol):
    """What the hooks use of gunicorn's Arbiter."""

    LISTENERS: list[Any]
    log: Any

    def signal(self, sig: int, frame: FrameType | None) -> None:
        """Queue a signal for the master's main loop."""


class Worker(listeners.Worker, Protocol):
    """What the hooks use of gunicorn's Worker."""

    age: int
    wsgi: Any
    cfg: Any
    method_queue: Any
    standby: Any

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin gunicorn's graceful stop."""


def read_settings() -> tuple[Settings, PacsDirectory]:
    """Return all that is configured, or end the process with lines on stderr and exit code 1."""
    try:
        settings = Settings.from_environ()
        return settings, pacs_directory(settings)
    except ConfigurationError as error:
        lines = str(error).splitlines()
        sys.exit("\n".join(f"dicom-qr-gateway cannot start: {line}" for line in lines))


def connections_for(descriptors: int, threads: int) -> int:
    """Return how many clients a worker takes, so that descriptors are left for what they ask.

    A running request has up to four beside its client's: a PACS, a lock, two while it waits. Who
    connects beyond that waits in the listener's queue.
    """
    spare = descriptors - OWN_DESCRIPTORS
    return max(min(MOST_CONNECTIONS, max(spare - 4 * threads, spare // 5)), 1)


_settings, pacs = read_settings()

# Made here, in the master before it forks: the ones that all workers share.
slots = SHARED
reloads = Reloads()

wsgi_app = "dicom_qr_gateway.app:create_app()"
bind = _settings.bind
logger_class = server_log(_settings.log_format)
worker_class = "dicom_qr_gateway.worker.Worker"
workers = _settings.web_concurrency
threads = _settings.web_threads
graceful_timeout = _settings.graceful_timeout
worker_connections = connections_for(resource.getrlimit(resource.RLIMIT_NOFILE)[0], threads)

# Only the heartbeat of a worker's main thread; a request may last much longer.
timeout = 60
# Longer than nginx keeps idle upstream connections (60 s), so that nginx is the one who closes.
keepalive = 75
# A heartbeat file on a disk can block; a container's root may be read-only.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
control_socket_disable = True
# X-Forwarded-* is believed in one place only: TRUSTED_PROXIES.
forwarded_allow_ips = ""
# DICOMweb queries carry long lists of UIDs.
limit_request_line = 8190


def when_ready(master: Master) -> None:
    """Let Ctrl-C stop gracefully, as SIGTERM does; a second Ctrl-C stops at once."""
    for listener in master.LISTENERS:
        admit_newcomers(listener)

    def interrupted(_number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, master.signal)
        master.signal(signal.SIGTERM, frame)

    signal.signal(signal.SIGINT, interrupted)


def on_reload(master: Master) -> None:
    """Read PACS_CONFIG again (SIGHUP); what has a fault is told and changes nothing."""
    reloads.add()
    problems: list[str] = []
    try:
        pacs.replace(read_pacs(_settings))
    except ConfigurationError as error:
        problems = str(error).splitlines()
    for problem in problems:
        master.log.error("PACS_CONFIG keeps its former content: %s", problem)
    if not problems:
        master.log.info("PACS_CONFIG has been read again: %d PACS", len(pacs.names))


def post_fork(_master: Master, worker: Worker) -> None:
    """End the worker with its master, an orphan would keep the port; hand down the named PACS."""
    die_with_parent(worker.ppid)
    hand_down(pacs)
    give_back_large_blocks()


def post_worker_init(worker: Worker) -> None:
    """Tell the bulkheads the threads there really are; put the lifecycle before SIGTERM's handler.

    A terminal sends Ctrl-C to the workers too, whose own handler would drop their requests.
    """
    worker.wsgi.extensions["bulkheads"].set_threads(worker.cfg.threads)
    # The application has read it; gunicorn would read it too, and answer by itself outside of it.
    os.environ.pop("SCRIPT_NAME", None)
    lifecycle = _lifecycle(worker)
    lifecycle.arm(partial(worker.method_queue.defer, _stop, worker))
    born = reloads.count
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: lifecycle.begin(reloads.count != born))
        signal.siginterrupt(number, False)
    keep_the_application()


def _stop(worker: Worker) -> None:
    close_listeners(worker)
    worker.handle_exit(signal.SIGTERM, None)


def child_exit(_master: Master, worker: Worker) -> None:
    """Count a worker no more that could not say so itself."""
    COUNTS.forget(worker.age)


def worker_int(worker: Worker) -> None:
    """Answer what still runs when gunicorn stops at once (SIGQUIT, a second Ctrl-C)."""
    _lifecycle(worker).stop.set()
    worker.standby.call()


def _lifecycle(worker: Worker) -> Lifecycle:
    lifecycle: Lifecycle = worker.wsgi.extensions["lifecycle"]
    return lifecycle
