"""What a search did not pass on, and what it never saw.

Rule: a match counts once, however often it came, and only where the search itself asked for it. An
attribute that is in no match at all, or in none so that it can be read, was not tested by anybody:
"none" is not known of it.
"""

from collections.abc import Iterator
from typing import Final

from dicom_qr_gateway.dicom.data_dictionary import attribute
from dicom_qr_gateway.dicom.data_set import DataSet
from dicom_qr_gateway.dicom.query_keys import Keys, Path
from dicom_qr_gateway.services.key_values import EMPTY
from dicom_qr_gateway.services.qido_attributes import UNIQUE_KEYS, Level, tag

_PATIENT_ID: Final = 0x00100020


class Withheld:
    """The matches that a search of one PACS did not pass on."""

    def __init__(self) -> None:
        """Begin with none."""
        self._entities: dict[Level, set[tuple[str, ...]]] = {}
        self._unseen: dict[Level, set[Path]] = {}
        self._has_matches: set[Level] = set()
        self.are_of_other_patients = True

    def expect(self, level: Level, asked: Keys) -> None:
        """Take in which attributes matches of a level are tested by."""
        self._unseen.setdefault(level, set(_paths(asked)))

    def see(self, level: Level, data_set: DataSet) -> None:
        """Take in a match, whether or not it is passed on."""
        self._has_matches.add(level)
        if unseen := self._unseen[level]:
            unseen -= {path for path in unseen if _is_in(path, data_set)}

    def add(self, level: Level, data_set: DataSet, *, is_of_other_patient: bool) -> None:
        """Count a match that is not passed on."""
        self._entities.setdefault(level, set()).add(_entity(level, data_set))
        self.are_of_other_patients &= is_of_other_patient

    def count(self, level: Level) -> int:
        """Return how many entities of a level were not passed on."""
        return len(self._entities.get(level, ()))

    def __bool__(self) -> bool:
        """Tell whether there are any, of whatever level."""
        return bool(self._entities)

    def unknown(self) -> list[str]:
        """Return the attributes, as parameters, that matches were tested by and none had."""
        unseen = [path for level in self._has_matches for path in self._unseen[level]]
        return [".".join(map(_name, path)) for path in sorted(unseen)]


def _entity(level: Level, data_set: DataSet) -> tuple[str, ...]:
    """Return what an entity is told apart by; a worklist has no unique keys."""
    if level is Level.WORKLIST:
        return (data_set.characters,)
    return tuple(_text(key, data_set) for key in (tag(UNIQUE_KEYS[level]), _PATIENT_ID))


def _name(key: int) -> str:
    return attribute(key).keyword or f"{key:08X}"


def _paths(asked: Keys) -> Iterator[Path]:
    for key, value in asked.items():
        if not isinstance(value, str):
            yield from ((key, *path) for path in _paths(value))
        elif value and value != EMPTY:
            yield (key,)


def _is_in(path: Path, data_set: DataSet) -> bool:
    first, *rest = path
    if first not in data_set.places:
        return False
    if not rest:
        return not data_set.is_unreadable(first)
    return any(_is_in(tuple(rest), item) for item in data_set.items(first))


def _text(key: int, data_set: DataSet) -> str:
    return data_set.text(key) if key in data_set.places else ""
