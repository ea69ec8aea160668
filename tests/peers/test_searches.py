"""``/dicom-web`` in front of Orthanc, dcmqrscp and wlmscpfs, asked by other people's clients."""

import warnings
from collections.abc import Iterator

import pytest
import requests
from dicomtrolley.core import Query, QueryLevels
from dicomtrolley.qido_rs import QidoRS, RelationalQuery
from dicomweb_client.api import DICOMwebClient
from pydicom.dataset import Dataset

from . import findscu
from .archives import Archive, program
from .made_steps import a_step
from .made_studies import MADE_PATIENTS, RECENT, WITH_MANY_STUDIES
from .processes import free_port, running
from .rows import get, uids, value
from .search_gateway import serving

# --- The same truth as findscu's ----------------------------------------------------------------


def test_studies_are_those_of_findscu_with_the_same_text(url: str, archive: Archive) -> None:
    found = {value(row, "0020000D"): row for row in get(f"{url}/studies", StudyDescription="*")}
    studies = {
        uid: study
        for patient_id in archive.patients
        for uid, study in findscu.studies_of(archive, patient_id).items()
    }
    assert set(studies) <= set(found)
    for uid, study in studies.items():
        row = found[uid]
        name = value(row, "00100010") or {}
        groups = (name.get(key, "") for key in ("Alphabetic", "Ideographic", "Phonetic"))
        assert "=".join(groups).rstrip("=") == str(study["PatientName"]).rstrip("=")
        assert (value(row, "00080020") or "") == study["StudyDate"]
        assert row.get("00080061", {}).get("Value", []) == study["ModalitiesInStudy"]


def test_series_and_instances_are_all_that_was_stored(url: str, archive: Archive) -> None:
    stored = {
        uid: instances
        for studies in archive.patients.values()
        for uid, instances in studies.items()
    }
    for uid in [study.uid for patient in MADE_PATIENTS for study in patient.studies]:
        instances = get(f"{url}/studies/{uid}/instances")
        assert uids(instances, "00080018") == stored[uid]
        series = get(f"{url}/studies/{uid}/series")
        assert uids(series, "0020000E") == uids(instances, "0020000E")
        one = next(iter(uids(series, "0020000E")))
        of_series = get(f"{url}/studies/{uid}/series/{one}/instances")
        assert uids(of_series, "00080018") < stored[uid] or len(series) == 1


def test_everything_is_found_across_studies_too(url: str, archive: Archive) -> None:
    stored = {
        instance
        for studies in archive.patients.values()
        for instances in studies.values()
        for instance in instances
    }
    assert stored <= uids(get(f"{url}/instances"), "00080018")
    of_patient = get(f"{url}/series", PatientID=WITH_MANY_STUDIES.patient_id, Modality="CT")
    assert len(of_patient) == 3
    assert {value(row, "00100020") for row in of_patient} == {WITH_MANY_STUDIES.patient_id}


def test_pages_together_are_the_whole(url: str) -> None:
    whole = uids(get(f"{url}/studies"))
    pages = [get(f"{url}/studies", limit="7", offset=str(offset)) for offset in range(0, 70, 7)]
    assert sum(map(len, pages)) == len(whole)
    assert {uid for page in pages for uid in uids(page)} == whole


@pytest.mark.parametrize(
    ("name", "patient_id"),
    [
        ("Müller*", "PEERS-ISO-100"),
        ("Müller-Lüdenscheidt^Jürgen^^Dr.", "PEERS-ISO-100"),
        ("Παπα*", "PEERS-UTF-8"),
        ("田中*", "PEERS-UTF-8"),
        ("山田^太郎", "PEERS-ISO-2022-87"),
        ("*山田*", "PEERS-ISO-2022-87"),
        ("やまだ*", "PEERS-ISO-2022-87"),
        ("张伟", "PEERS-GB18030"),
        ("张*", "PEERS-GB18030"),
        ("王小东", "X2EXAMPLE"),
        ("Люкceмбypг", "SCSRUSS"),
        ("김희중", "2008-3"),
        ("홍길동", "I2EXAMPLE"),
        ("Wang^XiaoDong", "X2EXAMPLE"),
        ("Yamada^Tarou=山田^太郎", "PEERS-ISO-2022-87"),
        ("=山田*", "PEERS-ISO-2022-87"),
        ("==やまだ*", "PEERS-ISO-2022-87"),
        ("M?ller*", "PEERS-ISO-100"),
    ],
)
def test_names_are_found_in_every_script_and_character_set(
    url: str, name: str, patient_id: str
) -> None:
    found = {value(row, "00100020") for row in get(f"{url}/studies", PatientName=name)}
    assert patient_id in found


def test_a_search_by_modality_finds_what_the_archive_does_not_say(url: str) -> None:
    found = get(f"{url}/studies", ModalitiesInStudy="SR", PatientID=WITH_MANY_STUDIES.patient_id)
    assert uids(found) == {RECENT.uid}
    assert found[0]["00080061"]["Value"] == ["CT", "SR"]


