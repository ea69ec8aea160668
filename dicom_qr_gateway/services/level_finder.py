"""What a PACS has at one level: C-FINDs on one association.

Rule: what comes back is tested. Where a PACS refuses an identifier and something may be missing for
that, the answer says so; every other failure is one of the whole.
"""

import logging
from collections.abc import Generator, Mapping, Set
from contextlib import closing
from typing import Final

from dicom_qr_gateway.dicom.association import Association
from dicom_qr_gateway.dicom.budgets import FindBudget
from dicom_qr_gateway.dicom.c_find import find_data_sets
from dicom_qr_gateway.dicom.data_set import DataSet
from dicom_qr_gateway.dicom.find_options import FindOptions
from dicom_qr_gateway.dicom.query_keys import Keys, Path, encode_keys, flat, texts_of
from dicom_qr_gateway.dicom.request_charset import charsets_for
from dicom_qr_gateway.dicom.types import Deadline, Limits, QueryRetrieveLevel, Quirks
from dicom_qr_gateway.dicom.uids import (
    MODALITY_WORKLIST_FIND,
    PATIENT_ROOT_FIND,
    STUDY_ROOT_FIND,
)
from dicom_qr_gateway.errors import IdentifierRefused, InvalidRequest
from dicom_qr_gateway.services.level_refilter import LevelRefilter
from dicom_qr_gateway.services.qido_attributes import UNIQUE_KEYS, Level, essential, tag
from dicom_qr_gateway.services.qido_rows import MODALITIES_IN_STUDY
from dicom_qr_gateway.services.sent_keys import sent_keys
from dicom_qr_gateway.services.told_steps import ToldSteps
from dicom_qr_gateway.services.withheld import Withheld

log = logging.getLogger(__name__)

_LEVEL: Final = 0x00080052
_PATIENT_ID: Final = 0x00100020
# Essential in the Study Root; in the Patient Root of a level above STUDY (PS3.4 table C.6-1).
_ABOVE_STUDIES: Final = frozenset((0x00100010, _PATIENT_ID))


def models_of(level: Level) -> tuple[str, ...]:
    """Return the information models, as SOP Class UIDs, that a search asks: the best first."""
    if level is Level.WORKLIST:
        return (MODALITY_WORKLIST_FIND,)
    return STUDY_ROOT_FIND, PATIENT_ROOT_FIND


