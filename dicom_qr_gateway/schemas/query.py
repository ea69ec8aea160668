"""The body of ``POST /q``: checked, it is a StudyQuery."""

from collections.abc import Mapping
from typing import Any

from dicom_qr_gateway.dicom.request_charset import can_encode
from dicom_qr_gateway.dicom.types import ApplicationEntity
from dicom_qr_gateway.errors import InvalidRequest
from dicom_qr_gateway.schemas.fields import CodeStrings, PatientID, WholeNumber
from dicom_qr_gateway.schemas.pacs import SANDBOX, PacsSchema, about
from dicom_qr_gateway.services.query import StudyQuery

# Succeeds against the sandbox PACS as `make run` starts it.
SANDBOX_QUERY = {**SANDBOX, "patient_id": "1112223333"}

# The rule of PatientID as JSON Schema, so that a body the document allows is accepted.
_EXCLUDED = r"*?\\\u0000-\u001f\u007f-\u009f"
_PATIENT_ID = rf"^[^{_EXCLUDED}]*[^\s{_EXCLUDED}][^{_EXCLUDED}]*$"


class QuerySchema(PacsSchema):
    """Which PACS to ask, and for which studies of which patient."""

    patient_id = PatientID(
        required=True,
        metadata=about(
            "The exact Patient ID: no `*`, `?` or backslash, no control characters.",
            SANDBOX_QUERY["patient_id"],
            minLength=1,
            maxLength=64,
            pattern=_PATIENT_ID,
        ),
    )
    modalities = CodeStrings(
        load_default=(),
        metadata=about(
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
        metadata=about("Drop studies older than this many years; undated ones are kept.", 10),
    )
    max_results = WholeNumber(
        1,
        1000,
        allow_none=True,
        load_default=None,
        metadata=about("At most this many studies, the most recent ones.", 100),
    )

    def request(
        self, pacs: ApplicationEntity, calling_ae_title: str, data: Mapping[str, Any]
    ) -> Any:
        """Return a StudyQuery.

        Raises:
            InvalidRequest: the character set of this PACS cannot say the Patient ID.
        """
        if not can_encode(data["patient_id"], pacs.quirks.charset):
            raise InvalidRequest(
                {"patient_id": ["The character set that this PACS is asked in cannot say it."]}
            )
        return StudyQuery(
            pacs=pacs,
            calling_ae_title=calling_ae_title,
            patient_id=data["patient_id"],
            modalities=tuple(data["modalities"] or ()),
            max_years_old=data["max_years_old"],
            max_results=data["max_results"],
        )
