"""What the system endpoints answer, for documentation."""

from marshmallow import fields, validate

from dicom_qr_gateway.schemas.base import StrictSchema


class StatusSchema(StrictSchema):
    """The gateway is well."""

    status = fields.String(
        required=True,
        validate=validate.OneOf(["ok"]),
        metadata={"description": "Always ok.", "example": "ok"},
    )


def _version(description: str, example: str) -> fields.String:
    return fields.String(required=True, metadata={"description": description, "example": example})


class VersionSchema(StrictSchema):
    """What is running."""

    name = _version("The distribution.", "dicom-qr-gateway")
    version = _version("The gateway's version.", "1.0.0")
    python = _version("The version of Python.", "3.11.7")
    pynetdicom = _version("The version of pynetdicom.", "3.0.4")
    pydicom = _version("The version of pydicom.", "3.0.1")
