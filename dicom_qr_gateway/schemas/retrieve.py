"""The body of ``POST /qr``: that of ``/q`` and a move destination; checked, a StudyRetrieve."""

from typing import Any

from marshmallow import post_load

from dicom_qr_gateway.schemas.query import SANDBOX_QUERY, QuerySchema, ae_title
from dicom_qr_gateway.services.retrieve import StudyRetrieve

SANDBOX_RETRIEVE = {**SANDBOX_QUERY, "c_move_ae_title": "WORKSTATION"}


class RetrieveSchema(QuerySchema):
    """Which studies to find, and where the PACS is to send them."""

    c_move_ae_title = ae_title(
        "Move destination: the AE title, as the PACS knows it, that receives the images.",
        "WORKSTATION",
    )

    @post_load
    def to_query(self, data: dict[str, Any], **kwargs: object) -> StudyRetrieve:
        """Return the request as the service takes it."""
        return StudyRetrieve(super().to_query(data, **kwargs), data["c_move_ae_title"])
