"""The same search by the gateway, by findscu and by Orthanc's own DICOMweb plugin.

Rule: all three ask one Orthanc, the plugin from within and the others by C-FIND. Where the plugin
answers otherwise, a test says how, and findscu decides who is right.
"""

import json
from collections import ChainMap
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
import requests
from pydicom import config
from pydicom.datadict import keyword_for_tag, tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.valuerep import PersonName

from . import archives, findscu
from .archives import Archive
from .conftest import PYDICOM_FILES
from .made_studies import OLD, RECENT, UNDATED, WITH_MANY_STUDIES
from .processes import PATIENCE, free_port
from .search_gateway import serving

# What PS3.18 tables 10.6.3-3 to 10.6.3-5 want in each answer, and Orthanc has.
TEXT = {
    "studies": (
        *("StudyDate", "StudyTime", "AccessionNumber", "ModalitiesInStudy"),
        *("ReferringPhysicianName", "PatientName", "PatientID", "PatientBirthDate", "PatientSex"),
        *("StudyInstanceUID", "StudyID", "NumberOfStudyRelatedSeries"),
        "NumberOfStudyRelatedInstances",
    ),
    "series": (
        *("Modality", "SeriesDescription", "SeriesInstanceUID", "SeriesNumber"),
        "NumberOfSeriesRelatedInstances",
    ),
    "instances": (
        *("SOPClassUID", "SOPInstanceUID", "InstanceNumber", "Rows", "Columns"),
        "BitsAllocated",
    ),
}
UNIQUE_KEYS = {
    "studies": "StudyInstanceUID",
    "series": "SeriesInstanceUID",
    "instances": "SOPInstanceUID",
}
LEVELS = {"studies": "STUDY", "series": "SERIES", "instances": "IMAGE"}

Row = dict[str, list[Any]]  # tag -> values, a name as its groups with ``=`` between them
Found = dict[str, Row]  # UID -> row


@dataclass(frozen=True)
class Peers:
    """Who is asked: a search is the path and query string of QIDO-RS, not encoded."""

    archive: Archive
    gateway_url: str
    plugin_port: int

    def gateway(self, search: str) -> Found:
        response = requests.get(f"{self.gateway_url}/{search}", timeout=PATIENCE)
        assert response.status_code == 200, response.text
        return _by_uid(search, response.json())

    def plugin(self, search: str) -> Found:
        """Ask as it is understood: it takes ``%2A`` and ``%5E`` for what they look like."""
        connection = HTTPConnection("127.0.0.1", self.plugin_port, timeout=PATIENCE)
        connection.request("GET", f"/dicom-web/{quote(search, safe='/?=&,*^')}")
        response = connection.getresponse()
        body = response.read()
        connection.close()
        assert response.status == 200, body
        return _by_uid(search, json.loads(body))

    def findscu(self, search: str) -> Found:
        """Ask for the same by C-FIND; a list of values has backslashes there."""
        level = _level(search)
        path, keys = urlsplit(search).path.split("/"), dict(parse_qsl(urlsplit(search).query))
        included = filter(None, keys.pop("includefield", "").split(","))
        asked = dict.fromkeys((*TEXT[level], *map(keyword_for_tag, included)), "")
        asked |= {UNIQUE_KEYS[name]: uid for name, uid in zip(path[::2], path[1::2], strict=False)}
        asked |= {keyword_for_tag(key): value.replace(",", "\\") for key, value in keys.items()}
        asked["SpecificCharacterSet"] = "ISO_IR 192"
        matches = findscu.find(self.archive, LEVELS[level], asked)
        return {str(match[UNIQUE_KEYS[level]].value): _row(match, [*asked]) for match in matches}


def _level(search: str) -> str:
    return urlsplit(search).path.rpartition("/")[2]


def _tag(keyword: str) -> str:
    return f"{tag_for_keyword(keyword):08X}"


