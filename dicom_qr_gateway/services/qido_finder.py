"""Everything that matches a search, from one PACS on one association (PS3.4 C.4.1.3, K.4.1).

Rule: a PACS that answers relational queries, or is known to, is asked at once; every other one from
level to level. Either way each entity is yielded once.
"""

from collections import deque
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from itertools import islice

from dicom_qr_gateway.dicom.budgets import FindBudget
from dicom_qr_gateway.dicom.data_set import DataSet
from dicom_qr_gateway.dicom.find_options import FindOptions
from dicom_qr_gateway.dicom.query_keys import Keys
from dicom_qr_gateway.dicom.types import Deadline, Limits, QueryRetrieveLevel, Quirks
from dicom_qr_gateway.services.key_values import EMPTY
from dicom_qr_gateway.services.lent_association import LentAssociation
from dicom_qr_gateway.services.level_finder import LevelFinder
from dicom_qr_gateway.services.matching import is_patient
from dicom_qr_gateway.services.qido_attributes import DOWNWARDS, UNIQUE_KEYS, Level, level_of, tag
from dicom_qr_gateway.services.qido_request import Search
from dicom_qr_gateway.services.qido_rows import MODALITIES_IN_STUDY, PATIENT_ID, Match
from dicom_qr_gateway.services.search_limits import ENOUGH, MAX_ENTITIES, not_seen, too_broad
from dicom_qr_gateway.services.study_modalities import find_by_modalities, without_modalities

Uids = Mapping[int, str]  # unique key -> UID


def options_for(search: Search, quirks: Quirks) -> FindOptions:
    """Return what to negotiate: only what the search needs, since some PACS take offence."""
    is_relational = quirks.relational is None and needs_relational(search)
    return FindOptions(is_relational, search.fuzzy_matching)


def needs_relational(search: Search) -> bool:
    """Tell whether more than its UID is asked of a level above, or not even that (C.4.1.3.2)."""
    return any(_asks_about(search, level) for level in _above(search.level))


