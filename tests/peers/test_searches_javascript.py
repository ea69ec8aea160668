"""``/dicom-web`` in front of Orthanc and dcmqrscp, asked by browsers' clients under Node.js.

Rule: the clients are as npm has them; a test says what its user must see.
"""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .archives import Archive
from .javascript_clients import Call, dicomweb_client, ohif
from .made_studies import LAST_YEAR, RECENT, WESTERN, WITH_MANY_STUDIES
from .rows import Rows, uids, value
from .search_gateway import serving

PATIENT = {"PatientID": WITH_MANY_STUDIES.patient_id}
UIDS = {study.uid for study in WITH_MANY_STUDIES.studies}


def ask(url: str, *calls: Call) -> list[Rows]:
    """Return the rows of each call; all of them must succeed."""
    outcomes = dicomweb_client(url, *calls)
    assert all("rows" in outcome for outcome in outcomes), outcomes
    return [outcome["rows"] for outcome in outcomes]


def studies(**parameters: Any) -> Call:
    return "searchForStudies", {"queryParams": parameters}


def test_dicomweb_client_finds_studies_by_what_it_asks_for(url: str, archive: Archive) -> None:
    everything, of_patient, in_range, described, named = ask(
        url,
        ("searchForStudies", {}),
        studies(**PATIENT),
        studies(**PATIENT, StudyDate=f"{LAST_YEAR.study_date}-"),
        studies(**PATIENT, includefield="StudyDescription,00080090"),
        studies(PatientName="Müller*", limit=10),
    )
    assert {*archive.patients} <= {value(row, "00100020") for row in everything}
    assert uids(of_patient) == UIDS
    assert uids(in_range) == {LAST_YEAR.uid, RECENT.uid}
    assert {value(row, "00081030") for row in described} == {"ABDOMEN"}
    assert all("00080090" in row for row in described)
    assert {value(row, "00100020") for row in named} == {"PEERS-ISO-100"}


def test_dicomweb_client_reads_page_after_page(url: str) -> None:
    whole, *pages = ask(
        url, studies(), *(studies(limit=9, offset=offset) for offset in range(0, 90, 9))
    )
    assert sum(map(len, pages)) == len(whole)
    assert {uid for page in pages for uid in uids(page)} == uids(whole)


def test_dicomweb_client_finds_series_of_a_study_and_of_all_studies(url: str) -> None:
    of_study, of_modality, anywhere = ask(
        url,
        ("searchForSeries", {"studyInstanceUID": RECENT.uid}),
        ("searchForSeries", {"studyInstanceUID": RECENT.uid, "queryParams": {"Modality": "SR"}}),
        ("searchForSeries", {"queryParams": {**PATIENT, "Modality": "CT"}}),
    )
    assert {value(row, "00080060") for row in of_study} == {"CT", "SR"}
    assert [value(row, "0020000E") for row in of_modality] == [f"{RECENT.uid}.2"]
    assert len(anywhere) == 3


def test_dicomweb_client_finds_instances_at_every_path(url: str) -> None:
    of_study = {"studyInstanceUID": RECENT.uid}
    whole, of_series, numbered, anywhere = ask(
        url,
        ("searchForInstances", of_study),
        ("searchForInstances", {**of_study, "seriesInstanceUID": f"{RECENT.uid}.1"}),
        ("searchForInstances", {**of_study, "queryParams": {"InstanceNumber": 1}}),
        ("searchForInstances", {"queryParams": {"StudyInstanceUID": RECENT.uid, "limit": 2}}),
    )
    assert uids(whole, "00080018") == RECENT.sop_instance_uids
    assert uids(of_series, "00080018") == {f"{RECENT.uid}.1.{number}" for number in (1, 2, 3)}
    assert {value(row, "00200013") for row in numbered} == {1}
    assert len(anywhere) == 2


