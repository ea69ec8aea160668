"""One access line a request, with everything an operator needs and nothing about a patient."""

import json
import logging

import pytest

from dicom_qr_gateway import log
from dicom_qr_gateway.config import Settings
from dicom_qr_gateway.errors import ClientLeft, DimseFailure, MoveFailed, NoStudyMatched
from dicom_qr_gateway.services.query import FoundStudies
from dicom_qr_gateway.services.retrieve import Retrieved
from dicom_qr_gateway.services.study import KEYS, study_of
from dicom_qr_gateway.services.study_outcome import StudyOutcome


@pytest.fixture(autouse=True)
def _restore_the_package_logger():
    logger = logging.getLogger("dicom_qr_gateway")
    level, handlers = logger.level, list(logger.handlers)
    yield
    logger.setLevel(level)
    logger.handlers[:] = handlers


@pytest.fixture
def logged(capsys):
    """Return a function that gives the lines, parsed, that an action leaves."""

    def lines_of(action):
        configure(LOG_FORMAT="json", DICOM_DEBUG="true")
        action()
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return lines_of


def configure(**environ):
    log.configure(Settings.from_environ(environ))


def test_a_client_does_not_wait_for_the_line(client, logged):
    def answered():
        with client.get("/health", buffered=False) as response:
            list(response.iter_encoded())
            assert logged(lambda: None) == []

    assert len(logged(answered)) == 1


def test_a_query_leaves_one_line(client, logged):
    headers = {"X-Correlation-ID": "mine"}
    body = client.body(pacs_ip="2001:db8::1")

    [line] = logged(lambda: client.post("/q", json=body, headers=headers))

    assert line.pop("time").endswith("Z")
    assert line.pop("duration_ms") >= 0
    assert line == {
        "level": "INFO",
        "logger": "dicom_qr_gateway.access",
        "correlation_id": "mine",
        "operation": "C-FIND",
        "method": "POST",
        "path": "/q",
        "status": 200,
        "outcome": "ok",
        "pacs": "[2001:db8::1]:104",
        "matches": 1,
    }


def test_withheld_matches_are_counted_in_the_line(client, queries, logged):
    queries.result = FoundStudies(queries.result.studies, withheld=4)

    assert logged(client.q)[0]["withheld"] == 4


def test_a_retrieve_leaves_one_line_with_its_counts(client, retrieves, logged):
    found = retrieves.result
    retrieves.result = Retrieved(found.studies * 2, 0, found.details * 2, 1, 2)

    [line] = logged(client.qr)

    assert (line["operation"], line["outcome"]) == ("C-MOVE", "partial")
    assert (line["matches"], line["moved"]) == (2, 1)


@pytest.mark.parametrize(
    ("result", "outcome", "status"),
    [(NoStudyMatched("Nothing."), "not_found", 404), (ClientLeft(), "client_left", 503),
     (DimseFailure("Refused."), "error", 502)],
)  # fmt: skip
def test_the_line_tells_how_it_ended(client, queries, logged, result, outcome, status):
    queries.result = result

    [line] = logged(client.q)

    assert (line["outcome"], line["status"]) == (outcome, status)


def test_the_line_of_a_failure_tells_its_error_and_what_to_check(client, queries, logged):
    queries.result = DimseFailure("Refused: out of resources.")

    [line] = logged(client.q)

    assert (line["error"], line["message"]) == ("dimse_failure", "Refused: out of resources.")


def test_a_refused_request_is_logged_with_its_operation(client, logged):
    [line] = logged(lambda: client.q(pacs_port=0))

    assert (line["operation"], line["error"]) == ("C-FIND", "invalid_request")


CANARY = "ZZCANARY"


def canary_bodies():
    for field in ("pacs_ip", "pacs_ae_title", "c_find_ae_title", "patient_id", "modalities",
                  "max_years_old", "c_move_ae_title", CANARY):  # fmt: skip
        yield {field: f"{CANARY}*\\"}
        yield {field: [CANARY]}
    yield {"patient_id": CANARY}


@pytest.mark.parametrize("changes", list(canary_bodies()), ids=str)
@pytest.mark.parametrize("endpoint", ["q", "qr"])
def test_no_field_of_a_request_or_a_row_reaches_the_log(
    client, queries, retrieves, capsys, changes, endpoint
):
    for service in (queries, retrieves):
        row = {key: [CANARY] if key == "ModalitiesInStudy" else CANARY for key in KEYS}
        service.result.studies[:] = [study_of(row)]
    configure(DICOM_DEBUG="true")

    getattr(client, endpoint)(**changes)

    written = capsys.readouterr().out
    assert written.count("\n") == 1
    assert CANARY not in written


