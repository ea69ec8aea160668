"""What good PACS do and say: the matches and the scripts that most tests begin with."""

from collections.abc import Callable

from pydicom.dataset import Dataset

from .conversation import SUCCESS, Conversation
from .scripted_pacs import Script


def a_study(uid: str = "1.2.3", patient_id: str = "P1", **attributes: object) -> Dataset:
    """Return a match at STUDY level, as a good PACS returns it."""
    study = Dataset()
    study.QueryRetrieveLevel = "STUDY"
    study.PatientID = patient_id
    study.StudyInstanceUID = uid
    study.StudyDate = "20240101"
    study.ModalitiesInStudy = ["CT"]
    for keyword, value in attributes.items():
        if value is None:
            delattr(study, keyword)
        else:
            setattr(study, keyword, value)
    return study


def a_series(modality: str | None, study_uid: str | None = None) -> Dataset:
    """Return a match at SERIES level."""
    series = Dataset()
    series.QueryRetrieveLevel = "SERIES"
    if study_uid is not None:
        series.StudyInstanceUID = study_uid
    series.SeriesInstanceUID = "1.2.3.9"
    if modality is not None:
        series.Modality = modality
    return series


def finds(*matches: Dataset, status: int = SUCCESS) -> Script:
    """Return the script of a good PACS that answers every C-FIND with these matches."""

    def script(peer: Conversation) -> None:
        peer.accept()
        while not peer.release_is_next():
            peer.answer_find(*matches, status=status)
        peer.serve_release()

    return script


def moves(*answers: Callable[[Conversation], None]) -> Script:
    """Return the script of a PACS that answers one C-MOVE after the other."""

    def script(peer: Conversation) -> None:
        peer.accept()
        for answer in answers:
            peer.read_request()
            answer(peer)
        peer.serve_release()

    return script
