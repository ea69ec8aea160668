"""The body of ``POST /qr``: that of ``/q`` and a move destination; checked, a StudyRetrieve."""

from collections.abc import Mapping
from typing import Any

from dicom_qr_gateway.dicom.types import ApplicationEntity
from dicom_qr_gateway.schemas.pacs import ae_title
from dicom_qr_gateway.schemas.query import SANDBOX_QUERY, QuerySchema
from dicom_qr_gateway.services.retrieve import StudyRetrieve

SANDBOX_RETRIEVE = {**SANDBOX_QUERY, "c_move_ae_title": "WORKSTATION"}


class RetrieveSchema(QuerySchema):
    """Which studies to find, and where the PACS is to send them."""

    c_move_ae_title = ae_title(
        "Move destination: the AE title, as the PACS knows it, that receives the images.",
        "WORKSTATION",
    )

    def request(
        self, pacs: ApplicationEntity, calling_ae_title: str, data: Mapping[str, Any]
    ) -> Any:
        """Return a StudyRetrieve."""
        query = super().request(pacs, calling_ae_title, data)
        return StudyRetrieve(query, data["c_move_ae_title"])
