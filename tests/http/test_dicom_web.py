"""Searches by HTTP: who is asked what, in which words it is answered, and who may read it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dicom_qr_gateway import correlation
from dicom_qr_gateway.errors import ClientLeft, ConnectionLost, PatientMismatch
from dicom_qr_gateway.services.qido import Answer
from dicom_qr_gateway.services.qido_attributes import Level

from .conftest import ContractClient, build

CONFIG = """
[pacs.main]
host = "192.0.2.7"
port = 104
ae_title = "MAINPACS"

[pacs.old]
host = "old.example"
port = 104
ae_title = "OLD"
"""
ROWS = [b'{"00100010":{"vr":"PN","Value":[{"Alphabetic":"M\xc3\xbcller"}]}}', b"{}"]
STUDIES = "/dicom-web/main/studies"


class Searches:
    """Answers every search with ``answer``, or raises it; keeps what it was asked."""

    def __init__(self) -> None:
        self.answer: Answer | Exception = Answer(ROWS)
        self.asked: list[Any] = []
        self.pacs: list[list[str]] = []

    def search(self, search: Any, pacs: Any, client: object) -> Answer:
        self.asked.append(search)
        self.pacs.append([each.name for each in pacs])
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    path = tmp_path / "pacs.toml"
    path.write_text(CONFIG)
    return {"PACS_CONFIG": str(path)}


@pytest.fixture
def app(environ):
    app = build(**environ)
    app.extensions["searches"] = Searches()
    return app


@pytest.fixture
def searches(app) -> Searches:
    found: Searches = app.extensions["searches"]
    return found


def test_an_answer_is_an_array_of_rows(client, searches):
    response = client.get(STUDIES)
    assert (response.status_code, response.content_type) == (200, "application/dicom+json")
    assert response.json == [
        {"00100010": {"vr": "PN", "Value": [{"Alphabetic": "Müller"}]}},
        {},
    ]
    assert response.content_length == len(response.data)
    assert (searches.pacs, searches.asked[0].level) == ([["main"]], Level.STUDIES)
    assert "Warning" not in response.headers


def test_nothing_is_an_empty_array(client, searches):
    searches.answer = Answer([])
    assert client.get(STUDIES).data == b"[]"


@pytest.mark.parametrize("count", [1, 99, 100, 101, 250])
def test_rows_are_sent_in_pieces_of_many(client, searches, count):
    searches.answer = Answer([b'{"1":2}'] * count)
    response = client.get(STUDIES)
    assert response.json == [{"1": 2}] * count
    assert response.content_length == len(response.data)


@pytest.mark.parametrize(
    ("path", "level", "named"),
    [
        ("studies", Level.STUDIES, {}),
        ("series", Level.SERIES, {}),
        ("instances", Level.INSTANCES, {}),
        ("studies/1.2/series", Level.SERIES, {0x0020000D: "1.2"}),
        ("studies/1.2/instances", Level.INSTANCES, {0x0020000D: "1.2"}),
        (
            "studies/1.2/series/1.3/instances",
            Level.INSTANCES,
            {0x0020000D: "1.2", 0x0020000E: "1.3"},
        ),
        ("modality-scheduled-procedure-steps", Level.WORKLIST, {}),
    ],
)
def test_every_resource_is_searched(client, searches, path, level, named):
    assert client.get(f"/dicom-web/main/{path}").status_code == 200
    [asked] = searches.asked
    assert (asked.level, asked.asked) == (level, named)


@pytest.mark.parametrize(
    ("names", "asked"),
    [("main", ["main"]), ("old,main", ["old", "main"]), ("all", ["main", "old"])],
)
def test_pacs_are_named_alone_together_or_all(client, searches, names, asked):
    assert client.get(f"/dicom-web/{names}/studies").status_code == 200
    assert searches.pacs == [asked]


def test_the_access_line_names_the_pacs_and_nothing_of_the_patient(client, caplog):
    with caplog.at_level("INFO", "dicom_qr_gateway.access"):
        client.get("/dicom-web/old,main/studies?PatientID=CANARY")
    assert "operation=C-FIND" in caplog.text
    assert "pacs=old,main" in caplog.text
    assert "matches=2" in caplog.text
    assert "CANARY" not in caplog.text


@pytest.mark.parametrize("names", ["nobody", "main,nobody", "main,", "MAIN"])
def test_an_unknown_pacs_is_404(client, names):
    response = client.get(f"/dicom-web/{names}/studies?limit=x")
    assert (response.status_code, response.json["error"]) == (404, "no_such_pacs")


def test_all_of_no_pacs_is_404():
    client = build().test_client()
    assert client.get("/dicom-web/all/studies").json["error"] == "no_such_pacs"


def test_what_is_not_understood_is_400(client, searches):
    response = client.get(STUDIES, query_string={"Foo": "1", "limit": "x", "PatientID": "a\\b"})
    assert response.status_code == 400
    assert {*response.json["errors"]} == {"Foo", "limit", "PatientID"}
    assert searches.asked == []


@pytest.mark.parametrize("query", ["PatientName=M%FCller", "PatientName=%ED%A0%80", "M%FC=1"])
def test_what_is_not_utf_8_is_400(client, searches, query):
    assert client.get(f"{STUDIES}?{query}").status_code == 400
    assert searches.asked == []


# The second as a server hands on what was not escaped: one character a byte.
@pytest.mark.parametrize("query", ["M%C3%BCller+J", "M\xc3\xbcller%20J"])
def test_names_come_in_utf_8_escaped_or_not(client, searches, query):
    environ = {"QUERY_STRING": f"PatientName={query}"}
    assert client.get(STUDIES, environ_overrides=environ).status_code == 200
    assert searches.asked[0].asked == {0x00100010: "Müller J"}


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("application/dicom+json", "application/dicom+json"),
        ("application/json", "application/json"),
        ("*/*", "application/dicom+json"),
        ("application/*", "application/dicom+json"),
        ("application/dicom+xml, application/json;q=0.5", "application/json"),
        ("application/dicom+json;q=0.1, application/json", "application/json"),
        ("application/dicom+json; charset=utf-8", "application/dicom+json"),
        ("application/json;charset=utf-8", "application/json"),
        ("application/dicom+json; transfer-syntax=*", "application/dicom+json"),
        ("application/dicom+json;x=1;q=0.1, application/json;x=1;q=0.2", "application/json"),
        ("*/*;x=1", "application/dicom+json"),
        ("", "application/dicom+json"),
    ],
)
def test_a_client_chooses_between_two_names_of_json(client, accept, media_type):
    response = client.get(STUDIES, headers={"Accept": accept})
    assert (response.status_code, response.mimetype) == (200, media_type)


@pytest.mark.parametrize(
    "accept",
    [
        *("application/dicom+xml", "text/html", "application/json;charset=utf-8;q=0"),
        'multipart/related; type="application/dicom+json"',
    ],
)
def test_a_client_that_accepts_neither_is_told_so(client, searches, accept):
    response = client.get(STUDIES, headers={"Accept": accept})
    assert (response.status_code, response.json["error"]) == (406, "not_acceptable")
    assert searches.asked == []


@pytest.mark.parametrize("value", ["application/json", "application%2Fjson"])
def test_the_parameter_accept_counts_before_the_header(client, value):
    headers = {"Accept": "application/dicom+xml"}
    response = client.get(f"{STUDIES}?accept={value}", headers=headers)
    assert (response.status_code, response.mimetype) == (200, "application/json")


@pytest.mark.parametrize("value", ["application/dicom%2Bjson", "application/dicom+json"])
def test_a_plus_in_the_parameter_accept_may_be_written_as_it_is(client, value):
    assert client.get(f"{STUDIES}?accept={value}").mimetype == "application/dicom+json"


def test_the_parameter_accept_is_given_once(client):
    response = client.get(f"{STUDIES}?accept=application/json&accept=application/json")
    assert list(response.json["errors"]) == ["accept"]
    assert client.get(f"{STUDIES}?accept=text/html").status_code == 406


def test_each_warning_is_a_header_of_its_own(client, searches):
    searches.answer = Answer(ROWS, ["First.", "Second."])
    assert client.get(STUDIES).headers.getlist("Warning") == [
        '299 dicom-qr-gateway "First."',
        '299 dicom-qr-gateway "Second."',
    ]


def test_what_a_level_below_has_is_said_to_be_left_out(client, searches):
    searches.answer = Answer(ROWS, ["First."])
    response = client.get(f"{STUDIES}?includefield=00081030,00080060,00080090,00100030")
    assert response.headers.getlist("Warning") == [
        '299 dicom-qr-gateway "00080060 belongs to series: studies do not return it."',
        '299 dicom-qr-gateway "First."',
    ]
    assert 0x00080060 not in searches.asked[0].included


def test_what_cannot_be_asked_for_is_said_to_be_left_out(client, searches):
    searches.answer = Answer(ROWS)
    response = client.get(f"{STUDIES}?includefield=PixelData,00091001&00080FFF=")
    assert response.headers.getlist("Warning") == [
        '299 dicom-qr-gateway "Left out: PixelData. Bulk data cannot be asked for in a search."',
        '299 dicom-qr-gateway "Left out: 00091001. The attribute is private: give its private '
        'creator 00090010 too."',
        '299 dicom-qr-gateway "Left out: 00080FFF. The standard has no such attribute."',
    ]
    response = client.get(f"{STUDIES}?includefield=PixelData,Garbage")
    assert [*response.json["errors"]] == ["includefield"]


def test_a_search_that_nothing_can_match_asks_nobody(client, searches):
    response = client.get(f"{STUDIES}?StudyDate=20300101-20261125")
    assert (response.status_code, response.data) == (200, b"[]")
    assert "StudyDate ends before it begins" in response.headers["Warning"]
    assert searches.asked == []


def test_a_failure_is_the_common_error_body(client, searches):
    failures = [{"pacs": "main", "error": "patient_mismatch", "message": "Others."}]
    searches.answer = PatientMismatch("Others.", extra={"failures": failures})
    response = client.get(STUDIES)
    assert (response.status_code, response.json["failures"]) == (502, failures)


class Session:
    """Counts how often it is closed."""

    closed = 0
    failure: Exception | None = None

    def close(self) -> None:
        self.closed += 1
        if self.failure:
            raise self.failure


def a_stream(rows: Iterator[bytes], held: int = 2) -> Answer:
    return Answer([b'{"1":2}'] * held, [], rows, Session())  # type: ignore[arg-type]


def test_a_stream_announces_no_length_and_is_closed(client, searches):
    answer = searches.answer = a_stream(iter([b'{"3":4}']))
    response = client.get(STUDIES)
    assert (response.content_length, response.json[2:]) == (None, [{"3": 4}])
    assert answer.session.closed


def test_a_stream_that_breaks_off_never_closes_its_bracket(client, searches, caplog):
    def rows() -> Iterator[bytes]:
        yield b'{"3":4}'
        seen.append(correlation.current())
        raise ConnectionLost("The PACS went away.")

    seen: list[str] = []
    caplog.handler.addFilter(lambda record: bool(seen.append(correlation.current()) or True))
    answer = searches.answer = a_stream(rows(), held=250)
    headers = {correlation.HEADER: "of-this-request"}
    response = client.get(STUDIES, buffered=False, headers=headers)
    seen.clear()
    with pytest.raises(ConnectionResetError):
        b"".join(response.iter_encoded())
    response.close()
    assert answer.session.closed
    assert "an answer broke off: connection_lost" in caplog.text
    assert seen == ["of-this-request"] * 3  # the rows, why they end, the access line
    assert correlation.current() == correlation.NO_REQUEST


def test_a_stream_whose_client_left_ends_with_a_line(client, searches, caplog):
    def rows() -> Iterator[bytes]:
        yield b'{"3":4}'
        raise ClientLeft

    answer = searches.answer = a_stream(rows(), held=250)
    answer.session.failure = ClientLeft()
    with caplog.at_level("INFO", "dicom_qr_gateway.blueprints.search_answers"):
        response = client.get(STUDIES, buffered=False)
        with pytest.raises(ConnectionResetError):
            b"".join(response.iter_encoded())
        response.close()
    lines = [each.message for each in caplog.records if "the client left" in each.message]
    assert [line.partition(":")[0] for line in lines] == [
        *("an answer broke off", "a query was not ended in order"),
    ]
    assert not [each for each in caplog.records if each.levelname == "ERROR"]


def test_head_has_the_headers_and_closes_a_stream_unread(client, searches):
    response = client.head(STUDIES)
    assert (response.status_code, response.data) == (200, b"")
    assert response.content_length == 3 + sum(map(len, ROWS))
    answer = searches.answer = a_stream(iter(()))
    assert client.head(STUDIES).data == b""
    assert answer.session.closed


def test_options_name_the_methods_and_others_are_405(client):
    response = client.options(STUDIES)
    assert {*response.allow} == {"GET", "HEAD", "OPTIONS"}
    assert client.post(STUDIES).status_code == 405
    assert client.delete(STUDIES).json["error"] == "method_not_allowed"


@pytest.mark.parametrize("path", ["studies/", "patients", "studies/1.2", "studies/1.2/series/1.3"])
def test_there_are_no_other_resources(client, path):
    response = client.get(f"/dicom-web/main/{path}")
    assert (response.status_code, response.json["error"]) == (404, "no_such_endpoint")


# --- Pages of other origins --------------------------------------------------------------------

VIEWER = {"Origin": "https://viewer.example"}
CORS = "Access-Control-Allow-Origin"


def cors_client(environ: dict[str, str], origins: str) -> ContractClient:
    app = build(**environ, CORS_ORIGINS=origins)
    app.extensions["searches"] = Searches()
    client = app.test_client()
    assert isinstance(client, ContractClient)
    return client


def test_no_page_of_another_origin_may_read_by_default(client):
    response = client.get(STUDIES, headers=VIEWER)
    assert not [name for name, _ in response.headers if name.startswith("Access-Control")]


def test_pages_of_stated_origins_may_read_searches(environ):
    client = cors_client(environ, "https://viewer.example, http://localhost:3000")
    response = client.get(STUDIES, headers=VIEWER)
    assert (response.headers[CORS], response.headers["Vary"]) == (VIEWER["Origin"], "Origin")
    assert "Warning" in response.headers["Access-Control-Expose-Headers"]
    preflight = client.options(STUDIES, headers={**VIEWER, "Access-Control-Request-Method": "GET"})
    assert (preflight.status_code, preflight.headers[CORS]) == (200, VIEWER["Origin"])
    assert "GET" in preflight.headers["Access-Control-Allow-Methods"]
    failure = client.get("/dicom-web/nobody/studies", headers=VIEWER)
    assert (failure.status_code, failure.headers[CORS]) == (404, VIEWER["Origin"])


def test_other_pages_and_other_endpoints_may_not_be_read(environ):
    client = cors_client(environ, "https://viewer.example")
    assert CORS not in client.get(STUDIES, headers={"Origin": "https://evil.example"}).headers
    assert CORS not in client.get(STUDIES).headers
    assert CORS not in client.get("/health", headers=VIEWER).headers


def test_a_star_lets_every_page_read(environ):
    response = cors_client(environ, "*").get(STUDIES, headers=VIEWER)
    assert response.headers[CORS] == "*"


@pytest.mark.parametrize("origins", ["viewer.example", "https://a/", "https://a,", "HTTPS://A"])
def test_an_origin_that_no_browser_sends_stops_the_start(environ, origins):
    from dicom_qr_gateway.config import ConfigurationError

    with pytest.raises(ConfigurationError, match="CORS_ORIGINS"):
        build(**environ, CORS_ORIGINS=origins)
