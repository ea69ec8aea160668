"""``dicom-qr-gateway pacs``: the PACS that PACS_CONFIG names."""

from concurrent.futures import ThreadPoolExecutor

import click

from dicom_qr_gateway.cli.asking import EXIT_PACS_FAILED, Session, asking
from dicom_qr_gateway.cli.tables import accepted, check_table
from dicom_qr_gateway.errors import GatewayError
from dicom_qr_gateway.named_pacs import NamedPacs
from dicom_qr_gateway.services.echo import EchoService, Verification

AT_ONCE = 16


@click.group()
def pacs() -> None:
    """Look after the named PACS of PACS_CONFIG.

    \b
    Example:
      dicom-qr-gateway pacs check

    \b
    Exit codes: those of `pacs check`.
    """


@pacs.command()
def check() -> None:
    """Ask every named PACS whether it is there (C-ECHO), all of them at once.

    \b
    Example:
      PACS_CONFIG=deploy/pacs.toml dicom-qr-gateway pacs check

    \b
    Exit codes: 0 all of them answered, 2 usage, also where no PACS has a name, 3 at least one
    failed, refused or did not answer in time.
    """
    with asking() as session:
        known = session.pacs.all
        if not known:
            raise click.UsageError("No PACS has a name: set PACS_CONFIG.")
        with ThreadPoolExecutor(AT_ONCE) as threads:
            rows = list(threads.map(lambda each: _row(session, each), known))
    click.echo(check_table(rows))
    if any(row["error"] != "ok" for row in rows):
        raise SystemExit(EXIT_PACS_FAILED)


def _row(session: Session, pacs: NamedPacs) -> dict[str, object]:
    row = {"name": pacs.name, "ae_title": pacs.peer.ae_title}
    try:
        verified = EchoService(session.pool).echo(Verification(pacs.peer, pacs.calling_ae_title))
    except GatewayError as failure:
        phases_ms = failure.extra["phases_ms"]
        told = {"error": failure.error, "services": "", "message": failure.message}
    else:
        phases_ms = verified.phases_ms
        told = {"error": "ok", "services": accepted(verified.services), "message": ""}
    return {**row, **told, "milliseconds": round(sum(phases_ms.values()))}
