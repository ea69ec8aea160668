"""What the searches of QIDO-RS take and answer, for the OpenAPI document.

Rule: any attribute is a parameter, so ``services/qido_request.py`` reads them; those of every day
are documented by name, with examples that find something in the sandbox.
"""

from collections.abc import Mapping
from typing import Any, Final

Json = Mapping[str, Any]

MEDIA_TYPES: Final = ("application/dicom+json", "application/json")
FAILURES: Final = (400, 403, 404, 405, 406, 500, 502, 503, 504)

_TEXT: Final = r"^[^\\\u0000-\u001f\u007f-\u009f]*[^\\\u0000-\u0020\u007f-\u009f]$"
_UIDS: Final = r"^[0-9]{1,30}(\.[0-9]{1,10}){0,3}([,\\][0-9]{1,30}(\.[0-9]{1,10}){0,3})*$"
_DATES: Final = "^(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|1[0-9]|2[0-8])-?$"

_PATH: Final[Mapping[str, Json]] = {
    "pacs": {
        "description": "The name of a PACS (`GET /pacs`), several names with commas, or `all`. Of "
        "several, each match has the RetrieveAETitle (0008,0054) of its PACS.",
        "schema": {"type": "string"},
        "example": "sandbox",
    },
    "study": {
        "description": "Study Instance UID.",
        "schema": {"type": "string", "pattern": "^[0-9]+(\\.[0-9]+)*$", "maxLength": 64},
        "example": "2.25.198860878905444835073203417057688274102",
    },
    "series": {
        "description": "Series Instance UID.",
        "schema": {"type": "string", "pattern": "^[0-9]+(\\.[0-9]+)*$", "maxLength": 64},
        "example": "2.25.19963793734042229122985285777400063786",
    },
}


def _text(description: str, longest: int, **more: Any) -> dict[str, Any]:
    schema = {"type": "string", "pattern": _TEXT, "maxLength": longest}
    return {"description": description, "schema": schema, **more}


_ATTRIBUTES: Final[Mapping[str, Json]] = {
    "PatientName": _text("Without case; `*` and `?` are wild cards.", 64, example="DOE*"),
    "PatientID": _text("Exactly, but for wild cards.", 64),
    "StudyDate": {
        "description": "YYYYMMDD, or a range: `20240101-20241231`, `20240101-`, `-20241231`.",
        "schema": {"type": "string", "pattern": _DATES},
    },
    "AccessionNumber": _text("The order's number.", 16),
    "ModalitiesInStudy": _text("One of several, with commas.", 16),
    "StudyInstanceUID": {
        "description": "One UID, or several with commas or backslashes.",
        "schema": {"type": "string", "pattern": _UIDS, "maxLength": 64},
    },
}
_STEP: Final = "ScheduledProcedureStepSequence"
_SCHEDULED: Final[Mapping[str, Json]] = {
    "PatientName": _ATTRIBUTES["PatientName"],
    "PatientID": _ATTRIBUTES["PatientID"],
    f"{_STEP}.ScheduledStationAETitle": {
        "description": "The station that performs the step.",
        "schema": {"type": "string", "pattern": "^[A-Z0-9_]{1,16}$"},
        "example": "CT1",
    },
    f"{_STEP}.ScheduledProcedureStepStartDate": _ATTRIBUTES["StudyDate"],
    f"{_STEP}.Modality": {
        "description": "Of the step.",
        "schema": {"type": "string", "pattern": "^[A-Z]{1,16}$"},
    },
}
# Any keyword of PS3.6 will do, which no pattern can say; any tag of the standard's groups.
_INCLUDED: Final = (
    "(all|StudyDescription|InstitutionName|PatientSex|PatientName|BodyPartExamined|ProtocolName"
    "|[0-9A-F]{3}[02468ACE][0-9A-F]{4})"
)
_OPTIONS: Final[Mapping[str, Json]] = {
    "includefield": {
        "description": "Attributes to be in the answer too, repeated or with commas; `all` for "
        "those that the standard has at this level. What belongs to a level below, and what no "
        "C-FIND can be asked for, is left out, which a `Warning` header says. Private attributes "
        "need their private creator as a key: `00290010=ACME`.",
        "schema": {"type": "string", "pattern": f"^{_INCLUDED}(,{_INCLUDED})*$"},
        "example": "StudyDescription",
    },
    "limit": {
        "description": "At most so many results; a `Warning` header says when there are more, or, "
        "beyond 2,000, when there may be.",
        "schema": {"type": "integer", "minimum": 0, "maximum": 999_999_999},
        "example": 10,
    },
    "offset": {
        "description": "Leave out so many results first.",
        "schema": {"type": "integer", "minimum": 0, "maximum": 999_999_999},
    },
    "fuzzymatching": {
        "description": "Let the PACS match names in its own way; a `Warning` header says when it "
        "does not know how to.",
        "schema": {"type": "boolean"},
    },
    "emptyvaluematching": {
        "description": 'Let `""` match attributes that have no value.',
        "schema": {"type": "boolean"},
    },
    "multiplevaluematching": {
        "description": "Accepted, and not performed: a `Warning` header says so. Lists of UIDs and "
        "codes match without it.",
        "schema": {"type": "boolean"},
    },
    "partial": {
        "description": "Of several PACS: answer although some failed, with a `Warning` for each.",
        "schema": {"type": "boolean"},
    },
    "charset": {
        "description": "Answers are in UTF-8 whatever the PACS speaks.",
        "schema": {"type": "string", "enum": ["utf-8"]},
    },
    "accept": {
        "description": "Counts before the header Accept.",
        "schema": {"type": "string", "enum": list(MEDIA_TYPES)},
    },
}

_ATTRIBUTE: Final[Json] = {
    "type": "object",
    "required": ["vr"],
    "properties": {
        "vr": {"type": "string", "pattern": "^[A-Z]{2}$"},
        "Value": {"type": "array", "items": {"nullable": True}},
        "InlineBinary": {"type": "string", "format": "byte"},
    },
    "additionalProperties": False,
}
_ROWS: Final[Json] = {
    "type": "array",
    "description": "The DICOM JSON Model (PS3.18 Annex F): tag -> VR and values.",
    "items": {"type": "object", "additionalProperties": _ATTRIBUTE},
}
_EXAMPLE: Final = [
    {
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "DOE^JOHN"}]},
        "00100020": {"vr": "LO", "Value": ["1112223333"]},
        "0020000D": {"vr": "UI", "Value": ["2.25.198860878905444835073203417057688274102"]},
    }
]


def path_parameters(path: str) -> list[dict[str, Any]]:
    """Return what stands in the path of a search."""
    return [
        {"in": "path", "name": name, "required": True, **described}
        for name, described in _PATH.items()
        if f"<{name}>" in path
    ]


def query_parameters(path: str) -> list[dict[str, Any]]:
    """Return the options, and the attributes of every day."""
    attributes = _SCHEDULED if path.endswith("steps") else _ATTRIBUTES
    return [
        {"in": "query", "name": name, **described}
        for name, described in {**attributes, **_OPTIONS}.items()
        if not (name == "StudyInstanceUID" and "<study>" in path)
    ]


def found() -> dict[str, Any]:
    """Return the OpenAPI response of a search."""
    return {
        "description": "What matches; an empty array where nothing does.",
        "headers": {
            "Warning": {
                "description": "299: there are more results, results were withheld that do not "
                "match, something that was asked for is not done or left out, or a PACS failed.",
                "schema": {"type": "string"},
            },
        },
        "content": {each: {"schema": _ROWS, "example": _EXAMPLE} for each in MEDIA_TYPES},
    }
