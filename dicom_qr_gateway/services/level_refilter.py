"""The test of what a PACS returns at one level, and the account of it.

Rule: what fails a key that the PACS was asked is withheld and counted, and so is, at every level,
what states another patient than the one asked about; only what fails a key that it could not be
asked is nobody's mistake. What cannot be tested is never dropped in silence.
"""

from collections.abc import Mapping

from dicom_qr_gateway.dicom.data_set import DataSet
from dicom_qr_gateway.dicom.query_keys import Keys
from dicom_qr_gateway.dicom.types import Quirks
from dicom_qr_gateway.services.in_part import Verdict
from dicom_qr_gateway.services.qido_attributes import Level
from dicom_qr_gateway.services.qido_rows import PATIENT_ID, check_uid
from dicom_qr_gateway.services.refilter import is_part_of, matches_all
from dicom_qr_gateway.services.sent_keys import sent_keys, split
from dicom_qr_gateway.services.withheld import Withheld


class LevelRefilter:
    """Tests the matches of one level, and counts what it had to withhold."""

    def __init__(
        self,
        level: Level,
        asked: Keys,
        above: Mapping[int, str],
        patient_id: str,
        counts: Withheld,
        quirks: Quirks,
        is_fuzzy: bool,
    ) -> None:
        """Take in what was asked.

        Args:
            level: what matches are.
            asked: the keys of that level that have a value.
            above: the UIDs of the entities above.
            patient_id: the only patient that is asked about, "" where there may be several.
            counts: counts what is not passed on.
            quirks: how the PACS is asked.
            is_fuzzy: it matches names in its own way.
        """
        self._level, self._above, self._counts = level, above, counts
        theirs, ours = split(asked, quirks, is_fuzzy)
        sent = sent_keys(ours, {}, quirks, is_fuzzy)
        self._matches_theirs = matches_all(theirs, fuzzy_matching=is_fuzzy)
        self._matches_ours = matches_all(ours, fuzzy_matching=is_fuzzy, sent=sent)
        self._states_patient = matches_all({PATIENT_ID: patient_id})
        self._must_state_patient = PATIENT_ID in asked
        counts.expect(level, asked)

    def passed(self, data_set: DataSet) -> DataSet | None:
        """Return a match as it is to be read, None where it is not passed on.

        Raises:
            ProtocolError: it has no valid UID, or see Withheld.add and pass_in_part.
        """
        check_uid(self._level, data_set)
        self._counts.see(self._level, data_set)
        theirs, ours = self._verdicts(data_set)
        if min(theirs, ours) is not Verdict.YES and (again := data_set.as_asked()):
            others = self._verdicts(again)
            if min(others) > min(theirs, ours):
                data_set, (theirs, ours) = again, others
        verdict = min(theirs, ours)
        if verdict is Verdict.IN_PART:
            self._counts.pass_in_part(self._level, data_set)
        elif verdict is Verdict.NOT_TESTED or not theirs:
            is_other = not self._is_of_patient(data_set)
            self._counts.add(self._level, data_set, verdict, is_of_other_patient=is_other)
        return data_set if verdict >= Verdict.IN_PART else None

    def _verdicts(self, data_set: DataSet) -> tuple[Verdict, Verdict]:
        """Return what the keys say that the PACS answers for, and those that it does not."""
        if not (is_part_of(self._above, data_set) and self._is_of_patient(data_set)):
            return Verdict.NO, Verdict.NO
        theirs = self._matches_theirs(data_set)
        return theirs, self._matches_ours(data_set) if theirs else Verdict.NO

    def _is_of_patient(self, data_set: DataSet) -> bool:
        """Tell whether a match is the patient's; not every PACS says whose a series is."""
        if self._must_state_patient or data_set.has_value(PATIENT_ID):
            return bool(self._states_patient(data_set))
        return True
