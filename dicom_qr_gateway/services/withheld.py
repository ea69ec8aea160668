"""What a search did not pass on, what it passed on untested, and what it never saw.

Rule: a match counts once, however often it came, and only where the search itself asked for it. An
attribute that is in no match at all, or in none so that it can be read, was not tested by anybody:
neither "none" is known of it, nor that it is empty.
"""

from collections.abc import Iterator
from typing import Final

from dicom_qr_gateway.dicom.data_set import DataSet
from dicom_qr_gateway.dicom.query_keys import Keys, Path, flat
from dicom_qr_gateway.errors import ProtocolError
from dicom_qr_gateway.services.attribute_names import names_of
from dicom_qr_gateway.services.in_part import Verdict
from dicom_qr_gateway.services.key_values import EMPTY
from dicom_qr_gateway.services.qido_attributes import Level
from dicom_qr_gateway.services.qido_rows import Match

_SAYING: Final = {
    Verdict.NO: "{} withheld that do not match what was asked for.",
    Verdict.NOT_TESTED: "{} withheld that could not be tested: the PACS answers in a character set "
    "that lacks all letters of what was asked for, or in another one than it states.",
    Verdict.IN_PART: "{} could not be tested in full: the PACS answers in a character set that "
    "lacks letters of what was asked for.",
}


class Withheld:
    """The matches that a search of one PACS did not pass on."""

    def __init__(self) -> None:
        """Begin with none."""
        self._entities: dict[tuple[Verdict, Level], set[tuple[str, ...]]] = {}
        self._is_told = False
        self._unseen: dict[Level, dict[Path, str]] = {}
        self._has_matches: set[Level] = set()
        self.are_of_other_patients = True

    def expect(self, level: Level, asked: Keys) -> None:
        """Take in which attributes matches of a level are tested by."""
        values = {path: value for path, value in flat(asked).items() if value}
        self._unseen.setdefault(level, values)

    def see(self, level: Level, data_set: DataSet) -> None:
        """Take in a match, whether or not it is passed on."""
        self._has_matches.add(level)
        unseen = self._unseen[level]
        for path in [path for path in unseen if _is_in(path, data_set)]:
            del unseen[path]

    def add(
        self,
        level: Level,
        data_set: DataSet,
        verdict: Verdict = Verdict.NO,
        *,
        is_of_other_patient: bool = False,
    ) -> None:
        """Count a match that is not passed on.

        Raises:
            ProtocolError: it could not be tested, and nothing can be said of the answer any more.
        """
        if verdict is Verdict.NOT_TESTED:
            self._expect_told(verdict)
        self._note(verdict, level, data_set)
        self.are_of_other_patients &= is_of_other_patient

    def pass_in_part(self, level: Level, data_set: DataSet) -> None:
        """Count a match that is passed on though it could not be tested in full.

        Raises:
            ProtocolError: it is the first one, and nothing can be said of the answer any more.
        """
        self._expect_told(Verdict.IN_PART)
        self._note(Verdict.IN_PART, level, data_set)

    def _expect_told(self, verdict: Verdict) -> None:
        """Raise for the first match of its kind where the answer is under way without a word."""
        if self._is_told and not any(told is verdict for told, _ in self._entities):
            raise ProtocolError("A match cannot be tested in full, in an answer that is under way.")

    def _note(self, verdict: Verdict, level: Level, data_set: DataSet) -> None:
        self._entities.setdefault((verdict, level), set()).add(_entity(level, data_set))

    def tell_no_more(self) -> None:
        """Take in that the answer is under way: whatever there is to say of it was said."""
        self._is_told = True

    def count(self, level: Level) -> int:
        """Return how many entities of a level were not passed on since they do not match."""
        return len(self._entities.get((Verdict.NO, level), ()))

    def __bool__(self) -> bool:
        """Tell whether there are any that were not passed on, of whatever level."""
        return any(verdict is not Verdict.IN_PART for verdict, _ in self._entities)

    def sayings(self, level: Level) -> list[str]:
        """Return what must be said of the answer to a search of a level."""
        return [
            _SAYING[verdict].format(f"{len(entities)} {'results' if of is level else of}")
            for (verdict, of), entities in sorted(self._entities.items())
        ]

    def unknown(self) -> list[str]:
        """Return the attributes, as parameters, that matches were tested by and none had."""
        return names_of(path for path, _ in self._missing())

    def unknown_if_empty(self) -> list[str]:
        """Return those of them that are asked for without a value, which every match passed."""
        return names_of(path for path, value in self._missing() if value == EMPTY)

    def _missing(self) -> Iterator[tuple[Path, str]]:
        for level in self._has_matches:
            yield from self._unseen[level].items()


def _entity(level: Level, data_set: DataSet) -> tuple[str, ...]:
    """Return what an entity is told apart by; a worklist has no unique keys."""
    if level is Level.WORKLIST:
        return (data_set.characters,)
    return Match(data_set).identity(level)


def _is_in(path: Path, data_set: DataSet) -> bool:
    first, *rest = path
    if first not in data_set.places:
        return False
    if not rest:
        return not data_set.is_unreadable(first)
    return any(_is_in(tuple(rest), item) for item in data_set.items(first))
