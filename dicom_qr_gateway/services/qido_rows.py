"""A row of an answer: one match in the DICOM JSON Model, and where it stands among others.

Rule: a match becomes text as soon as it arrives, and nothing else of it is kept.
"""

from bisect import insort
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Final

from dicom_qr_gateway.dicom.data_set import SPECIFIC_CHARACTER_SET, DataSet
from dicom_qr_gateway.dicom.dicom_json import as_object, attribute, attributes
from dicom_qr_gateway.dicom.query_keys import key_vr
from dicom_qr_gateway.services.qido_attributes import Level

RETRIEVE_AE_TITLE: Final = 0x00080054
MODALITIES_IN_STUDY: Final = 0x00080061
_MODALITY: Final = 0x00080060
_RETRIEVE_URL: Final = 0x00081190
# PS3.18 10.6.3.3 demands it; nobody knows it who was not asked, or did not say.
_AVAILABILITY: Final = 0x00080056
_UNKNOWN_AVAILABILITY: Final = '"00080056":{"vr":"CS"}'
_WITH_AVAILABILITY: Final = frozenset((Level.STUDIES, Level.INSTANCES))
_STUDY_MOMENT: Final = (0x00080020, 0x00080030)
_STEPS: Final = 0x00400100
_STEP_MOMENT: Final = (0x00400002, 0x00400003)
# By what entities are told apart, and which of them comes first where date and time are the same.
_STUDY: Final = (0x0020000D,)
_SERIES: Final = (*_STUDY, 0x00200011, 0x0020000E)
_INSTANCE: Final = (*_SERIES, 0x00200013, 0x00080018)
_ORDER: Final = {
    Level.STUDIES: _STUDY,
    Level.SERIES: _SERIES,
    Level.INSTANCES: _INSTANCE,
    Level.WORKLIST: _STUDY,
}

# They say how the query was made (PS3.4 C.4.1.1.3.2), which is no attribute of what was found.
_ALWAYS_HIDDEN: Final = frozenset((0x00080052, 0x00080053))
# ModalitiesInStudy and RetrieveURL are in an answer only where they say something, and of a study
# Modality, which belongs to series: OHIF asks for it, and stumbled over one without a value.
_SAYING: Final = (MODALITIES_IN_STUDY, _RETRIEVE_URL, _MODALITY)
_HIDDEN: Final = {
    says: _ALWAYS_HIDDEN | {tag for tag, it_says in zip(_SAYING, says, strict=True) if not it_says}
    for says in product((False, True), repeat=len(_SAYING))
}
_TAG: Final = slice(1, 9)  # where the text of an attribute has its tag
_LENGTH_OF_EMPTY: Final = len('"00080020":{"vr":"DA"}')

Key = tuple[int, int, tuple[str | int, ...]]


@dataclass(frozen=True, slots=True)
class Match:
    """What a PACS returned for one entity, and what is known of it otherwise.

    ``above`` are the entities that it is part of, from the top; ``known`` are values of attributes,
    several joined by backslashes, where the PACS left them out.
    """

    data_set: DataSet
    above: tuple[DataSet, ...] = ()
    known: Mapping[int, str] = field(default_factory=dict)

    def knowing(self, known: Mapping[int, str]) -> "Match":
        """Return the match with more that is known of it."""
        return replace(self, known={**self.known, **known})

    def text(self, tag: int) -> str:
        """Return the text of an attribute from where it has one, else ""."""
        for data_set in (self.data_set, *reversed(self.above)):
            if data_set.has_value(tag):
                return data_set.text(tag)
        return self.known.get(tag, "")

    def row(self, level: Level) -> bytes:
        """Return the match in the DICOM JSON Model."""
        if self.above or not all(map(self.data_set.has_value, self.known)):
            written, says_charset = self._merged(level)
        else:
            written = attributes(self.data_set, _hidden(self.data_set, level))
            says_charset = SPECIFIC_CHARACTER_SET in self.data_set.places
        said = any(_AVAILABILITY in each.places for each in (self.data_set, *self.above))
        if level in _WITH_AVAILABILITY and not said:
            insort(written, _UNKNOWN_AVAILABILITY)
        return as_object(written, says_charset).encode()

    def _merged(self, level: Level) -> tuple[list[str], bool]:
        written = {
            f"{tag:08X}": attribute(tag, key_vr(tag), value.split("\\"))
            for tag, value in self.known.items()
        }
        for data_set in (*self.above, self.data_set):
            for one in attributes(data_set, _hidden(data_set, level)):
                if len(one) > _LENGTH_OF_EMPTY or one[_TAG] not in written:
                    written[one[_TAG]] = one
        says_charset = f"{SPECIFIC_CHARACTER_SET:08X}" in written
        return [written[tag] for tag in sorted(written)], says_charset

    def key(self, level: Level) -> Key:
        """Return what sorts by date and time, latest first, then by the entities' numbers."""
        date, time = self._moment(level)
        below = [_comparable(tag, self.text(tag)) for tag in _ORDER[level]]
        return -_number(date[:8]), -_number(time[:6]), tuple(below)

    def _moment(self, level: Level) -> tuple[str, str]:
        match, tags = self, _STUDY_MOMENT
        if level is Level.WORKLIST:
            steps = self.data_set.items(_STEPS) if _STEPS in self.data_set.places else iter(())
            match, tags = Match(next(steps, self.data_set)), _STEP_MOMENT
        date, time = (match.text(tag) for tag in tags)
        return date, time


def _hidden(data_set: DataSet, level: Level) -> frozenset[int]:
    says = data_set.has_value
    says_modality = level is not Level.STUDIES or says(_MODALITY)
    return _HIDDEN[says(MODALITIES_IN_STUDY), says(_RETRIEVE_URL), says_modality]


def _comparable(tag: int, text: str) -> str | int:
    return _number(text) if key_vr(tag) == "IS" else text


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0