class Finder:
    """Asks one PACS what a search asks."""

    def __init__(
        self,
        lent: LentAssociation,
        search: Search,
        quirks: Quirks,
        limits: Limits,
        budget: FindBudget,
        *deadlines: Deadline,
    ) -> None:
        """Use an association that was opened with ``options_for`` the search.

        Raises:
            NoAcceptedContext: the PACS does not offer the information model.
            InvalidRequest: the PACS has to be told a patient, and the search names none.
        """
        self._search = search
        self._lent = lent
        self._quirks = quirks
        self.at_level = LevelFinder(
            lent.association,
            search.level,
            _only_patient(search),
            quirks,
            search.fuzzy_matching,
            limits,
            budget,
            *deadlines,
        )
        self._questions = 0

    def matches(self) -> Generator[Match, None, None]:
        """Yield every entity that matches, in the order of the PACS.

        Raises:
            InvalidRequest: the search is too broad for a PACS without relational queries.
            ProtocolError: a match has no valid UID.
            GatewayError: see find_data_sets.
        """
        search = self._search
        if not needs_relational(search) or self.at_level.is_relational:
            uids = {unique: uid for unique, uid in _named(search).items() if unique in search.asked}
            asked = {key: value for key, value in search.asked.items() if key not in uids}
            yield from self._entities(search.level, asked, search.included, uids)
        else:
            yield from self._descend(_above(search.level), {}, ())

    def _descend(
        self, levels: tuple[Level, ...], uids: Uids, above: tuple[DataSet, ...]
    ) -> Generator[Match, None, None]:
        """Yield what matches below the entities that are named so far."""
        if not levels:
            own = self._search.level
            for match in self._entities(own, *self._keys(own), uids):
                if self._is_of_their_patient(own, match, above):
                    yield replace(match, above=above)
            return
        level, *below = levels
        unique = tag(UNIQUE_KEYS[level])
        if not _asks_about(self._search, level):
            known = {**uids, unique: _named(self._search)[unique]}
            yield from self._descend(tuple(below), known, above)
            return
        for entity in self._few_entities(level, uids):
            if not self._is_of_their_patient(level, entity, above):
                continue
            if self._is_page:
                self._check_known()
                self._count_questions(1)
            known = {**uids, unique: entity.text(unique)}
            yield from self._descend(tuple(below), known, (*above, entity.data_set))

    def _is_of_their_patient(self, level: Level, match: Match, above: tuple[DataSet, ...]) -> bool:
        """Tell whether a match is of the patient whom the entities above state, where all say so.

        One that is not is withheld and counted: the row would be of two patients.
        """
        stated = Match(match.data_set, above[1:]).text(PATIENT_ID) if above else ""
        expected = Match(above[0]).text(PATIENT_ID) if above else ""
        if not stated or not expected or is_patient(stated, expected):
            return True
        self.at_level.withheld.add(level, match.data_set, is_of_other_patient=True)
        return False

    @property
    def _is_page(self) -> bool:
        """Tell whether not all of what is found may have to be asked about."""
        return self._search.limit is not None

    def _count_questions(self, count: int) -> None:
        self._questions += count
        if self._questions > MAX_ENTITIES:
            raise too_broad()

    def _check_known(self) -> None:
        """Raise where many questions say already that a page will come to nothing."""
        if self._questions >= ENOUGH and (names := self.at_level.withheld.unknown()):
            raise not_seen(names)

    def _keys(self, level: Level) -> tuple[Keys, Keys]:
        """Return what the search asks and includes of a level; all that is of none, at its own."""
        own = self._search.level
        asked, included = (
            {key: value for key, value in keys.items() if (level_of(key) or own) is level}
            for keys in (self._search.asked, self._search.included)
        )
        return asked, included

    def _few_entities(self, level: Level, uids: Uids) -> list[Match]:
        """Return the entities of a level above that match, if they may all be asked about.

        Of a page, the first that may, and one more.
        """
        few = MAX_ENTITIES - self._questions + 1
        with closing(self._entities(level, *self._keys(level), uids)) as entities:
            found = list(islice(entities, few))
            if self._is_page:
                # A C-CANCEL that the PACS ignores would cost the association.
                deque(entities, maxlen=0)
            else:
                self._count_questions(len(found))
        return found

    def _entities(
        self, level: Level, asked: Keys, included: Keys, uids: Uids
    ) -> Generator[Match, None, None]:
        """Yield each entity of a level once."""
        found = self._at_level(level, asked, included, uids)
        with closing(found):
            if level is Level.WORKLIST:
                yield from found
            else:
                yield from _distinct(level, found)

    def _at_level(
        self, level: Level, asked: Keys, included: Keys, uids: Uids
    ) -> Generator[Match, None, None]:
        if level is Level.STUDIES:
            if asked.get(MODALITIES_IN_STUDY, EMPTY) != EMPTY:
                yield from find_by_modalities(
                    self.at_level, self._lent, self._quirks, asked, included, uids
                )
                return
            if self._quirks.modality_level is QueryRetrieveLevel.SERIES:
                included = without_modalities(included)
        with closing(self.at_level.find(level, asked, included, uids)) as found:
            for data_set in found:
                yield Match(data_set, known=uids)


def _above(level: Level) -> tuple[Level, ...]:
    return DOWNWARDS[: DOWNWARDS.index(level)] if level in DOWNWARDS else ()


def _named(search: Search) -> dict[int, str]:
    """Return the UIDs of the entities above that the search names, one of a level."""
    unique_keys = [tag(UNIQUE_KEYS[level]) for level in _above(search.level)]
    uids = {unique: search.asked.get(unique) for unique in unique_keys}
    return {key: uid for key, uid in uids.items() if isinstance(uid, str) and "\\" not in uid}


def _only_patient(search: Search) -> str:
    """Return the Patient ID that a search asks for by value, "" where it does not."""
    value = search.asked.get(PATIENT_ID, "")
    is_one = isinstance(value, str) and value != EMPTY and not {*value} & {*"*?\\"}
    return str(value) if is_one else ""


def _asks_about(search: Search, level: Level) -> bool:
    unique = tag(UNIQUE_KEYS[level])
    keys = {*search.asked, *search.included} - {unique}
    return unique not in _named(search) or any(level_of(key) is level for key in keys)


def _distinct(level: Level, matches: Iterator[Match]) -> Iterator[Match]:
    """Yield the first match of each entity."""
    seen: set[tuple[str, ...]] = set()
    for match in matches:
        entity = match.identity(level)
        if entity not in seen:
            seen.add(entity)
            yield match
