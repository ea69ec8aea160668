"""A row of an answer: one match in the DICOM JSON Model, and where it stands among others.

Rule: a match becomes text as soon as it arrives, and nothing else of it is kept. A study without
modalities is kept as a draft: text too, for which they can still be asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Final

from dicom_qr_gateway.dicom.data_set import SPECIFIC_CHARACTER_SET, DataSet
from dicom_qr_gateway.dicom.dicom_json import as_object, attribute, attributes
from dicom_qr_gateway.dicom.identifier import MATCHED_UID
from dicom_qr_gateway.dicom.query_keys import key_vr
from dicom_qr_gateway.errors import ProtocolError
from dicom_qr_gateway.services.qido_attributes import UNIQUE_KEYS, Level, level_of, tag

PATIENT_ID: Final = 0x00100020
STUDY_UID: Final = 0x0020000D
_SERIES_UID: Final = 0x0020000E
_SOP_INSTANCE_UID: Final = 0x00080018
RETRIEVE_AE_TITLE: Final = 0x00080054
MODALITIES_IN_STUDY: Final = 0x00080061
_RETRIEVE_URL: Final = 0x00081190
_STUDY_MOMENT: Final = (0x00080020, 0x00080030)
_STEPS: Final = 0x00400100
_STEP_MOMENT: Final = (0x00400002, 0x00400003)
# What an entity is told apart by: one UID of two patients, or in two studies, is two of them.
_IDENTITY: Final = {
    Level.STUDIES: (PATIENT_ID, STUDY_UID),
    Level.SERIES: (PATIENT_ID, STUDY_UID, _SERIES_UID),
    Level.INSTANCES: (PATIENT_ID, STUDY_UID, _SERIES_UID, _SOP_INSTANCE_UID),
}
# Which of them comes first where date and time are the same.
_STUDY: Final = (STUDY_UID,)
_SERIES: Final = (*_STUDY, 0x00200011, _SERIES_UID)
_INSTANCE: Final = (*_SERIES, 0x00200013, _SOP_INSTANCE_UID)
_ORDER: Final = {
    Level.STUDIES: _STUDY,
    Level.SERIES: _SERIES,
    Level.INSTANCES: _INSTANCE,
    Level.WORKLIST: _STUDY,
}

# They say how the query was made (PS3.4 C.4.1.1.3.2), which is no attribute of what was found.
_ALWAYS_HIDDEN: Final = frozenset((0x00080052, 0x00080053))
# ModalitiesInStudy and RetrieveURL are in an answer only where they say something.
_HIDDEN: Final = {
    (modalities, url): _ALWAYS_HIDDEN
    | {tag for tag, says in ((MODALITIES_IN_STUDY, modalities), (_RETRIEVE_URL, url)) if not says}
    for modalities in (False, True)
    for url in (False, True)
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
            if _says(data_set, tag):
                return data_set.text(tag)
        return self.known.get(tag, "")

    def identity(self, level: Level) -> tuple[str, ...]:
        """Return what tells the entity apart from others of its level, which is no worklist."""
        return tuple([self.text(tag) for tag in _IDENTITY[level]])

    def row(self, demanded: frozenset[int] = frozenset()) -> bytes:
        """Return the match in the DICOM JSON Model.

        Args:
            demanded: tags of attributes that are in it, if only with their VR (PS3.18 F.2.5).
        """
        return as_object(*self._written(demanded)).encode()

    def draft(self, demanded: frozenset[int] = frozenset()) -> "Draft":
        """Return the row of a study without its modalities; ``demanded`` as in ``row``."""
        written, says_charset = self._written(demanded)
        return Draft(self.text(STUDY_UID), "\n".join(written).encode(), says_charset)

    def _written(self, demanded: frozenset[int]) -> tuple[list[str], bool]:
        """Return the attributes as text, and whether the character set is one of them."""
        if self.above or not all(_says(self.data_set, tag) for tag in self.known):
            written, says_charset = self._merged()
            absent = demanded - {int(one[_TAG], 16) for one in written}
        else:
            written = attributes(self.data_set, _hidden(self.data_set))
            says_charset = SPECIFIC_CHARACTER_SET in self.data_set.places
            absent = demanded.difference(self.data_set.places)
        if absent:
            written = sorted((*written, *map(_without_value, absent)))
        return written, says_charset

    def _merged(self) -> tuple[list[str], bool]:
        written: dict[str, str] = {}
        for data_set in (*self.above, self.data_set):
            for one in attributes(data_set, _hidden(data_set)):
                former = written.get(one[_TAG], "")
                if not former or (len(one) > _LENGTH_OF_EMPTY and not _is_of_study(former)):
                    written[one[_TAG]] = one
        for key, value in self.known.items():
            if len(written.get(f"{key:08X}", "")) <= _LENGTH_OF_EMPTY:
                written[f"{key:08X}"] = attribute(key, key_vr(key), value.split("\\"))
        says_charset = f"{SPECIFIC_CHARACTER_SET:08X}" in written
        return [written[each] for each in sorted(written)], says_charset

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


@dataclass(frozen=True, slots=True)
class Draft:
    """The row of a study whose modalities are not known yet.

    ``lines`` has one attribute a line: inside of an attribute JSON has no line break.
    """

    uid: str
    lines: bytes
    says_charset: bool

    def row(self, modalities: str) -> bytes:
        """Return the row with these modalities, several joined by backslashes; "" leaves it out."""
        written = self.lines.decode().split("\n")
        if modalities:
            values = modalities.split("\\")
            written.append(attribute(MODALITIES_IN_STUDY, key_vr(MODALITIES_IN_STUDY), values))
        return as_object(sorted(written), self.says_charset).encode()


def _is_of_study(written: str) -> bool:
    """Tell whether an attribute says what belongs to a study, which its series do not overrule."""
    is_empty = len(written) <= _LENGTH_OF_EMPTY
    return not is_empty and level_of(int(written[_TAG], 16)) is Level.STUDIES


@cache
def _without_value(tag: int) -> str:
    return f'"{tag:08X}":{{"vr":"{key_vr(tag)}"}}'


def check_uid(level: Level, data_set: DataSet) -> None:
    """Check that a match can be told from others.

    Raises:
        ProtocolError: its unique key is absent or no UID.
    """
    unique = UNIQUE_KEYS.get(level)
    if unique is None:
        return
    key = tag(unique)
    if key not in data_set.places or not MATCHED_UID.fullmatch(data_set.text(key)):
        raise ProtocolError(f"The PACS returned a match without a valid {unique}.")


def _hidden(data_set: DataSet) -> frozenset[int]:
    return _HIDDEN[_says(data_set, MODALITIES_IN_STUDY), _says(data_set, _RETRIEVE_URL)]


def _says(data_set: DataSet, tag: int) -> bool:
    """Tell whether an attribute has a value; of modalities, one that is not empty."""
    if tag == MODALITIES_IN_STUDY and data_set.has_value(tag):
        return bool(data_set.text(tag).strip("\\"))
    return data_set.has_value(tag)


def _comparable(tag: int, text: str) -> str | int:
    return _number(text) if key_vr(tag) == "IS" else text


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0
