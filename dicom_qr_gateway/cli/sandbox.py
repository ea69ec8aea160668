"""``dicom-qr-gateway sandbox``: the demo PACS alone."""

from pathlib import Path

import click

from dicom_qr_gateway.sandbox import CannotListen, serve
from dicom_qr_gateway.schemas.retrieve import SANDBOX_RETRIEVE


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(1, 65534),
    default=SANDBOX_RETRIEVE["pacs_port"],
    show_default=True,
    help="DICOM port; the move destination takes the next one.",
)
@click.option(
    "--ae-title",
    default=SANDBOX_RETRIEVE["pacs_ae_title"],
    show_default=True,
    help="Its AE title.",
)
@click.option(
    "--destination-ae-title",
    default=SANDBOX_RETRIEVE["c_move_ae_title"],
    show_default=True,
    help="AE title of a second application entity that receives what is moved.",
)
@click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Serve the DICOM files in this folder instead of the synthetic patients.",
)
@click.option("--stop-with-parent", is_flag=True, hidden=True)
def sandbox(
    host: str,
    port: int,
    ae_title: str,
    destination_ae_title: str,
    folder: Path | None,
    stop_with_parent: bool,
) -> None:
    """Start a demo PACS: C-ECHO, C-FIND, C-MOVE and C-GET over synthetic patients.

    \b
    Examples:
      dicom-qr-gateway sandbox
      dicom-qr-gateway sandbox --port 10400 --folder ~/dicom

    \b
    Exit codes: 0 ended on request, 1 could not start, 2 usage.
    """
    try:
        serve(
            host=host,
            port=port,
            ae_title=ae_title,
            destination_port=port + 1,
            destination_ae_title=destination_ae_title,
            folder=folder,
            stop_with_parent=stop_with_parent,
            echo=click.echo,
        )
    except CannotListen as error:
        raise click.ClickException(str(error)) from None
