"""What a search did not pass on, and what it never saw.

Rule: a match counts once, however often it came, and only where the search itself asked for it. An
attribute that is in no match at all, or in none so that it can be read, was not tested by anybody:
neither "none" is known of it, nor that it is empty.
"""

from collections.abc import Iterable, Iterator

from dicom_qr_gateway.dicom.data_dictionary import attribute
from dicom_qr_gateway.dicom.data_set import DataSet
from dicom_qr_gateway.dicom.query_keys import Keys, Path
from dicom_qr_gateway.services.key_values import EMPTY
from dicom_qr_gateway.services.qido_attributes import Level
from dicom_qr_gateway.services.qido_rows import Match


class Withheld:
    """The matches that a search of one PACS did not pass on."""

    def __init__(self) -> None:
        """Begin with none."""
        self._entities: dict[Level, set[tuple[str, ...]]] = {}
        self._unseen: dict[Level, dict[Path, str]] = {}
        self._has_matches: set[Level] = set()
        self.are_of_other_patients = True

    def expect(self, level: Level, asked: Keys) -> None:
        """Take in which attributes matches of a level are tested by."""
        self._unseen.setdefault(level, dict(_values(asked)))

    def see(self, level: Level, data_set: DataSet) -> None:
        """Take in a match, whether or not it is passed on."""
        self._has_matches.add(level)
        unseen = self._unseen[level]
        for path in [path for path in unseen if _is_in(path, data_set)]:
            del unseen[path]

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
        return _as_parameters(path for path, _ in self._missing())

    def unknown_if_empty(self) -> list[str]:
        """Return those of them that are asked for without a value, which every match passed."""
        return _as_parameters(path for path, value in self._missing() if value == EMPTY)

    def _missing(self) -> Iterator[tuple[Path, str]]:
        for level in self._has_matches:
            yield from self._unseen[level].items()


def _entity(level: Level, data_set: DataSet) -> tuple[str, ...]:
    """Return what an entity is told apart by; a worklist has no unique keys."""
    if level is Level.WORKLIST:
        return (data_set.characters,)
    return Match(data_set).identity(level)


def _as_parameters(paths: Iterable[Path]) -> list[str]:
    return [".".join(map(_name, path)) for path in sorted(paths)]


def _name(key: int) -> str:
    return attribute(key).keyword or f"{key:08X}"


def _values(asked: Keys) -> Iterator[tuple[Path, str]]:
    for key, value in asked.items():
        if not isinstance(value, str):
            yield from (((key, *path), inner) for path, inner in _values(value))
        elif value:
            yield (key,), value


def _is_in(path: Path, data_set: DataSet) -> bool:
    first, *rest = path
    if first not in data_set.places:
        return False
    if not rest:
        return not data_set.is_unreadable(first)
    return any(_is_in(tuple(rest), item) for item in data_set.items(first))
