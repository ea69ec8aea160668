"""``dicom-qr-gateway sandbox``: the demo PACS alone, or a PACS that misbehaves."""

from pathlib import Path

import click

from dicom_qr_gateway.sandbox import CannotListen, serve
from dicom_qr_gateway.sandbox.misbehaving import (
    PACE,
    PORT_FAULTS,
    as_markdown,
    as_text,
    serve_misbehaving,
)
from dicom_qr_gateway.schemas.retrieve import SANDBOX_RETRIEVE

HIGHEST_PORT = 65535
# Which options go with which PACS; the others go with both.
OF_THE_DEMO_PACS = ("ae_title", "destination_ae_title", "folder")
OF_THE_MISBEHAVING_PACS = ("pace", "list_faults", "markdown")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(1, HIGHEST_PORT - 1),
    default=SANDBOX_RETRIEVE["pacs_port"],
    show_default=True,
    help="DICOM port; the move destination, or the misbehaving ports, take the next ones.",
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
@click.option(
    "--misbehave",
    is_flag=True,
    help="Start a PACS that misbehaves instead, to test DICOM clients with.",
)
@click.option(
    "--list", "list_faults", is_flag=True, help="With --misbehave: list what it can do, and end."
)
@click.option("--markdown", is_flag=True, help="With --list: print the page docs/misbehaving.md.")
@click.option(
    "--pace",
    type=click.FloatRange(min=0, min_open=True),
    default=PACE,
    show_default=True,
    help="With --misbehave: seconds between two bytes of a slow fault.",
)
@click.option("--stop-with-parent", is_flag=True, hidden=True)
@click.pass_context
def sandbox(
    context: click.Context,
    host: str,
    port: int,
    ae_title: str,
    destination_ae_title: str,
    folder: Path | None,
    misbehave: bool,
    list_faults: bool,
    markdown: bool,
    pace: float,
    stop_with_parent: bool,
) -> None:
    """Start a demo PACS alone, with synthetic patients.

    It answers C-ECHO, C-FIND, C-MOVE and C-GET.

    With --misbehave a PACS with every fault there is, chosen by the called AE title or by a port.

    \b
    Examples:
      dicom-qr-gateway sandbox
      dicom-qr-gateway sandbox --port 10400 --folder ~/dicom
      dicom-qr-gateway sandbox --misbehave
      dicom-qr-gateway sandbox --misbehave --list

    \b
    Exit codes: 0 ended on request, 1 could not start, 2 usage.
    """
    _refuse(context, misbehave=misbehave)
    if list_faults:
        click.echo(as_markdown() if markdown else as_text(port))
        return
    try:
        if misbehave:
            serve_misbehaving(
                host=host,
                port=port,
                pace=pace,
                stop_with_parent=stop_with_parent,
                echo=click.echo,
            )
            return
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
        raise click.ClickException(f"{error} Give another one by --port, or --host.") from None


def _refuse(context: click.Context, *, misbehave: bool) -> None:
    """End with a usage error where options do not go together."""
    others = OF_THE_DEMO_PACS if misbehave else OF_THE_MISBEHAVING_PACS
    for option in context.command.params:
        given = context.get_parameter_source(option.name or "")
        if option.name in others and given is not click.core.ParameterSource.DEFAULT:
            word = "does not go" if misbehave else "goes"
            raise click.UsageError(f"{option.opts[0]} {word} with --misbehave.")
    highest = HIGHEST_PORT - len(PORT_FAULTS)
    if misbehave and context.params["port"] > highest:
        raise click.UsageError(
            f"--misbehave takes {len(PORT_FAULTS)} more ports: at most {highest}."
        )
    if context.params["markdown"] and not context.params["list_faults"]:
        raise click.UsageError("--markdown goes with --list.")
