"""``dicom-qr-gateway options``: what the environment may say, from the option table."""

from typing import Any

import click

from dicom_qr_gateway.config import OPTIONS, Option
from dicom_qr_gateway.pacs_keys import KEYS, NAME_IS, REQUIRED, RESERVED, Key

# A default that is a property of the machine is described, not printed.
DEFAULTS_OF_THE_MACHINE = {"WEB_CONCURRENCY": "number of processors"}

HEADING = """# Configuration

Every option is an environment variable. A bad value stops the start with one line that names the
variable, the value and what is accepted. This page is rendered from the tables in
`dicom_qr_gateway/config.py` and `dicom_qr_gateway/pacs_keys.py` by `make config-docs`.

| variable | default | accepted | meaning |
|---|---|---|---|"""

PACS_HEADING = f"""
## Named PACS

`PACS_CONFIG` names a TOML file with a table for each PACS that requests may name, such as
[deploy/pacs.toml](../deploy/pacs.toml):

```toml
[pacs.main]
host = "10.1.2.3"
port = 104
ae_title = "MAINPACS"
```

A request says `"pacs": "main"` then. A name is {NAME_IS}.

The file is read and checked whole at the start. Whatever is wrong with it is told in a line of its
own, with the path, the key and what is accepted, and the gateway does not start. How to change it
while the gateway runs: see [deployment](deployment.md#named-pacs). `ALLOWED_PACS` applies to named
PACS as to all others.

| key | default | accepted | meaning |
|---|---|---|---|"""

PACS_END = f"""
{", ".join(f"`{name}`" for name in sorted(RESERVED))} are reserved: this version does not speak
DICOM over TLS, not yet, and refuses them.

Two tables may have one host and port with different AE titles. The same host, port, `ae_title` and
`calling_ae_title` twice are refused. Limits count by the address that is connected to: a request
that gives the address instead of the name is under the same limit. The address of a host name
is known once it has been asked; of several, the smallest counts."""


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
    keys = [_key_as_row(key) for key in KEYS]
    return "\n".join([HEADING, *map(_as_row, OPTIONS), PACS_HEADING, *keys, PACS_END])


def _as_row(option: Option) -> str:
    return f"| `{option.name}` | {_default(option)} | {option.accepted} | {option.doc} |"


def _key_as_row(key: Key) -> str:
    default = "required" if key.default is REQUIRED else _as_toml(key.default)
    return f"| `{key.name}` | {default} | {key.accepted} | {key.doc} |"


def _as_toml(value: Any) -> str:
    if value is None or value == "":
        return "none"
    return str(value).lower()


def _as_text(option: Option) -> str:
    return f"{option.name}={_default(option)}\n    {option.doc}\n    Give {option.accepted}."


def _default(option: Option) -> str:
    return DEFAULTS_OF_THE_MACHINE.get(option.name, option.default)