class LevelFinder:
    """Asks one PACS, level by level, and counts what it had to withhold.

    ``refused_charsets`` are those that the PACS refused to be asked in, ``left_out`` the keys that
    it was not asked for any more, since it refused to be asked for everything.
    """

    def __init__(
        self,
        association: Association,
        level: Level,
        patient_id: str,
        quirks: Quirks,
        fuzzy_matching: bool,
        limits: Limits,
        budget: FindBudget,
        *deadlines: Deadline,
    ) -> None:
        """Use an association.

        Args:
            association: where to ask.
            level: what is searched; the first of its models that the PACS accepted is asked.
            patient_id: the only patient that is asked about, "" where there may be several.
            quirks: how this PACS must be asked.
            fuzzy_matching: the PACS shall match names in its own way, if it agrees to.
            limits: time-outs.
            budget: of all C-FINDs together; matches of other levels than the one that is searched
                are counted by themselves.
            deadlines: of all C-FINDs together.

        Raises:
            NoAcceptedContext, InvalidRequest: see use.
        """
        self._level, self._patient_id, self._quirks = level, patient_id, quirks
        self._wants_fuzzy = fuzzy_matching
        self.use(association)
        self._limits = limits
        self._deadlines = deadlines
        self._budget = budget
        self.withheld = Withheld()
        self.refused_charsets: set[str] = set()
        self.left_out: set[Path] = set()
        self._is_told = False
        self._told: ToldSteps | None = None

    def use(self, association: Association) -> None:
        """Ask on this association from now on; what was counted and spent stays so.

        Raises:
            NoAcceptedContext: the PACS does not offer the information model.
            InvalidRequest: the PACS has to be told a patient, and the search names none.
        """
        self._association = association
        self._context = association.context_for(*models_of(self._level))
        model = self._context.abstract_syntax
        self.agreed = FindOptions.decode(dict(association.peer.extended).get(model, b""))
        self._of_patient = self._needed_patient() if model == PATIENT_ROOT_FIND else {}
        self._is_fuzzy = self._wants_fuzzy and self.agreed.fuzzy_matching

    def tell_no_more(self) -> None:
        """Let what would have to be said be an error: the answer is under way."""
        self._is_told = True
        self.withheld.tell_no_more()

    @property
    def is_relational(self) -> bool:
        """Tell whether the PACS may be asked about several levels at once (PS3.4 C.4.1.3.2)."""
        if self._quirks.relational is None:
            return self.agreed.relational
        return self._quirks.relational

    def _needed_patient(self) -> Keys:
        """Return the key above STUDY level that the Patient Root wants (PS3.4 C.4.1.2.1)."""
        if self._patient_id or self.is_relational:
            return {_PATIENT_ID: self._patient_id} if self._patient_id else {}
        raise InvalidRequest(
            {
                "PatientID": [
                    "The PACS answers only in the Patient Root: name one PatientID, without wild "
                    'cards. If it answers without one all the same, "relational = true" says so.'
                ]
            }
        )

    def find(
        self,
        level: Level,
        asked: Keys,
        included: Keys,
        above: Mapping[int, str],
        untested: Set[int] = frozenset(),
        withheld: Withheld | None = None,
    ) -> Generator[DataSet, None, None]:
        """Yield each match that matches, once or more often.

        Args:
            level: what to ask for.
            asked: the keys of that level that have a value.
            included: what is to be in the answer.
            above: the UIDs of the entities above.
            untested: keys that the caller tests.
            withheld: counts what is not passed on, where that is no match of the search.

        Raises:
            ProtocolError: see LevelRefilter.passed.
            GatewayError: see find_data_sets.
        """
        tested = {key: value for key, value in asked.items() if key not in untested}
        counts = self.withheld if withheld is None else withheld
        refilter = LevelRefilter(
            level, tested, above, self._patient_id, counts, self._quirks, self._is_fuzzy
        )
        with closing(self._each_of_lists(level, asked, included, above)) as found:
            for data_set in found:
                if self._quirks.modality_level is QueryRetrieveLevel.SERIES:
                    # Stated though it was not asked for, and not to be relied on.
                    data_set.places.pop(MODALITIES_IN_STUDY, None)
                if (passed := refilter.passed(data_set)) is not None:
                    yield passed

    def _each_of_lists(
        self, level: Level, asked: Keys, included: Keys, above: Mapping[int, str]
    ) -> Generator[DataSet, None, None]:
        """Ask; what a list of UIDs left out once more by itself: some PACS read the first alone."""
        unique = tag(UNIQUE_KEYS[level]) if level in UNIQUE_KEYS else 0
        uids = str(asked.get(unique, "")).split("\\")
        silent = dict.fromkeys(uids) if len(uids) > 1 else {}
        found = self._in_each_charset(level, self._sent(asked, included, above), asked)
        with closing(found):
            for data_set in found:
                if silent and unique in data_set.places:
                    silent.pop(data_set.text(unique), None)
                yield data_set
        for uid in silent:
            alone = {**asked, unique: uid}
            yield from self._in_each_charset(level, self._sent(alone, included, above), alone)

    def _sent(self, asked: Keys, included: Keys, above: Mapping[int, str]) -> Keys:
        keys = sent_keys(asked, included, self._quirks, self._is_fuzzy)
        return {**keys, **above, **self._of_patient}

    def _in_each_charset(
        self, level: Level, keys: Keys, asked: Keys
    ) -> Generator[DataSet, None, None]:
        """Ask in every character set that what is searched for may be stored in."""
        first, *others = self._charsets(keys)
        self._told = ToldSteps() if others and level is Level.WORKLIST else None
        accepted = yield from self._all_or_essential(level, keys, asked, first)
        for charset in others:
            try:
                yield from self._one(level, accepted, charset)
            except IdentifierRefused:
                if self._is_told:
                    raise
                log.info("the PACS refuses to be asked in %s", charset)
                self.refused_charsets.add(charset)

    def _all_or_essential(
        self, level: Level, keys: Keys, asked: Keys, charset: str
    ) -> Generator[DataSet, None, Keys]:
        """Ask, once more for what every PACS has where it refuses; return what it accepted."""
        few = {tag: value for tag, value in keys.items() if tag in asked or self._needs(tag, level)}
        try:
            yield from self._one(level, keys, charset)
        except IdentifierRefused:
            left_out = {*flat({tag: keys[tag] for tag in keys.keys() - few})}
            if not left_out or (self._is_told and not left_out <= self.left_out):
                raise
            self.left_out |= left_out
        else:
            return keys
        log.info("the PACS refuses keys at the level of %s, asked again for fewer", level)
        yield from self._one(level, few, charset)
        return few

    def _needs(self, tag: int, level: Level) -> bool:
        """Tell whether a PACS has to know a key; what is above STUDY level it may refuse there."""
        if self._context.abstract_syntax == PATIENT_ROOT_FIND and tag in _ABOVE_STUDIES:
            return tag in self._of_patient
        return essential(tag, level)

    def _charsets(self, keys: Keys) -> tuple[str, ...]:
        if self._quirks.charset:
            return (self._quirks.charset,)
        return charsets_for("".join(texts_of(keys)))

    def _one(self, level: Level, keys: Keys, charset: str) -> Generator[DataSet, None, None]:
        if level.query_retrieve_level:
            keys = {**keys, _LEVEL: level.query_retrieve_level.value}
        found = find_data_sets(
            self._association,
            self._context,
            encode_keys(keys, self._context.is_explicit_vr, charset),
            self._limits,
            self._budget if level is self._level else self._budget.further(),
            *self._deadlines,
            assumed=self._quirks.assume_charset,
            asked_in=charset,
        )
        return found if self._told is None else self._told.new(found)