def test_no_path_query_header_or_unknown_method_reaches_the_log(client, capsys):
    configure(DICOM_DEBUG="true")

    client.get(f"/q/{CANARY}?patient_id={CANARY}", headers={"User-Agent": CANARY, "X": CANARY})
    client.get(f"/health?patient_id={CANARY}", headers={"X-Correlation-ID": f"{CANARY} x"})
    client.get(f"/docs/assets/{CANARY}")
    client.open("/q", method=f"{CANARY}^JOHN")

    assert CANARY not in capsys.readouterr().out


def test_text_lines_are_readable(client, queries, capsys):
    queries.result = DimseFailure('Say "please".')
    configure()

    client.raw(b"{}")
    client.post("/q", json={}, headers={"X-Correlation-ID": "mine"})

    first, second = capsys.readouterr().out.splitlines()
    assert " INFO [" in first
    assert "] dicom_qr_gateway.access: operation=C-FIND method=POST path=/q status=400 " in first
    assert 'message="The request is not valid: see errors for each field."' in first
    assert " INFO [mine] " in second


@pytest.mark.parametrize("log_format", ["text", "json"])
@pytest.mark.parametrize("forged", ["a\nb", "a\r\nb", "a\x1b[31mb", "a\u2028b", "a\x85b", "a\x00b"])
def test_nobody_can_forge_a_line(capsys, log_format, forged):
    configure(LOG_FORMAT=log_format)

    logging.getLogger("dicom_qr_gateway.dicom").info("The PACS said %s", forged)

    written = capsys.readouterr().out
    assert len(written.splitlines()) == 1
    assert written.rstrip("\n").isprintable()


def test_each_line_of_a_traceback_has_the_correlation_id(client, queries, capsys):
    configure()
    queries.result = RuntimeError("secret")

    client.post("/q", data="{}", content_type="application/json")
    client.environ_base["HTTP_X_CORRELATION_ID"] = "mine"
    client.q()

    lines = [line for line in capsys.readouterr().out.splitlines() if "[mine]" in line]
    assert any("builtins.RuntimeError" in line for line in lines)
    assert any(" in find_studies" in line for line in lines)


def test_a_traceback_is_a_list_in_json(client, queries, logged):
    queries.result = RuntimeError("secret")

    defect, access = logged(client.q)

    assert defect["message"] == "A defect of the gateway."
    assert defect["traceback"][0].startswith("builtins.RuntimeError")
    assert (access["error"], access["status"]) == ("internal_error", 500)


def test_causes_that_go_in_a_circle_are_listed_once(client, queries, logged):
    first, second = RuntimeError(), ValueError()
    first.__cause__, second.__cause__ = second, first
    queries.result = first

    defect, _access = logged(client.q)

    types = [line for line in defect["traceback"] if line.startswith("builtins.")]
    assert len(types) == 2


def test_configuring_twice_attaches_one_handler(capsys):
    configure()
    configure()

    logging.getLogger("dicom_qr_gateway").info("once")

    assert capsys.readouterr().out.count("once") == 1


def test_log_to_console_false_writes_nothing(capsys):
    configure(LOG_TO_CONSOLE="false")

    logging.getLogger("dicom_qr_gateway").warning("quiet")

    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")


@pytest.mark.parametrize(("debug", "level"), [("true", logging.DEBUG), ("false", logging.INFO)])
def test_dicom_debug_lowers_the_level_of_the_packages_loggers_only(debug, level):
    root = logging.getLogger().level

    configure(DICOM_DEBUG=debug)

    assert logging.getLogger("dicom_qr_gateway.dicom").getEffectiveLevel() == level
    assert logging.getLogger().level == root


def test_what_the_pacs_said_is_in_the_line_of_a_failure(client, queries, retrieves, logged):
    queries.result = DimseFailure("It failed.", dicom={"status": "0xA700"})
    study = StudyOutcome("1.2.3", "WS").as_detail()
    details = [{**study, "dimse_status": status} for status in ("0xA702", None, "0xA702")]
    reached = {"success_count": 0, "total_count": 3, "retrieve_details": details}
    retrieves.result = MoveFailed("No study was sent.", extra=reached)

    [failed_query] = logged(client.q)
    [failed_retrieve] = logged(client.qr)

    assert failed_query["dicom"] == "status:0xA700"
    assert failed_retrieve["dimse_status"] == "0xA702,None"
