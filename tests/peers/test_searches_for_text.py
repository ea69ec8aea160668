"""Searches for text in Orthanc as it is shipped and in UTF-8, in dcmqrscp and in wlmscpfs.

Rule: every archive has the same studies, one of each patient; a patient is found or is not.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from . import archives, made_studies
from .archives import program
from .made_steps import a_step
from .made_studies import MadePatient, MadeStudy
from .processes import PATIENCE, free_port, running
from .rows import value
from .search_gateway import serving

IN_PART = "could not be tested in full"
NOT_TESTED = "withheld that could not be tested"


def a_patient(number: int, patient_id: str, name: str, charset: str, text: str) -> MadePatient:
    uid = f"{made_studies.ROOT_UID}.9.{number}"
    date, time = ("20240601", "0930") if number else ("", "")
    study = MadeStudy(uid, date, {"CT": 1}, text, time)
    terms: str | list[str] = charset.split("\\") if "\\" in charset else charset
    return MadePatient(patient_id, name, terms, [study])


PATIENTS = [
    a_patient(0, "UNDATED", "Unknown^Date", "ISO_IR 100", "THORAX"),
    a_patient(1, "LATIN-1", "Müller^Jürgen", "ISO_IR 100", "Schädel"),
    a_patient(2, "LATIN-2", "Wałęsa^Łucja", "ISO_IR 101", "Płuca"),
    a_patient(3, "CYRILLIC", "Иванов^Пётр", "ISO_IR 144", "Грудь"),
    a_patient(4, "KANJI", "Tanaka^Jiro=田中^次郎=たなか^じろう", "\\ISO 2022 IR 87", "胸部CT"),
    a_patient(5, "KANA", "ﾔﾏﾀﾞ^ﾊﾅｺ=山田^花子=やまだ^はなこ", "ISO 2022 IR 13\\ISO 2022 IR 87", "ﾑﾈ"),
]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A gateway in front of ``latin1``, ``utf8`` and ``dcmqrscp``."""
    files = tmp_path_factory.mktemp("files")
    made_studies.write_instances(files, PATIENTS)
    folders: dict[str, Path] = {
        name: tmp_path_factory.mktemp(name) for name in ("latin1", "utf8", "dcmqrscp")
    }
    with contextlib.ExitStack() as stack:
        # Latin1 is what Orthanc has by itself.
        latin = archives.orthanc("orthanc-a", folders["latin1"], {}, {"DefaultEncoding": "Latin1"})
        known = {
            "latin1": stack.enter_context(latin),
            "utf8": stack.enter_context(archives.orthanc("orthanc-a", folders["utf8"], {})),
            "dcmqrscp": stack.enter_context(archives.dcmqrscp(folders["dcmqrscp"], {})),
        }
        for name, archive in known.items():
            archive.store(files, report=folders[name] / "report")
            assert len(archive.patients) == len(PATIENTS)
        pacs = {name: (archive.ae_title, archive.port) for name, archive in known.items()}
        yield stack.enter_context(serving(tmp_path_factory.mktemp("gateway"), pacs))


