"""``dicom-qr-gateway run``: the gateway under gunicorn, on request with a demo PACS behind it.

Rule: what this command starts ends with it, whatever ends first.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable

import click

from dicom_qr_gateway.cli import addresses
from dicom_qr_gateway.cli.children import Child, child, wait_for_any
from dicom_qr_gateway.cli.named_sandbox import NAME, PORT_VARIABLE
from dicom_qr_gateway.config import ConfigurationError, Settings
from dicom_qr_gateway.pacs_config import read_pacs
from dicom_qr_gateway.schemas.query import SANDBOX_QUERY
from dicom_qr_gateway.schemas.retrieve import SANDBOX_RETRIEVE

START_SECONDS = 60.0
GUNICORN = (sys.executable, "-m", "gunicorn", "--config")
ALONE = (*GUNICORN, "python:dicom_qr_gateway.gunicorn_config")
AS_CHILD = (*GUNICORN, "python:dicom_qr_gateway.cli.gunicorn_child")
SANDBOX = (sys.executable, "-m", "dicom_qr_gateway.cli", "sandbox", "--stop-with-parent")
ANOTHER_SANDBOX_PORT = "by --sandbox-port, as in: make run ARGS='--sandbox-port 21112'"


@click.command()
@click.option("--sandbox", is_flag=True, help="Start a demo PACS too and print commands to try.")
@click.option(
    "--sandbox-port",
    type=click.IntRange(1, 65534),
    default=SANDBOX_QUERY["pacs_port"],
    show_default=True,
    help="DICOM port of the demo PACS; its move destination takes the next one.",
)
def run(sandbox: bool, sandbox_port: int) -> None:
    """Start the gateway under gunicorn; Ctrl-C or SIGTERM ends it.

    Options come from the environment: see `dicom-qr-gateway options`.

    \b
    Examples:
      dicom-qr-gateway run --sandbox
      BIND=0.0.0.0:8080 dicom-qr-gateway run

    \b
    Exit codes: 0 ended on request, 1 could not start or ended by itself, 2 usage.
    """
    settings = _settings()
    addresses.require_free(*addresses.split(settings.bind), "in BIND")
    if not sandbox:
        os.execv(ALONE[0], ALONE)  # noqa: S606
    for port in (sandbox_port, sandbox_port + 1):
        addresses.require_free("127.0.0.1", port, ANOTHER_SANDBOX_PORT)
    # SIGINT too: a shell has it ignored by what it starts in the background.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        _run_both(settings, sandbox_port)
    except KeyboardInterrupt:
        click.echo("\nThe gateway and its sandbox PACS have ended.")


def _settings() -> Settings:
    try:
        settings = Settings.from_environ()
        read_pacs(settings)
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from None
    return settings


def _run_both(settings: Settings, port: int) -> None:
    http = addresses.reachable(settings.bind)
    as_child = [*AS_CHILD, "--env", f"{PORT_VARIABLE}={port}"]
    with (
        child("sandbox PACS", [*SANDBOX, "--port", str(port)], grace_seconds=2) as pacs,
        child("gateway", as_child, grace_seconds=settings.graceful_timeout + 2) as gateway,
    ):
        _wait_until(lambda: addresses.accepts("127.0.0.1", port), pacs, gateway)
        _wait_until(lambda: addresses.serves(*http), pacs, gateway)
        click.echo(_welcome(f"http://{addresses.in_url(*http)}{settings.script_name}", port))
        wait_for_any(pacs, gateway)


def _wait_until(ready: Callable[[], bool], *children: Child) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        for each in children:
            each.require_alive()
        if time.monotonic() > deadline:
            raise click.ClickException(f"Not ready after {START_SECONDS:.0f} s.")
        time.sleep(0.1)


def _welcome(base: str, port: int) -> str:
    query = {**SANDBOX_QUERY, "pacs_port": port}
    retrieve = {**SANDBOX_RETRIEVE, "pacs_port": port}
    usual = port == SANDBOX_QUERY["pacs_port"]
    return f"""
The gateway and its sandbox PACS are ready. Ctrl-C ends both.

Documentation, with "Try it out"{"" if usual else f" (put pacs_port {port} into its examples)"}:
  {base}/docs

Which studies has the patient?
  {_curl(f"{base}/q", query)}

Move them to {retrieve["c_move_ae_title"]}:
  {_curl(f"{base}/qr", retrieve)}

The demo PACS has a name too:
  {_curl(f"{base}/q", {"pacs": NAME, "patient_id": SANDBOX_QUERY["patient_id"]})}
"""


def _curl(url: str, body: dict[str, object]) -> str:
    return f"curl -s {url} -H 'Content-Type: application/json' -d '{json.dumps(body)}'"
