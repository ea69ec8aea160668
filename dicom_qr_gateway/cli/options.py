"""``dicom-qr-gateway options``: what the environment may say, from the option table."""

import click

from dicom_qr_gateway.config import OPTIONS, Option

# A default that is a property of the machine is described, not printed.
DEFAULTS_OF_THE_MACHINE = {"WEB_CONCURRENCY": "number of processors"}

HEADING = """# Configuration

Every option is an environment variable. A bad value stops the start with one line that names the
variable, the value and what is accepted. This page is rendered from the option table in
`dicom_qr_gateway/config.py` by `make config-docs`.

| variable | default | accepted | meaning |
|---|---|---|---|"""


@click.command()
@click.option("--markdown", is_flag=True, help="Print the page docs/configuration.md.")
def options(markdown: bool) -> None:
    """List the environment variables that configure the gateway."""
    if markdown:
        click.echo(as_markdown())
    else:
        for option in OPTIONS:
            click.echo(_as_text(option))


def as_markdown() -> str:
    """Return the configuration page."""
    return "\n".join([HEADING, *(_as_row(option) for option in OPTIONS)])


def _as_row(option: Option) -> str:
    return f"| `{option.name}` | {_default(option)} | {option.accepted} | {option.doc} |"


def _as_text(option: Option) -> str:
    return f"{option.name}={_default(option)}\n    {option.doc}\n    Give {option.accepted}."


def _default(option: Option) -> str:
    return DEFAULTS_OF_THE_MACHINE.get(option.name, option.default)
