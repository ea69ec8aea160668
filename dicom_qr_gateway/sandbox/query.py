"""The identifier of a request, read and checked: PS3.4 C.4.1.1.3, C.4.2.1.4 and C.4.3.1.3.

Rule: what leaves this module fits the information model; what does not raises.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pydicom.datadict import dictionary_has_tag
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag

from dicom_qr_gateway.dicom.types import QueryRetrieveLevel
from dicom_qr_gateway.sandbox.elements import stored_element, tag_of, text_of

LEVELS = tuple(QueryRetrieveLevel)
PATIENT_ROOT = LEVELS
STUDY_ROOT = LEVELS[1:]

UNIQUE_KEYS: Mapping[QueryRetrieveLevel, BaseTag] = {
    QueryRetrieveLevel.PATIENT: tag_of("PatientID"),
    QueryRetrieveLevel.STUDY: tag_of("StudyInstanceUID"),
    QueryRetrieveLevel.SERIES: tag_of("SeriesInstanceUID"),
    QueryRetrieveLevel.IMAGE: tag_of("SOPInstanceUID"),
}
_LEVEL = tag_of("QueryRetrieveLevel")
_NOT_KEYS = frozenset({_LEVEL, tag_of("SpecificCharacterSet")})


class IdentifierDoesNotMatch(Exception):
    """The identifier does not fit the SOP class: status 0xA900."""


@dataclass(frozen=True, slots=True)
class Query:
    """The level, and the text of each key attribute; an empty text asks for the value only."""

    level: QueryRetrieveLevel
    keys: Mapping[BaseTag, str]


def read_query(
    identifier: Dataset, root: tuple[QueryRetrieveLevel, ...], *, relational: bool = False
) -> Query:
    """Return what a C-FIND identifier asks for.

    Args:
        identifier: as decoded, its elements not yet converted.
        root: the levels of the information model, PATIENT_ROOT or STUDY_ROOT.
        relational: relational queries were negotiated: keys of any level above may be left out
            (PS3.4 C.4.1.3.2.1).

    Raises:
        IdentifierDoesNotMatch: no level of this model, or a level above has no single unique key.
    """
    level = _read_level(identifier, root)
    keys = _read_keys(identifier)
    for above in root[: root.index(level)]:
        if not relational and not _is_single(keys.get(UNIQUE_KEYS[above], "")):
            raise IdentifierDoesNotMatch(f"one unique key of level {above} is required")
    return Query(level, keys)


def read_retrieve(identifier: Dataset, root: tuple[QueryRetrieveLevel, ...]) -> Query:
    """Return what a C-MOVE or C-GET identifier asks for; only unique keys count.

    Raises:
        IdentifierDoesNotMatch: as in ``read_query``, or the level itself has no unique key.
    """
    query = read_query(identifier, root)
    wanted = query.keys.get(UNIQUE_KEYS[query.level], "")
    is_list_of_uids = query.level is not QueryRetrieveLevel.PATIENT and "\\" in wanted
    if not _is_single(wanted) and not is_list_of_uids:
        raise IdentifierDoesNotMatch(f"the unique key of level {query.level} is required")
    unique = {tag: text for tag, text in query.keys.items() if tag in UNIQUE_KEYS.values()}
    return Query(query.level, unique)


def _read_level(identifier: Dataset, root: tuple[QueryRetrieveLevel, ...]) -> QueryRetrieveLevel:
    text = text_of(stored_element(identifier, _LEVEL), "ascii")
    if text not in root:
        raise IdentifierDoesNotMatch("Query/Retrieve Level is not one of this information model")
    return QueryRetrieveLevel(text)


def _read_keys(identifier: Dataset) -> dict[BaseTag, str]:
    encodings = identifier.original_character_set
    return {
        tag: text_of(stored_element(identifier, tag), encodings)
        for tag in list(identifier.keys())
        if dictionary_has_tag(tag) and tag not in _NOT_KEYS
    }


def _is_single(text: str) -> bool:
    return text != "" and not any(character in text for character in "*?\\")
