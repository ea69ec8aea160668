"""The index of the demo PACS: patients, studies, series and images, and what is asked of them.

Rule: built once, never changed afterwards, so any number of associations may read it at once.
"""

from collections.abc import Iterable, Iterator, Mapping, MutableSequence, Sequence
from dataclasses import dataclass

from pydicom.datadict import dictionary_VR, keyword_for_tag
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from dicom_qr_gateway.dicom.types import QueryRetrieveLevel
from dicom_qr_gateway.sandbox.elements import (
    ascii_element,
    character_set,
    stored_element,
    tag_of,
    text_of,
)
from dicom_qr_gateway.sandbox.matching import matches
from dicom_qr_gateway.sandbox.query import LEVELS, UNIQUE_KEYS, Query
from dicom_qr_gateway.sandbox.stored import StoredInstance

Elements = Mapping[BaseTag, RawDataElement]

_CHARSET = tag_of("SpecificCharacterSet")
_RETRIEVE_AE_TITLE = tag_of("RetrieveAETitle")
UNCOMPRESSED = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)

# What the archive supports at a level, besides the keys of the levels above: PS3.4 C.6.1.1.
# Institution Name and Performing Physician's Name belong to a series; like most archives, this
# one also tells them with the study.
_STORED_KEYS: Mapping[QueryRetrieveLevel, tuple[str, ...]] = {
    QueryRetrieveLevel.PATIENT: (
        *("PatientID", "PatientName", "IssuerOfPatientID", "PatientBirthDate"),
        *("PatientBirthTime", "PatientSex", "EthnicGroup", "PatientComments"),
    ),
    QueryRetrieveLevel.STUDY: (
        *("StudyInstanceUID", "StudyID", "StudyDate", "StudyTime", "StudyDescription"),
        *("AccessionNumber", "ReferringPhysicianName", "NameOfPhysiciansReadingStudy"),
        *("PatientAge", "PatientSize", "PatientWeight", "AdmittingDiagnosesDescription"),
        *("InstitutionName", "PerformingPhysicianName"),
    ),
    QueryRetrieveLevel.SERIES: (
        *("SeriesInstanceUID", "SeriesNumber", "SeriesDate", "SeriesTime", "SeriesDescription"),
        *("Modality", "BodyPartExamined", "Laterality", "ProtocolName", "Manufacturer"),
        *("ManufacturerModelName", "StationName", "InstitutionalDepartmentName", "OperatorsName"),
        *("PerformedProcedureStepStartDate", "PerformedProcedureStepStartTime"),
    ),
    QueryRetrieveLevel.IMAGE: (
        *("SOPInstanceUID", "SOPClassUID", "InstanceNumber", "ImageType", "ContentDate"),
        *("ContentTime", "AcquisitionDate", "AcquisitionTime", "AcquisitionNumber"),
        *("NumberOfFrames", "Rows", "Columns", "BitsAllocated"),
    ),
}


@dataclass(frozen=True, slots=True)
class Entity:
    """A patient, study, series or image: the values of its keys and the instances below it."""

    elements: Elements
    encodings: str | MutableSequence[str]
    instances: Sequence[StoredInstance]

    def matches(self, query: Query) -> bool:
        """Tell whether all supported keys match; others are ignored (PS3.4 C.2.2.1.3)."""
        return all(
            matches(dictionary_VR(tag), key, text_of(self.elements[tag], self.encodings))
            for tag, key in query.keys.items()
            if key and tag in self.elements
        )

    def answer(self, query: Query, *, implicit_vr: bool) -> Dataset:
        """Return the identifier of a response: the keys asked for, and what must go with them.

        PS3.4 C.4.1.1.3.2. The values are already encoded; ``implicit_vr`` says in which transfer
        syntax the response goes out, so that pydicom writes them as they are.
        """
        tags = [tag for tag in (*query.keys, _RETRIEVE_AE_TITLE, _CHARSET) if tag in self.elements]
        level = ascii_element("QueryRetrieveLevel", query.level)
        answer = Dataset({level.tag: level, **{tag: self.elements[tag] for tag in tags}})
        answer.set_original_encoding(implicit_vr, True, self.encodings)
        return answer


