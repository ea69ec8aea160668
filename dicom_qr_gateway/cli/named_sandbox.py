"""The sandbox PACS as the named PACS ``sandbox`` of a gateway that runs beside it."""

import os

from dicom_qr_gateway.dicom.types import ApplicationEntity
from dicom_qr_gateway.named_pacs import NamedPacs, PacsDirectory
from dicom_qr_gateway.schemas.pacs import SANDBOX

NAME = "sandbox"
# How the command tells its gunicorn where the sandbox is; it is no option of the gateway.
PORT_VARIABLE = "SANDBOX_PORT"


def name_the_sandbox(pacs: PacsDirectory) -> None:
    """Add the sandbox to the directory, unless PACS_CONFIG has that name for another."""
    if NAME in pacs.names:
        return
    peer = ApplicationEntity(
        str(SANDBOX["pacs_ip"]), int(os.environ[PORT_VARIABLE]), str(SANDBOX["pacs_ae_title"])
    )
    sandbox = NamedPacs(
        NAME, peer, str(SANDBOX["c_find_ae_title"]), "Demo PACS with synthetic patients"
    )
    pacs.replace((*pacs.all, sandbox))
