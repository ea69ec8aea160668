"""The body of ``POST /echo``, a PACS and nothing else; checked, a Verification. And its answer."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields, validate

from dicom_qr_gateway.dicom.types import ApplicationEntity
from dicom_qr_gateway.schemas.base import StrictSchema
from dicom_qr_gateway.schemas.pacs import PacsSchema, about
from dicom_qr_gateway.schemas.phases import PhasesSchema
from dicom_qr_gateway.services.echo import SERVICES, Verification


class EchoSchema(PacsSchema):
    """Which PACS to verify, and by what name it is asked."""

    def request(
        self, pacs: ApplicationEntity, calling_ae_title: str, data: Mapping[str, Any]
    ) -> Any:
        """Return a Verification."""
        return Verification(pacs, calling_ae_title)


class PeerSchema(StrictSchema):
    """What the PACS said of itself when it accepted the association."""

    implementation_class_uid = fields.String(
        required=True, metadata=about('Its implementation; "" if it does not say.', "1.2.276.0.1")
    )
    implementation_version = fields.String(
        required=True, metadata=about('And which version; "" likewise.', "OFFIS_DCMTK_366")
    )
    max_pdu_length = fields.Integer(
        required=True,
        validate=validate.Range(min=0),
        metadata=about("The longest PDU it takes, in bytes; 0 for any.", 16384),
    )


ServicesSchema = StrictSchema.from_dict(
    {
        name: fields.Boolean(
            required=True, metadata=about(f"Whether it accepts {name} of this gateway.", True)
        )
        for name in SERVICES
    },
    name="ServicesSchema",
)


class VerifiedSchema(StrictSchema):
    """A PACS that answered."""

    operation = fields.String(
        required=True,
        validate=validate.OneOf(["C-ECHO"]),
        metadata=about("The DICOM operation.", "C-ECHO"),
    )
    status = fields.String(
        required=True, validate=validate.OneOf(["ok"]), metadata=about("It answered.", "ok")
    )
    dimse_status = fields.String(
        required=True,
        validate=validate.OneOf(["0x0000"]),
        metadata=about("Success; everything else is a failure.", "0x0000"),
    )
    phases_ms = fields.Nested(
        PhasesSchema, required=True, metadata={"description": "How long each phase took."}
    )
    peer = fields.Nested(
        PeerSchema, required=True, metadata={"description": "What the PACS said of itself."}
    )
    services = fields.Nested(
        ServicesSchema,
        required=True,
        metadata={
            "description": "What the PACS accepts of this gateway's AE title; it was only asked, "
            "nothing was sent. MWL is the modality worklist; STORE is storage."
        },
    )
