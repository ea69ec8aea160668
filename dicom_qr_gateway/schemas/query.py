"""The body of ``POST /q``: checked, it is a StudyQuery."""

from typing import Any

from marshmallow import fields, post_load

from dicom_qr_gateway.dicom.types import ApplicationEntity
from dicom_qr_gateway.schemas.base import StrictSchema
from dicom_qr_gateway.schemas.fields import AETitle, CodeStrings, Host, PatientID, WholeNumber
from dicom_qr_gateway.services.query import StudyQuery

# Succeeds against the sandbox PACS as `make run` starts it.
SANDBOX_QUERY = {
    "pacs_ip": "127.0.0.1",
    "pacs_port": 11112,
    "pacs_ae_title": "SANDBOX",
    "c_find_ae_title": "GATEWAY",
    "patient_id": "1112223333",
}

# The rules of Host and PatientID as JSON Schema, so that a body the document allows is accepted.
_NO_NUMBER_LAST = r"(^|\.)(?!([0-9]+|0[xX][0-9A-Fa-f]*)$)[^.]+$"
_HOST = [
    {"format": "ipv4"},
    {"format": "ipv6"},
    {"format": "hostname", "pattern": _NO_NUMBER_LAST},
]
_EXCLUDED = r"*?\\\u0000-\u001f\u007f-\u009f"
_PATIENT_ID = rf"^[^{_EXCLUDED}]*[^\s{_EXCLUDED}][^{_EXCLUDED}]*$"


def _about(description: str, example: object, **more: Any) -> dict[str, Any]:
    return {"description": description, "example": example, **more}


def ae_title(description: str, example: str) -> fields.Field[str]:
    """Return a required field that is an AE title."""
    return AETitle(
        required=True,
        metadata=_about(
            f"{description} 1 to 16 printable ASCII characters, no backslash; surrounding spaces "
            "are not significant.",
            example,
            pattern=r"^ *[!-\[\]-~]([ -\[\]-~]{0,14}[!-\[\]-~])? *$",
        ),
    )


class QuerySchema(StrictSchema):
    """Which PACS to ask, and for which studies of which patient."""

    pacs_ip = Host(
        required=True,
        metadata=_about(
            "The PACS: an IPv4 address, an IPv6 address without a zone, or a host name.",
            SANDBOX_QUERY["pacs_ip"],
            minLength=1,
            maxLength=253,
            anyOf=_HOST,
        ),
    )
    pacs_port = WholeNumber(
        1,
        65535,
        required=True,
        metadata=_about("Its DICOM TCP port.", SANDBOX_QUERY["pacs_port"]),
    )
    pacs_ae_title = ae_title("Called AE title: the PACS' own.", "SANDBOX")
    c_find_ae_title = ae_title("Calling AE title: the gateway's, as the PACS knows it.", "GATEWAY")
    patient_id = PatientID(
        required=True,
        metadata=_about(
            "The exact Patient ID: no `*`, `?` or backslash, no control characters.",
            SANDBOX_QUERY["patient_id"],
            minLength=1,
            maxLength=64,
            pattern=_PATIENT_ID,
        ),
    )
    modalities = CodeStrings(
        load_default=(),
        metadata=_about(
            "Keep studies with at least one of these modalities (1 to 16 of A to Z, 0 to 9, "
            "underscore and space; upper-cased). null and [] mean: keep all.",
            ["CT", "MR"],
            uniqueItems=True,
            default=[],
        ),
    )
    max_years_old = WholeNumber(
        1,
        200,
        allow_none=True,
        load_default=None,
        metadata=_about("Drop studies older than this many years; undated ones are kept.", 10),
    )
    max_results = WholeNumber(
        1,
        1000,
        allow_none=True,
        load_default=None,
        metadata=_about("At most this many studies, the most recent ones.", 100),
    )

    @post_load
    def to_query(self, data: dict[str, Any], **_kwargs: object) -> Any:
        """Return the request as the service takes it."""
        return StudyQuery(
            pacs=ApplicationEntity(data["pacs_ip"], data["pacs_port"], data["pacs_ae_title"]),
            calling_ae_title=data["c_find_ae_title"],
            patient_id=data["patient_id"],
            modalities=tuple(data["modalities"] or ()),
            max_years_old=data["max_years_old"],
            max_results=data["max_results"],
        )
