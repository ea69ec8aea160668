"""Studies by their modalities, of PACS that say nothing of these at STUDY level.

Rule: ModalitiesInStudy (0008,0061) is computed, and many PACS do not (PS3.4 C.3.4): what they leave
out is asked of the series, on the same association, after the studies. A study of which it says
nothing there either, or not of all its series, may match: it is counted where it is left out.
"""

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from functools import partial
from typing import Final, NamedTuple

from dicom_qr_gateway.dicom.data_set import DataSet
from dicom_qr_gateway.dicom.query_keys import Keys
from dicom_qr_gateway.dicom.types import QueryRetrieveLevel, Quirks
from dicom_qr_gateway.errors import GatewayError
from dicom_qr_gateway.services.lent_association import LentAssociation
from dicom_qr_gateway.services.level_finder import LevelFinder
from dicom_qr_gateway.services.matching import stated_modalities
from dicom_qr_gateway.services.qido_attributes import Level
from dicom_qr_gateway.services.qido_rows import MODALITIES_IN_STUDY, Match
from dicom_qr_gateway.services.refilter import matches_text
from dicom_qr_gateway.services.search_limits import MAX_ENTITIES, too_broad
from dicom_qr_gateway.services.study import values
from dicom_qr_gateway.services.uid_lists import ListUse, UidLists
from dicom_qr_gateway.services.withheld import Withheld

_STUDY_UID: Final = 0x0020000D
_SERIES_UID: Final = 0x0020000E
_MODALITY: Final = 0x00080060


class Modalities(NamedTuple):
    """The modalities of a study's series, joined by backslashes, and whether all series have one.

    Where the PACS says of no series, they are "" and not complete.
    """

    text: str
    is_complete: bool


def find_by_modalities(
    finder: LevelFinder,
    lent: LentAssociation,
    quirks: Quirks,
    asked: Keys,
    included: Keys,
    above: Mapping[int, str],
) -> Generator[Match, None, None]:
    """Yield the studies that match, those that the PACS says nothing of last.

    Args:
        finder: asks the PACS.
        lent: where it does.
        quirks: whether it knows modalities of studies.
        asked: the keys of the search, ModalitiesInStudy among them.
        included: what is to be in the answer.
        above: the UIDs of the entities above.

    Raises:
        InvalidRequest: the PACS says nothing of more studies than it may be asked about.
        GatewayError: see LevelFinder.find.
    """
    key = str(asked[MODALITIES_IN_STUDY])
    if quirks.modality_level is QueryRetrieveLevel.SERIES:
        asked, included = without_modalities(asked), without_modalities(included)
    silent: list[DataSet] = []
    found = finder.find(Level.STUDIES, asked, included, above, {MODALITIES_IN_STUDY})
    with closing(found):
        for data_set in found:
            modalities = Match(data_set).text(MODALITIES_IN_STUDY)
            if not modalities:
                silent.append(data_set)
            elif _has_one_of(key, modalities):
                yield Match(data_set)
            elif "\\" not in key and MODALITIES_IN_STUDY in asked:
                finder.withheld.add(Level.STUDIES, data_set)
            if len(silent) > MAX_ENTITIES:
                raise too_broad()
    by_study = modalities_of(finder, lent, [*dict.fromkeys(map(_study_of, silent))])
    for data_set in silent:
        found_below = by_study[_study_of(data_set)]
        if found_below.text and _has_one_of(key, found_below.text):
            yield Match(data_set, known={MODALITIES_IN_STUDY: found_below.text})
        elif not found_below.is_complete:
            finder.withheld.add(Level.STUDIES, data_set)


def _has_one_of(key: str, modalities: str) -> bool:
    stated = "\\".join(stated_modalities(modalities.split("\\")))
    return matches_text(MODALITIES_IN_STUDY, key, stated)


def without_modalities(keys: Keys) -> Keys:
    """Return the keys without ModalitiesInStudy."""
    return {tag: value for tag, value in keys.items() if tag != MODALITIES_IN_STUDY}


def modalities_of(
    finder: LevelFinder, lent: LentAssociation, uids: Sequence[str]
) -> dict[str, Modalities]:
    """Return the modalities of the series of each study.

    Raises:
        GatewayError: see LevelFinder.find and LentAssociation.fresh.
    """
    try:
        return _modalities_of(finder, lent.lists, uids)
    except GatewayError as error:
        if not lent.lists.give_up_for(error):
            raise
    finder.use(lent.fresh())
    return _modalities_of(finder, lent.lists, uids)


def _modalities_of(
    finder: LevelFinder, lists: ListUse, uids: Sequence[str]
) -> dict[str, Modalities]:
    rows = UidLists(partial(_series, finder), _study_of, lists).rows(uids)
    return {uid: _together([*map(_modality_of, series)]) for uid, series in rows.items()}


def _together(stated: Sequence[str]) -> Modalities:
    return Modalities("\\".join(values("\\".join(stated))), bool(stated) and all(stated))


def _series(finder: LevelFinder, uids: str) -> Generator[DataSet, None, None]:
    included = {_SERIES_UID: "", _MODALITY: ""}
    return finder.find(Level.SERIES, {_STUDY_UID: uids}, included, {}, {_STUDY_UID}, Withheld())


def _study_of(series: DataSet) -> str:
    return Match(series).text(_STUDY_UID)


def _modality_of(series: DataSet) -> str:
    return Match(series).text(_MODALITY)
