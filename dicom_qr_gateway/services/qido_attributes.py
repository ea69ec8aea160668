"""Which attributes belong to which level of a search: PS3.18 10.6.3.3 and PS3.4 C.6.

Rule: plain data and look-ups in it; what no table names may be asked for at any level.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache
from typing import Final

from dicom_qr_gateway.dicom.data_dictionary import tag_of
from dicom_qr_gateway.dicom.query_keys import Keys, key_vr
from dicom_qr_gateway.dicom.types import QueryRetrieveLevel


class Level(StrEnum):
    """What a search returns, in the words of its path."""

    STUDIES = "studies"
    SERIES = "series"
    INSTANCES = "instances"
    WORKLIST = "modality-scheduled-procedure-steps"

    @property
    def query_retrieve_level(self) -> QueryRetrieveLevel | None:
        """Return Query/Retrieve Level (0008,0052), which a worklist has not."""
        return _QUERY_RETRIEVE_LEVELS.get(self)


_QUERY_RETRIEVE_LEVELS: Final = {
    Level.STUDIES: QueryRetrieveLevel.STUDY,
    Level.SERIES: QueryRetrieveLevel.SERIES,
    Level.INSTANCES: QueryRetrieveLevel.IMAGE,
}
DOWNWARDS: Final = (Level.STUDIES, Level.SERIES, Level.INSTANCES)

# PS3.18 tables 10.6.3-3 to 10.6.3-5. Retrieve URL (0008,1190) and Specific Character Set are the
# gateway's own to say. InstanceAvailability (0008,0056) and TimezoneOffsetFromUTC (0008,0201) are
# asked for where a search includes them: Orthanc opens a file of each study for either, to say
# nothing, and takes twice as long for all of it.
_RETURNED: Final[Mapping[Level, tuple[str, ...]]] = {
    Level.STUDIES: (
        *("StudyDate", "StudyTime", "AccessionNumber", "ModalitiesInStudy"),
        *("ReferringPhysicianName", "PatientName", "PatientID", "PatientBirthDate", "PatientSex"),
        *("StudyInstanceUID", "StudyID", "NumberOfStudyRelatedSeries"),
        "NumberOfStudyRelatedInstances",
    ),
    Level.SERIES: (
        *("Modality", "SeriesDescription", "SeriesInstanceUID", "SeriesNumber"),
        *("NumberOfSeriesRelatedInstances", "PerformedProcedureStepStartDate"),
        "PerformedProcedureStepStartTime",
        "RequestAttributesSequence.ScheduledProcedureStepID",
        "RequestAttributesSequence.RequestedProcedureID",
    ),
    Level.INSTANCES: (
        *("SOPClassUID", "SOPInstanceUID", "InstanceNumber", "Rows", "Columns", "BitsAllocated"),
        "NumberOfFrames",
    ),
    # PS3.4 K.6.1.2.2: of type 1 or 2 in every answer of a worklist.
    Level.WORKLIST: (
        *("AccessionNumber", "ReferringPhysicianName", "PatientName", "PatientID"),
        *("PatientBirthDate", "PatientSex", "PatientWeight", "MedicalAlerts", "Allergies"),
        *("PregnancyStatus", "StudyInstanceUID", "RequestingPhysician", "AdmissionID"),
        *("RequestedProcedureDescription", "RequestedProcedureID", "RequestedProcedurePriority"),
        *("SpecialNeeds", "CurrentPatientLocation", "PatientState", "PatientTransportArrangements"),
        *("ConfidentialityConstraintOnPatientDataDescription", "ReferencedStudySequence"),
        *("ReferencedPatientSequence", "RequestedProcedureCodeSequence"),
        *(
            f"ScheduledProcedureStepSequence.{keyword}"
            for keyword in (
                *("Modality", "RequestedContrastAgent", "ScheduledStationAETitle"),
                *("ScheduledProcedureStepStartDate", "ScheduledProcedureStepStartTime"),
                *("ScheduledPerformingPhysicianName", "ScheduledProcedureStepDescription"),
                *("ScheduledProcedureStepID", "ScheduledStationName"),
                *("ScheduledProcedureStepLocation", "PreMedication"),
                "ScheduledProtocolCodeSequence",
            )
        ),
    ),
}

# Type R in tables 10.6.3-3 to 10.6.3-5: in each answer, if only with its VR (PS3.4 C.2.2.1.2).
# Not ModalitiesInStudy (0008,0061): clients read a value wherever it is present.
_REQUIRED: Final = (
    *("StudyDate", "StudyTime", "AccessionNumber", "ReferringPhysicianName", "PatientName"),
    *("PatientID", "PatientBirthDate", "PatientSex", "StudyID", "NumberOfStudyRelatedSeries"),
    *("NumberOfStudyRelatedInstances", "Modality", "SeriesNumber"),
    *("NumberOfSeriesRelatedInstances", "SOPClassUID", "InstanceNumber"),
)

# Required and unique keys (PS3.4 tables C.6-1 to C.6-6): every PACS has these.
_ESSENTIAL: Final = (
    *("StudyDate", "StudyTime", "AccessionNumber", "PatientName", "PatientID", "StudyID"),
    *("StudyInstanceUID", "Modality", "SeriesNumber", "SeriesInstanceUID", "InstanceNumber"),
    "SOPInstanceUID",
)

# What ``includefield=all`` asks for besides: the general modules of PS3.3 C.7.1 to C.7.6, which
# PS3.4 C.6 makes optional keys. C-FIND cannot ask for whatever there is.
_OPTIONAL: Final[Mapping[Level, tuple[str, ...]]] = {
    Level.STUDIES: (
        *("InstanceAvailability", "TimezoneOffsetFromUTC"),
        *("StudyDescription", "IssuerOfPatientID", "PatientBirthTime", "OtherPatientIDs"),
        *("OtherPatientNames", "EthnicGroup", "PatientComments", "PatientAge", "PatientSize"),
        *(
            "PatientWeight",
            "Occupation",
            "AdditionalPatientHistory",
            "NumberOfPatientRelatedSeries",
        ),
        *("NumberOfPatientRelatedStudies", "NumberOfPatientRelatedInstances", "SOPClassesInStudy"),
        *("PhysiciansOfRecord", "NameOfPhysiciansReadingStudy", "AdmittingDiagnosesDescription"),
        *("ProcedureCodeSequence", "InstitutionName", "PerformingPhysicianName"),
    ),
    Level.SERIES: (
        "TimezoneOffsetFromUTC",
        *("SeriesDate", "SeriesTime", "BodyPartExamined", "Laterality", "ProtocolName"),
        *("PerformingPhysicianName", "OperatorsName", "PatientPosition", "Manufacturer"),
        *("ManufacturerModelName", "InstitutionName", "InstitutionalDepartmentName"),
        *("StationName", "DeviceSerialNumber", "SoftwareVersions", "InstanceAvailability"),
        *("PerformedProcedureStepID", "PerformedProcedureStepDescription"),
    ),
    Level.INSTANCES: (
        *("InstanceAvailability", "TimezoneOffsetFromUTC"),
        *("ImageType", "ContentDate", "ContentTime", "AcquisitionDate", "AcquisitionTime"),
        *("AcquisitionDateTime", "AcquisitionNumber", "InstanceCreationDate"),
        *("InstanceCreationTime", "ImageComments", "SamplesPerPixel"),
        *("PhotometricInterpretation", "BitsStored", "PixelSpacing", "SliceThickness"),
        *("SliceLocation", "ConceptNameCodeSequence", "ContentLabel", "DocumentTitle"),
    ),
    Level.WORKLIST: (
        *("PatientComments", "IssuerOfPatientID", "OtherPatientIDs", "PatientSize", "EthnicGroup"),
        *("RequestingService", "ReasonForTheRequestedProcedure", "RequestedProcedureComments"),
        *("RequestedProcedureLocation", "NamesOfIntendedRecipientsOfResults", "InstitutionName"),
        "AdmittingDiagnosesDescription",
        *(
            f"ScheduledProcedureStepSequence.{keyword}"
            for keyword in ("ScheduledProcedureStepStatus", "CommentsOnTheScheduledProcedureStep")
        ),
    ),
}

# What of these a study, and sometimes more than one level, may be asked about all the same.
_OF_SEVERAL_LEVELS: Final = frozenset(
    (
        *("TimezoneOffsetFromUTC", "InstanceAvailability", "InstitutionName", "StationName"),
        *("PerformingPhysicianName", "OperatorsName", "InstitutionalDepartmentName"),
        *("Manufacturer", "ManufacturerModelName", "DeviceSerialNumber", "SoftwareVersions"),
        *("BodyPartExamined", "ProtocolName", "ConceptNameCodeSequence"),
    )
)

UNIQUE_KEYS: Final = {
    Level.STUDIES: "StudyInstanceUID",
    Level.SERIES: "SeriesInstanceUID",
    Level.INSTANCES: "SOPInstanceUID",
}


def tag(keyword: str) -> int:
    """Return the tag of a keyword that the standard has."""
    found = tag_of(keyword)
    if found is None:
        raise KeyError(keyword)
    return found


def returned(level: Level) -> Keys:
    """Return the universal keys of what the standard demands in each answer."""
    return _universal(_RETURNED[level])


@cache
def required(level: Level) -> frozenset[int]:
    """Return what each answer has, with a value or without, those of the levels above included.

    A worklist's answers have what the PACS sends.
    """
    if level not in DOWNWARDS:
        return frozenset()
    tags = (tag(keyword) for keyword in _REQUIRED)
    return frozenset(each for each in tags if not is_below(_levels()[each], level))


def everything(level: Level) -> Keys:
    """Return the universal keys that ``includefield=all`` stands for, those of above included."""
    above = DOWNWARDS[: DOWNWARDS.index(level)] if level in DOWNWARDS else ()
    keywords = [*_RETURNED[level], *_OPTIONAL[level], *_of(above)]
    return _universal(tuple(keywords))


def _of(levels: tuple[Level, ...]) -> Iterator[str]:
    for level in levels:
        yield from _RETURNED[level]
        yield from _OPTIONAL[level]


def essential(tag_: int, level: Level) -> bool:
    """Tell whether every PACS has to know a key of a level, or of one above it."""
    own = level_of(tag_)
    is_known = own is not None and not is_below(own, level)
    return is_known and tag_ in {tag(keyword) for keyword in _ESSENTIAL}


def level_of(tag_: int) -> Level | None:
    """Return the only level that an attribute belongs to, None where that cannot be said."""
    return _levels().get(tag_)


@cache
def _levels() -> dict[int, Level]:
    return {
        tag(keyword.partition(".")[0]): level
        for level in DOWNWARDS
        for keyword in _of((level,))
        if keyword not in _OF_SEVERAL_LEVELS
    }


@cache
def of_steps() -> Mapping[int, str]:
    """Return what stands only in the Scheduled Procedure Step Sequence, tag -> keyword."""
    paths = [keyword.partition(".") for keyword in _of((Level.WORKLIST,))]
    elsewhere = {first for first, dot, _ in paths if not dot}
    return {
        tag(keyword): keyword for _, _, keyword in paths if keyword and keyword not in elsewhere
    }


def is_below(lower: Level, upper: Level) -> bool:
    """Tell whether a level is below another one."""
    return (
        lower in DOWNWARDS
        and upper in DOWNWARDS
        and DOWNWARDS.index(lower) > DOWNWARDS.index(upper)
    )


@cache
def _universal(keywords: tuple[str, ...]) -> Keys:
    keys: dict[int, str | Keys] = {}
    items: dict[int, tuple[str, ...]] = {}
    for keyword in keywords:
        name, _, rest = keyword.partition(".")
        items[tag(name)] = (*items.get(tag(name), ()), *((rest,) if rest else ()))
    for each, inner in items.items():
        is_sequence = key_vr(each) == "SQ"
        keys[each] = _universal(inner) if is_sequence else ""
    return keys
