"""The command ``dicom-qr-gateway``: starts the gateway, and asks a PACS without it.

Rule: ``echo``, ``find`` and ``move`` go the way of the HTTP endpoints (schemas, services, DICOM
adapter), so that what works here works there.
"""

import click

from dicom_qr_gateway import __version__
from dicom_qr_gateway.cli.commands import Commands
from dicom_qr_gateway.cli.options import options
from dicom_qr_gateway.cli.pacs import pacs
from dicom_qr_gateway.cli.run import run
from dicom_qr_gateway.cli.sandbox import sandbox
from dicom_qr_gateway.cli.scu import echo, find, move


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="dicom-qr-gateway %(version)s")
def main() -> None:
    """A REST gateway in front of hospital PACS.

    \b
    Examples:
      dicom-qr-gateway run --sandbox                          gateway and demo PACS
      dicom-qr-gateway echo 10.1.2.3 104 MAINPACS             is it there?
      dicom-qr-gateway echo main                              the same, by its name
      dicom-qr-gateway find 10.1.2.3 104 MAINPACS 1112223333  which studies?
      dicom-qr-gateway move 10.1.2.3 104 MAINPACS 1112223333 WORKSTATION

    \b
    Exit codes of echo, find, move and pacs check:
      0  success
      1  nothing matched
      2  usage: an argument or an option is not valid
      3  the PACS failed, refused or did not answer in time
      4  only a part was moved
      5  not known: the output could not be written, or a defect
    """


for command in (run, sandbox, echo, find, move, pacs, options):
    main.add_command(command)