class Archive:
    """All instances, found by C-FIND keys and retrieved by unique keys."""

    def __init__(self, instances: Iterable[StoredInstance], ae_title: str) -> None:
        """Index the instances; of several with one SOP Instance UID the first counts.

        Args:
            instances: what the archive holds.
            ae_title: Retrieve AE Title (0008,0054) of every answer.
        """
        self._entities: dict[QueryRetrieveLevel, list[Entity]] = {level: [] for level in LEVELS}
        self.instances = _first_of_each(instances)
        everywhere = _elements({"RetrieveAETitle": ae_title, "InstanceAvailability": "ONLINE"})
        self._index(LEVELS, self.instances, everywhere)

    def count(self, level: QueryRetrieveLevel) -> int:
        """Return the number of patients, studies, series or images."""
        return len(self._entities[level])

    def find(self, query: Query) -> Iterator[Entity]:
        """Yield what matches, in the order in which the instances were given."""
        return (entity for entity in self._entities[query.level] if entity.matches(query))

    def retrieve(self, query: Query) -> list[StoredInstance]:
        """Return the instances of everything that matches."""
        return [instance for entity in self.find(query) for instance in entity.instances]

    def _index(
        self,
        levels: Sequence[QueryRetrieveLevel],
        instances: Sequence[StoredInstance],
        inherited: Elements,
    ) -> None:
        if not levels:
            return
        level, *below = levels
        for group in _grouped(instances, level):
            computed = {**inherited, **_elements(_computed(level, group))}
            header = group[0].header
            elements = {**_stored(level, header), **computed}
            self._entities[level].append(Entity(elements, header.original_character_set, group))
            self._index(below, group, computed)


def storage_contexts(instances: Iterable[StoredInstance]) -> set[tuple[UID, tuple[UID, ...]]]:
    """Return the presentation contexts that are needed to send all of the instances.

    One is a SOP class and its transfer syntaxes: Explicit and Implicit VR Little Endian are
    converted into each other, what is compressed is sent as it is.
    """
    stored = {(instance.sop_class_uid, instance.transfer_syntax) for instance in instances}
    return {
        (sop_class_uid, UNCOMPRESSED if syntax in UNCOMPRESSED else (syntax,))
        for sop_class_uid, syntax in stored
    }


def _first_of_each(instances: Iterable[StoredInstance]) -> list[StoredInstance]:
    by_uid: dict[str, StoredInstance] = {}
    for instance in instances:
        by_uid.setdefault(instance.text("SOPInstanceUID"), instance)
    return list(by_uid.values())


def _grouped(
    instances: Sequence[StoredInstance], level: QueryRetrieveLevel
) -> Iterable[list[StoredInstance]]:
    groups: dict[str, list[StoredInstance]] = {}
    for instance in instances:
        groups.setdefault(instance.text(keyword_for_tag(UNIQUE_KEYS[level])), []).append(instance)
    return groups.values()


def _stored(level: QueryRetrieveLevel, header: Dataset) -> dict[BaseTag, RawDataElement]:
    levels = LEVELS[: LEVELS.index(level) + 1]
    tags = [tag_of(keyword) for each in levels for keyword in _STORED_KEYS[each]]
    elements = {tag: stored_element(header, tag) for tag in tags}
    charset = character_set(header)
    if charset:
        elements[_CHARSET] = ascii_element("SpecificCharacterSet", charset)
    return elements


def _computed(level: QueryRetrieveLevel, group: Sequence[StoredInstance]) -> dict[str, str]:
    """Return the attributes that a query has to count: PS3.4 C.3.4."""
    if level is QueryRetrieveLevel.PATIENT:
        return {
            "NumberOfPatientRelatedStudies": _number_of(group, "StudyInstanceUID"),
            "NumberOfPatientRelatedSeries": _number_of(group, "SeriesInstanceUID"),
            "NumberOfPatientRelatedInstances": str(len(group)),
        }
    if level is QueryRetrieveLevel.STUDY:
        return {
            "ModalitiesInStudy": "\\".join(_distinct(group, "Modality")),
            "SOPClassesInStudy": "\\".join(_distinct(group, "SOPClassUID")),
            "NumberOfStudyRelatedSeries": _number_of(group, "SeriesInstanceUID"),
            "NumberOfStudyRelatedInstances": str(len(group)),
        }
    if level is QueryRetrieveLevel.SERIES:
        return {"NumberOfSeriesRelatedInstances": str(len(group))}
    return {}


def _distinct(group: Iterable[StoredInstance], keyword: str) -> list[str]:
    return [text for text in dict.fromkeys(each.text(keyword) for each in group) if text]


def _number_of(group: Iterable[StoredInstance], keyword: str) -> str:
    return str(len(_distinct(group, keyword)))


def _elements(texts: Mapping[str, str]) -> dict[BaseTag, RawDataElement]:
    elements = [ascii_element(keyword, text) for keyword, text in texts.items()]
    return {element.tag: element for element in elements}