def test_dicomweb_client_is_told_what_was_wrong_with_its_search(url: str) -> None:
    nothing, misspelt, below = dicomweb_client(
        url,
        studies(PatientID="NOBODY"),
        studies(PatientNames="DOE"),
        studies(SOPInstanceUID="1.2.3"),
    )
    assert nothing == {"rows": []}
    assert (misspelt["status"], misspelt["body"]["error"]) == (400, "invalid_request")
    assert {*misspelt["body"]["errors"]} == {"PatientNames"}
    assert (below["status"], {*below["body"]["errors"]}) == (400, {"SOPInstanceUID"})


@pytest.fixture
def dead(tmp_path: Path) -> Iterator[str]:
    """The searches of an archive that nobody listens for."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with serving(tmp_path, {"dead": ("DEAD", taken.getsockname()[1])}) as root:
            yield f"{root}/dead"


def test_dicomweb_client_never_takes_a_failure_for_no_studies(dead: str) -> None:
    [refused] = dicomweb_client(dead, studies(**PATIENT))
    [unknown] = dicomweb_client(dead.replace("dead", "nobody"), studies(**PATIENT))
    assert (refused["status"], refused["body"]["error"]) == (502, "connection_refused")
    assert (unknown["status"], unknown["body"]["error"]) == (404, "no_such_pacs")


def test_dicomweb_client_searches_two_archives_at_once(root: str) -> None:
    [rows] = ask(f"{root}/orthanc,dcmqrscp", studies(**PATIENT))
    assert {(value(row, "0020000D"), value(row, "00080054")) for row in rows} == {
        (uid, ae_title) for uid in UIDS for ae_title in ("ORTHANCA", "DCMQRSCP")
    }


# --- OHIF ---------------------------------------------------------------------------------------


def test_the_study_list_of_ohif_shows_what_the_archive_has(url: str, archive: Archive) -> None:
    [found] = ohif(url, ("studies", {}))
    shown = {(row["mrn"], row["studyInstanceUid"]) for row in found["rows"]}
    stored = {(patient, uid) for patient, uids in archive.patients.items() for uid in uids}
    assert stored <= shown
    [row] = [row for row in found["rows"] if row["studyInstanceUid"] == RECENT.uid]
    assert (row["date"], row["description"]) == (RECENT.study_date, "ABDOMEN")
    assert (row["patientName"], row["modalities"]) == ("Many^Studies", "CT\\SR")


def test_no_study_has_a_modality_without_a_value(url: str) -> None:
    """OHIF asks for Modality of studies; its older versions stumble over one that is empty."""
    [rows] = ask(url, studies(includefield="00081030,00080060,00080090,00100030", limit=101))
    assert rows
    assert all(row.get("00080060", {"Value": []}).keys() >= {"Value"} for row in rows)


def test_the_filters_of_ohif_find_what_they_name(url: str) -> None:
    filters = [
        {"patientName": "Lüdenscheidt"},
        {"patientId": WITH_MANY_STUDIES.patient_id, "modalitiesInStudy": ["MR"]},
        {"patientId": "EERS-MAN", "startDate": RECENT.study_date, "endDate": RECENT.study_date},
        {"studyInstanceUid": [RECENT.uid, LAST_YEAR.uid]},
        {"patientId": WITH_MANY_STUDIES.patient_id, "limit": 3, "offset": 2},
        {"patientId": "NOBODY"},
    ]
    found = [outcome["rows"] for outcome in ohif(url, *(("studies", each) for each in filters))]
    named, by_modality, of_today, by_uids, page, nothing = found
    assert {row["mrn"] for row in named} == {WESTERN.patient_id}
    assert {row["studyInstanceUid"] for row in by_modality} == {LAST_YEAR.uid}
    assert {row["studyInstanceUid"] for row in of_today} == {RECENT.uid}
    assert {row["studyInstanceUid"] for row in by_uids} == {RECENT.uid, LAST_YEAR.uid}
    assert (len(page), nothing) == (2, [])


def test_ohif_opens_the_series_of_a_study(url: str) -> None:
    [found] = ohif(url, ("series", RECENT.uid))
    assert {row["modality"] for row in found["rows"]} == {"CT", "SR"}


def test_ohif_shows_no_empty_list_for_an_archive_that_fails(dead: str) -> None:
    [outcome] = ohif(dead, ("studies", {}))
    assert outcome == {"status": 502}
