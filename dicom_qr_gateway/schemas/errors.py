"""The common error body of the contract, for documentation: no answer is dumped through it.

Rule: the values of ``error`` are the closed list that the classes of ``errors.py`` make.
"""

from collections.abc import Iterator

from marshmallow import fields, validate

from dicom_qr_gateway import errors
from dicom_qr_gateway.dicom.phases import PHASES
from dicom_qr_gateway.errors import GatewayError, NoStudyMatched
from dicom_qr_gateway.schemas.answers import RetrieveDetailSchema
from dicom_qr_gateway.schemas.base import StrictSchema
from dicom_qr_gateway.schemas.phases import PhasesSchema


def outcomes() -> Iterator[type[GatewayError]]:
    """Yield every class of errors.py that has an ``error`` value of its own.

    A query without a match is none of them: it has its own body.
    """
    for each in vars(errors).values():
        is_outcome = isinstance(each, type) and issubclass(each, GatewayError)
        if is_outcome and "error" in vars(each) and each is not NoStudyMatched:
            yield each


ERROR_VALUES = tuple(dict.fromkeys(each.error for each in outcomes()))


class FailureSchema(StrictSchema):
    """Why one of several PACS gave no answer."""

    pacs = fields.String(
        required=True, metadata={"description": "The name of the PACS.", "example": "main"}
    )
    error = fields.String(
        required=True,
        validate=validate.OneOf(ERROR_VALUES),
        metadata={"description": "As in the body itself.", "example": "connect_timeout"},
    )
    message = fields.String(
        required=True,
        metadata={
            "description": "The same in plain words.",
            "example": "The PACS did not accept the connection in time.",
        },
    )


class ErrorSchema(StrictSchema):
    """What every failure says."""

    code = fields.Integer(
        required=True, metadata={"description": "The HTTP status code.", "example": 502}
    )
    status = fields.String(
        required=True,
        metadata={"description": "The HTTP status in words.", "example": "Bad Gateway"},
    )
    error = fields.String(
        required=True,
        validate=validate.OneOf(ERROR_VALUES),
        metadata={
            "description": "The outcome, stable and machine-readable.",
            "example": "association_rejected",
        },
    )
    message = fields.String(
        required=True,
        metadata={
            "description": "What happened and what to check, in plain words.",
            "example": "The PACS rejected the association: called AE title not recognized.",
        },
    )
    errors = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        metadata={
            "description": "Only with 400: each field with the rules it breaks; problems of the "
            "body as a whole stand under `body`.",
            "example": {"pacs_port": ["Give an integer from 1 to 65535."]},
        },
    )
    dicom = fields.Dict(
        metadata={
            "description": "What the PACS itself said, where it did: `status` (DIMSE), or "
            "`result`, `source` and `reason` (A-ASSOCIATE-RJ).",
            "example": {"result": 1, "source": 1, "reason": 7},
        }
    )
    phase = fields.String(
        validate=validate.OneOf(PHASES[:-1]),
        metadata={
            "description": "Only of `/echo`: what was under way when it failed.",
            "example": "associate",
        },
    )
    phases_ms = fields.Nested(
        PhasesSchema,
        metadata={"description": "Only of `/echo`: the phases that were reached."},
    )
    success_count = fields.Integer(
        metadata={"description": "Only of a retrieve: studies moved completely.", "example": 0}
    )
    total_count = fields.Integer(
        metadata={"description": "Only of a retrieve: studies that match.", "example": 2}
    )
    retrieve_details = fields.List(
        fields.Nested(RetrieveDetailSchema),
        metadata={"description": "Only of a retrieve: one entry a study."},
    )
    failures = fields.List(
        fields.Nested(FailureSchema),
        metadata={
            "description": "Only of a search of several PACS: one entry for each that failed."
        },
    )
    correlation_id = fields.String(
        required=True,
        metadata={
            "description": "The id of this request on every log line; the header X-Correlation-ID.",
            "example": "7d1c5f0a9b3e4c6d8e2f1a0b9c8d7e6f",
        },
    )
