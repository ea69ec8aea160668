"""The sandbox as a whole: a PACS and a move destination, for a test or for a terminal.

Rule: what is started here is stopped here.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import date
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Self

from dicom_qr_gateway.dicom.types import QueryRetrieveLevel
from dicom_qr_gateway.sandbox.archive import Archive
from dicom_qr_gateway.sandbox.destination import Destination
from dicom_qr_gateway.sandbox.instances import synthetic_instances
from dicom_qr_gateway.sandbox.pacs import Address, Pacs
from dicom_qr_gateway.sandbox.stored import StoredInstance, read_folder
from dicom_qr_gateway.sandbox.worklist import Worklist

PACS_PORT = 11112
DESTINATION_PORT = 11113
PACS_AE_TITLE = "SANDBOX"
DESTINATION_AE_TITLE = "WORKSTATION"

_PRINT = partial(print, flush=True)

# An address to listen on at all interfaces is none to connect to.
_LOCAL = {"0.0.0.0": "127.0.0.1", "::": "::1"}


class Sandbox:
    """A demo PACS and the workstation it moves to; a context manager."""

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = PACS_PORT,
        ae_title: str = PACS_AE_TITLE,
        destination_port: int = DESTINATION_PORT,
        destination_ae_title: str = DESTINATION_AE_TITLE,
        destinations: Mapping[str, Address] | None = None,
        folder: Path | None = None,
    ) -> None:
        """Load the archive; nothing listens before the context is entered.

        Args:
            host: address that both AEs listen on.
            port: the PACS' TCP port, 0 for any free one.
            ae_title: the PACS' AE title.
            destination_port: the destination's TCP port, 0 for any free one.
            destination_ae_title: the AE title C-MOVEs name.
            destinations: further move destinations, AE title -> (host, port).
            folder: DICOM files to serve instead of the synthetic patients.

        Raises:
            NotADirectoryError: there is no such folder.
        """
        self._host, self._port, self._destination_port = host, port, destination_port
        instances: list[StoredInstance] | tuple[StoredInstance, ...]
        if folder is None:
            instances, self.skipped_files = synthetic_instances(date.today()), 0
        else:
            instances, self.skipped_files = read_folder(folder)
        self.folder = folder
        self.archive = Archive(instances, ae_title)
        self._destinations = dict(destinations or {})
        syntaxes = [instance.transfer_syntax for instance in self.archive.instances]
        self.destination = Destination(destination_ae_title, syntaxes)
        self.worklist = Worklist(date.today())
        self._pacs = Pacs(self.archive, ae_title, self._destinations, self.worklist)
        self._running = ExitStack()

    @property
    def ae_title(self) -> str:
        """Return the PACS' AE title."""
        return self._pacs.ae_title

    @property
    def host(self) -> str:
        """Return the address that both AEs listen on."""
        return self._host

    @property
    def port(self) -> int:
        """Return the PACS' TCP port."""
        return self._pacs.port

    def __enter__(self) -> Self:
        """Start both AEs.

        Raises:
            CannotListen: a port is in use.
        """
        with ExitStack() as starting:
            self.destination.start(self._host, self._destination_port)
            starting.callback(self.destination.stop)
            own = (_LOCAL.get(self._host, self._host), self.destination.port)
            self._destinations.setdefault(self.destination.ae_title, own)
            self._pacs.start(self._host, self._port)
            starting.callback(self._pacs.stop)
            self._running = starting.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop both AEs."""
        self._running.close()


def describe(sandbox: Sandbox) -> str:
    """Return the block that tells a user where the sandbox listens and what it holds."""
    archive, destination = sandbox.archive, sandbox.destination
    patients = archive.count(QueryRetrieveLevel.PATIENT)
    studies = archive.count(QueryRetrieveLevel.STUDY)
    images = archive.count(QueryRetrieveLevel.IMAGE)
    source = "synthetic"
    if sandbox.folder is not None:
        source = f"from {sandbox.folder}, {sandbox.skipped_files} other files skipped"
    return (
        "Sandbox PACS\n"
        f"  PACS         {sandbox.ae_title} at {sandbox.host}:{sandbox.port}"
        " (C-ECHO, C-FIND, C-MOVE, C-GET, worklist)\n"
        f"  destination  {destination.ae_title} at {sandbox.host}:{destination.port}"
        " (receives what is moved)\n"
        f"  holds        {patients} patients, {studies} studies, {images} images ({source})\n"
        f"  worklist     {len(sandbox.worklist)} steps scheduled today"
        f" for {', '.join(sandbox.worklist.stations)}"
    )


def serve(
    *,
    host: str = "127.0.0.1",
    port: int = PACS_PORT,
    ae_title: str = PACS_AE_TITLE,
    destination_port: int = DESTINATION_PORT,
    destination_ae_title: str = DESTINATION_AE_TITLE,
    destinations: Mapping[str, Address] | None = None,
    folder: Path | None = None,
    stop_with_parent: bool = False,
    echo: Callable[[str], object] = _PRINT,
) -> None:
    """Run a sandbox until SIGTERM or SIGINT; call it from the main thread.

    Args:
        host, port, ae_title, destination_port, destination_ae_title, destinations, folder: as
            for ``Sandbox``.
        stop_with_parent: also end at the end of standard input, a pipe that the parent holds.
        echo: where the block goes that says what listens where.

    Raises:
        CannotListen: a port is in use.
        NotADirectoryError: there is no such folder.
    """
    sandbox = Sandbox(
        host=host,
        port=port,
        ae_title=ae_title,
        destination_port=destination_port,
        destination_ae_title=destination_ae_title,
        destinations=destinations,
        folder=folder,
    )
    with stop_requests(stop_with_parent) as requests, sandbox:
        echo(describe(sandbox))
        requests.get()


@contextmanager
def stop_requests(stop_with_parent: bool) -> Iterator[SimpleQueue[str]]:
    """Queue each request to stop; SimpleQueue may be used in a signal handler, an Event may not."""
    requests: SimpleQueue[str] = SimpleQueue()
    signals = (signal.SIGTERM, signal.SIGINT)
    before = {each: signal.signal(each, lambda *_: requests.put("signal")) for each in signals}
    if stop_with_parent:
        Thread(target=_wait_for_parent, args=(requests,), daemon=True).start()
    try:
        yield requests
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _wait_for_parent(requests: SimpleQueue[str]) -> None:
    # Not sys.stdin.read(): a thread inside its buffer crashes an interpreter that exits.
    while os.read(sys.stdin.fileno(), 4096):
        pass
    requests.put("parent")
