"""What `/q` and `/qr` answer, for documentation.

Rule: rows are never dumped through these schemas, which would cost more than the query; the HTTP
tests hold every answer against them.
"""

from typing import Any

from marshmallow import fields, validate

from dicom_qr_gateway.schemas.base import StrictSchema


def _text(description: str, example: str) -> fields.String:
    return fields.String(required=True, metadata={"description": description, "example": example})


def _fixed(value: str, description: str) -> fields.String:
    return fields.String(
        required=True,
        validate=validate.OneOf([value]),
        metadata={"description": description, "example": value},
    )


def _count(description: str, example: int | None, **kwargs: Any) -> fields.Integer:
    return fields.Integer(
        required=True,
        validate=validate.Range(min=0),
        metadata={"description": description, "example": example},
        **kwargs,
    )


def _withheld() -> fields.Integer:
    return fields.Integer(
        validate=validate.Range(min=1),
        metadata={
            "description": "Matches of other patients that the PACS sent and the gateway withheld; "
            "absent where there are none.",
            "example": 1,
        },
    )


class StudySchema(StrictSchema):
    """One study: all twelve keys, "" or [] where the PACS sent nothing."""

    PatientName = _text("Component groups keep their `=`.", "DOE^JOHN")
    PatientID = _text("The patient that was asked for.", "1112223333")
    DateOfBirth = _text("YYYYMMDD, as the PACS sent it.", "19700101")
    StudyInstanceUID = _text("Identifies the study everywhere.", "1.2.3.4")
    StudyDescription = _text("What was done.", "CT ABDOMEN")
    ModalitiesInStudy = fields.List(
        fields.String(),
        required=True,
        metadata={
            "description": "From the study, or from its series where the PACS does not say.",
            "example": ["CT"],
        },
    )
    StudyDate = _text("YYYYMMDD.", "20240101")
    StudyTime = _text("HHMMSS, perhaps with a fraction.", "120000")
    AccessionNumber = _text("The order's number.", "ACC-1")
    ReferringPhysicianName = _text("Who asked for the study.", "REF^MD")
    PerformingPhysicianName = _text("Who did it; not every PACS returns it.", "PERF^MD")
    InstitutionName = _text("Where; not every PACS returns it.", "Hospital")


class FoundSchema(StrictSchema):
    """The studies that match, most recent first, undated ones last."""

    operation = _fixed("C-FIND", "The DICOM operation.")
    status = _fixed("ok", "The PACS answered the whole query.")
    patient_id = _text("As it was asked for.", "1112223333")
    study_details = fields.List(
        fields.Nested(StudySchema),
        required=True,
        metadata={"description": "The studies, at least one."},
    )
    withheld = _withheld()


class NotFoundSchema(StrictSchema):
    """The PACS answered the whole query and no study matches."""

    operation = _fixed("C-FIND", "The DICOM operation, also of a retrieve that found nothing.")
    status = _fixed("not_found", "No study matches.")
    message = _text("The same in words.", "No study matches.")
    patient_id = _text("As it was asked for.", "1112223333")
    study_details = fields.List(
        fields.Nested(StudySchema),
        required=True,
        validate=validate.Length(max=0),
        metadata={"description": "Always empty.", "example": []},
    )
    withheld = _withheld()


class RetrieveDetailSchema(StrictSchema):
    """How the retrieve of one study ended."""

    StudyInstanceUID = _text("The study.", "1.2.3.4")
    status = fields.String(
        required=True,
        validate=validate.OneOf(["ok", "partial", "failed"]),
        metadata={
            "description": "`ok`: everything was moved. `partial`: something was. "
            "`failed`: nothing is known to have been.",
            "example": "ok",
        },
    )
    completed = _count("Instances moved; null where the PACS did not say.", 164, allow_none=True)
    failed = _count("Instances not moved.", 0, allow_none=True)
    warning = _count("Instances moved with a warning.", 0, allow_none=True)
    remaining = _count("Instances not yet tried when it ended.", 0, allow_none=True)
    dimse_status = fields.String(
        required=True,
        allow_none=True,
        validate=validate.Regexp(r"^0x[0-9A-F]{4}$"),
        metadata={
            "description": "The last DIMSE status; null where the PACS sent none.",
            "example": "0x0000",
        },
    )
    failed_sop_instance_uids = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "The instances the PACS named as failed.", "example": []},
    )
    message = _text("The same in plain words.", "All instances were moved.")


class RetrievedSchema(StrictSchema):
    """What was moved, and the studies as in `/q`."""

    operation = _fixed("C-MOVE", "The DICOM operation.")
    status = fields.String(
        required=True,
        validate=validate.OneOf(["ok", "partial"]),
        metadata={"description": "`ok` with 200, `partial` with 207.", "example": "ok"},
    )
    message = _text("The same in words.", "Operation completed successfully")
    success_count = _count("Studies moved completely.", 1)
    total_count = _count("Studies that match.", 1)
    patient_id = _text("As it was asked for.", "1112223333")
    study_details = fields.List(
        fields.Nested(StudySchema),
        required=True,
        metadata={"description": "The studies, as in `/q`."},
    )
    retrieve_details = fields.List(
        fields.Nested(RetrieveDetailSchema),
        required=True,
        metadata={"description": "One entry a study."},
    )
    withheld = _withheld()
