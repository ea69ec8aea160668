"""How long each phase of ``POST /echo`` took, in its answers and in its failures."""

from marshmallow import fields, validate

from dicom_qr_gateway.schemas.base import StrictSchema


def _milliseconds(description: str, example: float) -> fields.Float:
    return fields.Float(
        validate=validate.Range(min=0),
        metadata={"description": f"{description}, in milliseconds.", "example": example},
    )


class PhasesSchema(StrictSchema):
    """The phases that were reached; a failure has those up to the one that failed."""

    resolve = _milliseconds("Looking up the host name", 0.1)
    connect = _milliseconds("The TCP connection", 0.4)
    associate = _milliseconds("Negotiating the association", 1.3)
    echo = _milliseconds("From the C-ECHO request to its answer", 0.6)
    release = _milliseconds("Releasing the association", 0.4)