def _by_uid(search: str, answer: list[dict[str, Any]]) -> Found:
    rows = [
        {tag: [_plain(value) for value in each.get("Value", [])] for tag, each in row.items()}
        for row in answer
    ]
    unique = _tag(UNIQUE_KEYS[_level(search)])
    found = {row[unique][0]: row for row in rows}
    assert len(found) == len(rows), "each entity comes once"
    return found


def _row(match: Dataset, keywords: list[str]) -> Row:
    return {_tag(keyword): _values(match.get(keyword)) for keyword in keywords}


def _values(value: Any) -> list[Any]:
    if value is None or value == "":
        return []
    return [_plain(each) for each in (value if isinstance(value, MultiValue) else [value])]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        groups = (value.get(group, "") for group in ("Alphabetic", "Ideographic", "Phonetic"))
        return "=".join(groups).rstrip("=")
    return str(value) if isinstance(value, PersonName) else value


@pytest.fixture(scope="module")
def peers(tmp_path_factory: pytest.TempPathFactory, made_files: Any) -> Iterator[Peers]:
    folder = tmp_path_factory.mktemp("orthanc-dicomweb")
    port = free_port()
    with archives.orthanc("orthanc-a", folder, {}, archives.dicomweb_on(port)) as archive:
        archive.store(PYDICOM_FILES, made_files, report=folder / "report")
        with serving(folder, {"main": (archive.ae_title, archive.port)}) as url:
            yield Peers(archive, f"{url}/main", port)


