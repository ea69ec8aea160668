"""Which studies has this patient? The clinical side of ``POST /q``."""

from dataclasses import dataclass, field
from typing import Any

from dicom_qr_gateway.dicom.types import ApplicationEntity


@dataclass(frozen=True, slots=True)
class StudyQuery:
    """A valid request for the studies of one patient."""

    pacs: ApplicationEntity
    calling_ae_title: str
    patient_id: str
    modalities: tuple[str, ...] = ()
    max_years_old: int | None = None
    max_results: int | None = None


@dataclass(frozen=True, slots=True)
class FoundStudies:
    """The studies that match, most recent first, and how many matches were withheld.

    A study is a dictionary with the contract's twelve keys.
    """

    studies: list[dict[str, Any]] = field(default_factory=list)
    withheld: int = 0