@pytest.mark.parametrize(
    ("of", "key", "asked"),
    [
        ("studies", "InstitutionName", "Peers*"),
        ("instances", "SOPClassUID", "1.2.840.10008.5.1.4.1.1.2"),
        ("instances", "Rows", "512"),
    ],
)
def test_what_dcmqrscp_does_not_know_is_an_error_and_not_an_empty_answer(
    root: str, of: str, key: str, asked: str
) -> None:
    response = requests.get(f"{root}/dcmqrscp/{of}", params={key: asked}, timeout=60)
    assert (response.status_code, [*response.json()["errors"]]) == (400, [key])
    assert get(f"{root}/orthanc/{of}", **{key: asked})


def test_both_archives_are_one_answer(root: str) -> None:
    rows = get(f"{root}/all/studies", PatientID=WITH_MANY_STUDIES.patient_id)
    assert len(rows) == 2 * len(WITH_MANY_STUDIES.studies)
    assert {value(row, "00080054") for row in rows} == {"ORTHANCA", "DCMQRSCP"}
    assert value(rows[0], "0020000D") == RECENT.uid


# --- Other people's clients --------------------------------------------------------------------


@pytest.fixture
def quiet() -> Iterator[None]:
    """Let pydicom and the clients grumble about the archives' values and our warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.mark.usefixtures("quiet")
def test_dicomweb_client_searches_all_three_levels(url: str, archive: Archive) -> None:
    client = DICOMwebClient(url)
    studies = [Dataset.from_json(row) for row in client.search_for_studies()]
    assert {*archive.patients} <= {study.PatientID for study in studies}
    filters = {"PatientID": WITH_MANY_STUDIES.patient_id}
    found = client.search_for_studies(search_filters=filters, fields=["StudyDescription"])
    assert {row["00081030"]["Value"][0] for row in found} == {"ABDOMEN"}
    assert len(client.search_for_studies(limit=2, offset=1)) == 2
    assert len(client.search_for_studies(limit=5, get_remaining=True)) == len(studies)
    assert len(client.search_for_studies(fuzzymatching=True, search_filters=filters)) == 4
    series = client.search_for_series(RECENT.uid)
    assert {Dataset.from_json(row).Modality for row in series} == {"CT", "SR"}
    instances = client.search_for_instances(RECENT.uid)
    assert {Dataset.from_json(row).SOPInstanceUID for row in instances} == RECENT.sop_instance_uids


@pytest.mark.usefixtures("quiet")
def test_dicomtrolley_finds_studies_with_all_that_is_in_them(url: str) -> None:
    searcher = QidoRS(requests.Session(), url)
    query = Query(PatientID=WITH_MANY_STUDIES.patient_id, query_level=QueryLevels.INSTANCE)
    studies = {study.uid: study for study in searcher.find_studies(query)}
    assert {*studies} == {study.uid for study in WITH_MANY_STUDIES.studies}
    found = {each.uid for series in studies[RECENT.uid].series for each in series.instances}
    assert found == RECENT.sop_instance_uids
    relational = RelationalQuery(StudyInstanceUID=RECENT.uid, query_level=QueryLevels.SERIES)
    assert len(searcher.find_studies(relational)) == 1


# --- A worklist --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def worklist(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """wlmscpfs with two steps, behind the gateway."""
    folder = tmp_path_factory.mktemp("worklist")
    station = folder / "files" / "RIS"
    station.mkdir(parents=True)
    (station / "lockfile").touch()
    for number, (ae_title, name) in enumerate([("CT1", "Müller^Jürgen"), ("MR1", "Doe^John")], 1):
        a_step(number, ae_title, name).save_as(station / f"{number}.wl", enforce_file_format=True)
    port = free_port()
    command = [program("wlmscpfs"), "--keep-char-set", "-dfp", str(station.parent), str(port)]
    with (
        running(command, port, folder / "wlmscpfs.log"),
        serving(folder, {"ris": ("RIS", port)}) as url,
    ):
        yield f"{url}/ris/modality-scheduled-procedure-steps"


def test_todays_steps_of_a_station_come_from_wlmscpfs(worklist: str) -> None:
    station = "ScheduledProcedureStepSequence.ScheduledStationAETitle"
    date = "ScheduledProcedureStepSequence.ScheduledProcedureStepStartDate"
    [row] = get(worklist, **{station: "CT1", date: "20240102"})
    assert value(row, "00100010") == {"Alphabetic": "Müller^Jürgen"}
    [step] = row["00400100"]["Value"]
    assert (step["00400009"]["Value"], step["00400001"]["Value"]) == (["SPS1"], ["CT1"])
    assert get(worklist, **{date: "20240103-"}) == []
    assert len(get(worklist)) == 2
    assert requests.get(worklist, params={"Modality": "CT"}, timeout=60).status_code == 400


def test_a_name_of_a_worklist_is_found_in_latin_1(worklist: str) -> None:
    assert uids(get(worklist, PatientName="Müller*")) == {"1.2.3.1"}