@pytest.fixture(autouse=True)
def lenient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pydicom read what findscu brings: its own test files break rules."""
    monkeypatch.setattr(config.settings, "reading_validation_mode", config.IGNORE)


SERIES = f"studies/{RECENT.uid}/series"


@pytest.mark.parametrize(
    "search",
    [
        "studies",
        "series",
        "instances",
        "studies?PatientName=M*",
        "studies?PatientName=many^studies",
        "studies?PatientName=Doe^?eter",
        "studies?PatientName=*^*",
        f"studies?PatientID={WITH_MANY_STUDIES.patient_id}",
        f"studies?00100020={WITH_MANY_STUDIES.patient_id}",
        "studies?PatientID=PEERS-*",
        "studies?PatientID=NOBODY",
        "studies?StudyDate=20030101-20051231",
        "studies?StudyDate=-20050101",
        "studies?StudyDate=20200101-",
        "studies?StudyDate=20240229",
        "studies?StudyTime=080000-090000",
        "studies?ModalitiesInStudy=CT",
        "studies?ModalitiesInStudy=CT,MR",
        f"studies?ModalitiesInStudy=SR&PatientID={WITH_MANY_STUDIES.patient_id}",
        f"studies?StudyInstanceUID={RECENT.uid}",
        f"studies?StudyInstanceUID={RECENT.uid},{UNDATED.uid},{OLD.uid},1.2.3",
        "studies?StudyDescription=ABDO*&AccessionNumber=ACC-1",
        "studies?ReferringPhysicianName=Ref*",
        "studies?PatientBirthDate=19700101&PatientSex=M",
        "studies?includefield=StudyDescription,InstitutionName,PatientAge",
        "studies?PatientName=Wang*&includefield=PatientWeight,PatientComments,00081030",
        "series?Modality=CT",
        f"series?PatientID={WITH_MANY_STUDIES.patient_id}&Modality=CT",
        f"series?StudyInstanceUID={RECENT.uid}",
        "series?SeriesNumber=1&includefield=BodyPartExamined,StationName,ProtocolName",
        SERIES,
        f"{SERIES}?Modality=SR",
        "instances?SOPClassUID=1.2.840.10008.5.1.4.1.1.2",
        "instances?Modality=MR",
        "instances?Rows=512",
        f"studies/{RECENT.uid}/instances",
        f"{SERIES}/{RECENT.uid}.1/instances",
        f"{SERIES}/{RECENT.uid}.1/instances?InstanceNumber=2",
    ],
)
def test_the_same_entities_with_the_same_text(peers: Peers, search: str) -> None:
    ours, plugins, findscus = peers.gateway(search), peers.plugin(search), peers.findscu(search)
    assert {*ours} == {*plugins} == {*findscus}
    assert_same_text(ours, plugins, findscus)


@pytest.mark.parametrize("level", ["studies", "series", "instances"])
def test_pages_are_as_long_and_together_the_whole(peers: Peers, level: str) -> None:
    """Each has an order of its own."""
    whole = peers.findscu(level)
    size = len(whole) // 4
    pages = [f"{level}?limit={size}&offset={start}" for start in range(0, len(whole) + 1, size)]
    ours, plugins = ([*map(ask, pages)] for ask in (peers.gateway, peers.plugin))
    assert [*map(len, ours)] == [*map(len, plugins)]
    assert sum(map(len, ours)) == len(whole)
    assert_same_text(dict(ChainMap(*ours)), dict(ChainMap(*plugins)), whole)


# --- Where the plugin answers otherwise ---------------------------------------------------------


@pytest.mark.parametrize(
    "search",
    [
        "studies?PatientName=Müller*",
        "studies?PatientName=MÜLLER*",
        "studies?PatientName=Παπα*",
        "studies?PatientName=*山田*",
        "studies?PatientName=*张*",
        "studies?PatientName=Yamada^Tarou=山田*",
        "studies?PatientName=*Люкceмбypг*",
        "studies?StudyDescription=Мозг*",
        "studies?StudyDescription=Schädel*&PatientID=PEERS-ISO-100",
    ],
)
def test_the_plugin_finds_nothing_by_text_beyond_ascii(peers: Peers, search: str) -> None:
    """It does not decode the query string, whoever encodes it."""
    ours, plugins, findscus = peers.gateway(search), peers.plugin(search), peers.findscu(search)
    assert {*ours} == {*findscus} != set()
    assert {*plugins} <= {*findscus}
    assert_same_text(ours, {**ours, **plugins}, findscus)


@pytest.mark.parametrize(
    "search",
    [
        f"studies?PatientID={WITH_MANY_STUDIES.patient_id.lower()}",
        "studies?StudyDescription=abdomen",
        "studies?AccessionNumber=acc-1",
    ],
)
def test_the_plugin_takes_no_notice_of_case(peers: Peers, search: str) -> None:
    """Only person names may be matched so (PS3.4 C.2.2.2.1): another patient is another one."""
    ours, findscus = peers.gateway(search), peers.findscu(search)
    assert {*ours} == {*findscus}
    assert {*peers.plugin(search)} >= {*findscus}


def test_the_plugin_takes_a_star_for_any_name_but_none(peers: Peers) -> None:
    """A star alone is universal matching (PS3.4 C.2.2.2.4): a study without a name is found."""
    ours, findscus = peers.gateway("studies?PatientName=*"), peers.findscu("studies?PatientName=")
    assert {*ours} == {*findscus}
    assert {*peers.plugin("studies?PatientName=*")} <= {*findscus}


def test_the_plugin_leaves_out_a_number_that_is_none(peers: Peers) -> None:
    """One of pydicom's files has "1A" as its Number of Frames (0028,0008)."""
    search, tag = "instances?includefield=NumberOfFrames", _tag("NumberOfFrames")
    ours, plugins = peers.gateway(search), peers.plugin(search)
    said = {uid: str(row[tag][0]) for uid, row in peers.findscu(search).items() if row[tag]}
    assert "1A" in said.values()
    assert {uid: str(row[tag][0]) for uid, row in ours.items() if row[tag]} == said
    told = {uid: str(row[tag][0]) for uid, row in plugins.items() if row.get(tag)}
    assert told.items() <= said.items()


def assert_same_text(ours: Found, plugins: Found, findscus: Found) -> None:
    """Compare all that findscu asked for, and the attributes that the plugin has values of."""
    for uid, row in ours.items():
        assert {tag: row.get(tag, []) for tag in findscus[uid]} == findscus[uid]
        by_plugin = {tag: values for tag, values in plugins[uid].items() if values and tag in row}
        assert {tag: row[tag] for tag in by_plugin} == by_plugin
