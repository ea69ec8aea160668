"""The body of ``POST /echo``: a PACS and nothing else; checked, a Verification."""

from collections.abc import Mapping
from typing import Any

from dicom_qr_gateway.dicom.types import ApplicationEntity
from dicom_qr_gateway.schemas.pacs import PacsSchema
from dicom_qr_gateway.services.echo import Verification


class EchoSchema(PacsSchema):
    """Which PACS to verify, and by what name it is asked."""

    def request(
        self, pacs: ApplicationEntity, calling_ae_title: str, data: Mapping[str, Any]
    ) -> Any:
        """Return a Verification."""
        return Verification(pacs, calling_ae_title)
