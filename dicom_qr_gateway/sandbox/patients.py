"""What the roster of synthetic patients is written in.

Rule: plain data. A day is a DICOM date, ``""`` where it is not known, or the number of days before
today, so that "in the last weeks" stays true.
"""

from dataclasses import dataclass

Day = str | int


@dataclass(frozen=True, slots=True)
class Series:
    """Some images of one modality."""

    modality: str
    description: str = ""
    images: int = 1
    body_part: str = ""


@dataclass(frozen=True, slots=True)
class Study:
    """One examination; an empty accession number is given one by ``instances.py``."""

    day: Day
    time: str
    description: str
    series: tuple[Series, ...]
    accession_number: str = ""
    referring_physician: str = "REF^MD"
    performing_physician: str = "PERF^MD"
    institution: str = "Hospital"


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient; ``charset`` is Specific Character Set (0008,0005), PS3.3 C.12.1.1.2."""

    patient_id: str
    name: str
    born: Day
    sex: str
    studies: tuple[Study, ...]
    charset: str = ""


def ct(day: Day, time: str, description: str, body_part: str, images: int = 2) -> Study:
    """Return a CT study of one series."""
    return Study(day, time, description, (Series("CT", description, images, body_part),))


def mr(day: Day, time: str, description: str, body_part: str) -> Study:
    """Return an MR study, T1 and T2."""
    return Study(
        day,
        time,
        description,
        (Series("MR", "T1", 2, body_part), Series("MR", "T2", 2, body_part)),
    )


def plain(modality: str, day: Day, time: str, description: str, body_part: str = "") -> Study:
    """Return a study of one image."""
    return Study(day, time, description, (Series(modality, description, 1, body_part),))


def pet_ct(day: Day, time: str, description: str) -> Study:
    """Return a study of two modalities."""
    return Study(
        day,
        time,
        description,
        (Series("PT", "PET AC", 3, "WHOLEBODY"), Series("CT", "CT LOW DOSE", 3, "WHOLEBODY")),
    )