@pytest.fixture(params=["latin1", "utf8", "dcmqrscp"])
def pacs(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def found(url: str, **parameters: str) -> tuple[set[str], str]:
    """Return the patients that a search finds, and its warnings."""
    response = requests.get(url, params=parameters, timeout=PATIENCE)
    assert response.status_code == 200, response.text
    patients = {str(value(row, "00100020")) for row in response.json()}
    return patients, response.headers.get("Warning", "")


@pytest.mark.parametrize(
    ("name", "patient_id", "latin_1_says_it"),
    [
        ("Müller*", "LATIN-1", True),
        ("Mu\u0308ller*", "LATIN-1", True),
        ("M?ller^J?rgen", "LATIN-1", True),
        ("Wałęsa*", "LATIN-2", False),
        ("*Łucja", "LATIN-2", False),
        ("Wa??sa^Łucja", "LATIN-2", False),
        ("Wa??sa^?ucja", "LATIN-2", False),
        ("Иванов*", "CYRILLIC", False),
        ("Иванов^Пётр", "CYRILLIC", False),
        ("Иван?в*", "CYRILLIC", False),
        ("*Пётр", "CYRILLIC", False),
        ("田中*", "KANJI", False),
        ("*次郎*", "KANJI", False),
        ("=田中^次郎", "KANJI", False),
        ("たなか*", "KANJI", False),
    ],
)
def test_a_name_is_found_in_whatever_the_archive_answers(
    root: str, pacs: str, name: str, patient_id: str, latin_1_says_it: bool
) -> None:
    patients, warning = found(f"{root}/{pacs}/studies", PatientName=name)
    assert patients == {patient_id}
    assert (f"1 results {IN_PART}" in warning) == (pacs == "latin1" and not latin_1_says_it)


@pytest.mark.parametrize(
    ("text", "patient_id", "latin_1_says_it"),
    [
        ("Schädel", "LATIN-1", True),
        ("Sch?del", "LATIN-1", True),
        ("Scha\u0308*", "LATIN-1", True),
        ("Płuca", "LATIN-2", False),
        ("P?uca", "LATIN-2", False),
        ("Грудь", "CYRILLIC", False),
        ("Гр*", "CYRILLIC", False),
        ("胸部CT", "KANJI", False),
    ],
)
def test_a_description_is_found_in_whatever_the_archive_answers(
    root: str, pacs: str, text: str, patient_id: str, latin_1_says_it: bool
) -> None:
    patients, warning = found(f"{root}/{pacs}/studies", StudyDescription=text)
    assert patients == {patient_id}
    assert (IN_PART in warning) == (pacs == "latin1" and not latin_1_says_it)


def test_what_cannot_be_tested_is_said_and_not_called_another(root: str) -> None:
    patients, warning = found(f"{root}/latin1/studies", StudyDescription="胸部*")
    assert patients == set()
    assert f"1 results {NOT_TESTED}" in warning
    assert "do not match" not in warning


@pytest.mark.parametrize("name", ["山田*", "やまだ*", "ﾔﾏﾀﾞ*", "ﾔﾏﾀﾞ^ﾊﾅｺ=山田^花子"])
def test_a_name_is_found_that_is_stored_after_iso_2022_ir_13(root: str, name: str) -> None:
    assert found(f"{root}/dcmqrscp/studies", PatientName=name) == ({"KANA"}, "")


@pytest.mark.parametrize("times", ["093000-1000", "093000-", "-0930", "09-09"])
def test_a_time_without_seconds_is_in_a_range_with_them(root: str, pacs: str, times: str) -> None:
    patients, _ = found(f"{root}/{pacs}/studies", StudyTime=times, PatientName="Müller*")
    assert patients == {"LATIN-1"}


def test_codes_are_found_in_lower_case(root: str, pacs: str) -> None:
    patients, _ = found(f"{root}/{pacs}/studies", ModalitiesInStudy="ct", PatientID="KANJI")
    assert patients == {"KANJI"}


def test_these_archives_leave_an_undated_study_out_of_every_range(root: str, pacs: str) -> None:
    url = f"{root}/{pacs}/studies"
    assert found(url, StudyDate="19000101-", PatientID="UNDATED") == (set(), "")
    assert found(url, PatientID="UNDATED") == ({"UNDATED"}, "")


def test_a_name_of_a_worklist_is_found_that_states_no_character_set(tmp_path: Path) -> None:
    station = tmp_path / "files" / "RIS"
    station.mkdir(parents=True)
    (station / "lockfile").touch()
    entry = a_step(1, "CT1", "Иванов^Пётр", "ISO_IR 144")
    entry.save_as(station / "1.wl", enforce_file_format=True)
    port = free_port()
    command = [program("wlmscpfs"), "-dfp", str(station.parent), str(port)]
    with (
        running(command, port, tmp_path / "wlmscpfs.log"),
        serving(tmp_path, {"ris": ("RIS", port)}) as url,
    ):
        steps = f"{url}/ris/modality-scheduled-procedure-steps"
        [row] = requests.get(steps, params={"PatientName": "Иванов*"}, timeout=PATIENCE).json()
    assert value(row, "00100010") == {"Alphabetic": "Иванов^Пётр"}
