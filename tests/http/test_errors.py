"""Every exception ends in the contract's error body, and says nothing it should not."""

import logging

import pytest
from flask import Request

from dicom_qr_gateway import errors
from dicom_qr_gateway.blueprints.errors import status_of, values_of
from dicom_qr_gateway.log_formats import JsonFormatter, TextFormatter
from dicom_qr_gateway.schemas.errors import ERROR_VALUES, outcomes
from dicom_qr_gateway.services.query import FoundStudies

CONTRACT = {
    400: {"invalid_request"},
    403: {"target_not_allowed"},
    404: {"no_such_endpoint", "no_such_pacs"},
    406: {"not_acceptable"},
    405: {"method_not_allowed"},
    413: {"request_too_large"},
    415: {"unsupported_media_type"},
    500: {"internal_error"},
    502: {
        "name_not_resolved", "connection_refused", "unreachable", "association_rejected",
        "association_aborted", "connection_lost", "no_accepted_context", "protocol_error",
        "dimse_failure", "patient_mismatch", "response_too_large", "too_many_matches",
        "move_failed",
    },
    503: {"pacs_busy", "gateway_busy", "shutting_down"},
    504: {
        "connect_timeout", "name_lookup_timeout", "association_timeout", "response_timeout",
        "query_timeout", "retrieve_timeout",
    },
}  # fmt: skip
PHRASES = {403: "Forbidden", 500: "Internal Server Error", 502: "Bad Gateway",
           503: "Service Unavailable", 504: "Gateway Timeout"}  # fmt: skip
FROM_SERVICES = [each for each in outcomes() if status_of(each) in PHRASES]


@pytest.mark.parametrize("status", CONTRACT)
def test_the_table_gives_each_status_the_values_of_the_contract(status):
    assert set(values_of(status)) == CONTRACT[status]


def test_the_values_of_error_are_the_contracts_closed_list():
    assert set(ERROR_VALUES) == set().union(*CONTRACT.values())


@pytest.mark.parametrize("kind", FROM_SERVICES, ids=lambda kind: kind.error)
def test_a_services_error_becomes_the_common_error_body(client, queries, kind):
    queries.result = kind("What to check.")

    response = client.q()

    assert response.status_code == status_of(kind)
    assert response.json == {
        "code": status_of(kind),
        "status": PHRASES[status_of(kind)],
        "error": kind.error,
        "message": "What to check.",
        "correlation_id": response.headers["X-Correlation-ID"],
    }
    assert response.headers.get("Retry-After") == ("5" if response.status_code == 503 else None)


@pytest.mark.parametrize(
    "said", [{"result": 1, "source": 1, "reason": 7}, {"status": "0xA700"}], ids=["RJ", "status"]
)
def test_what_the_pacs_said_is_told_as_it_said_it(client, queries, said):
    queries.result = errors.DimseFailure("Refused.", dicom=said)

    assert client.q().json["dicom"] == said


def test_a_subclass_nobody_lists_has_its_parents_status(client, queries):
    class OddTimeout(errors.QueryTimeout):
        pass

    queries.result = OddTimeout("Late.")

    assert client.q().status_code == 504


@pytest.mark.parametrize("path", ["/", "/q/", "/qr/", "/Q", "//q", "/q//", "/health/", "/docs/x/y",
                                  "/static/x", "/q%00", "/..%2f", "/docs/assets/../x"])  # fmt: skip
def test_an_unknown_path_is_404_with_the_common_body(client, path):
    for method in ("GET", "POST"):
        response = client.open(path, method=method, json={})

        assert response.status_code == 404
        assert response.json["error"] == "no_such_endpoint"


@pytest.mark.parametrize(
    ("path", "allowed"), [("/q", {"POST", "OPTIONS"}), ("/ready", {"GET", "HEAD", "OPTIONS"}),
                          ("/openapi.json", {"GET", "HEAD", "OPTIONS"})],
)  # fmt: skip
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "FOO"])
def test_a_wrong_method_is_405_and_allow_names_the_right_ones(client, path, allowed, method):
    response = client.open(path, method=method)

    assert response.status_code == 405
    assert response.json["error"] == "method_not_allowed"
    assert set(response.headers["Allow"].split(", ")) == allowed


def test_get_on_a_post_endpoint_is_405(client):
    assert client.get("/q").status_code == 405
    assert client.head("/qr").status_code == 405


def test_options_and_head_are_answered_as_http_says(client):
    options = client.options("/q")
    head = client.head("/health")

    assert (options.status_code, options.data) == (200, b"")
    assert set(options.headers["Allow"].split(", ")) == {"POST", "OPTIONS"}
    assert (head.status_code, head.data) == (200, b"")


@pytest.mark.parametrize(
    "result",
    [RuntimeError("DOE^JOHN 1112223333"), KeyError("DOE^JOHN"), FoundStudies([object()]),
     errors.GatewayError("")],
    ids=["exception", "key error", "answer that is no JSON", "bare gateway error"],
)  # fmt: skip
def test_a_defect_is_500_without_any_detail(client, queries, result):
    queries.result = result

    response = client.q()

    assert response.status_code == 500
    assert response.json["error"] == "internal_error"
    assert set(response.json) == {"code", "status", "error", "message", "correlation_id"}
    for detail in (b"DOE", b"1112223333", b"Traceback", b".py", b"object"):
        assert detail not in response.data


def test_no_memory_left_is_busy_and_no_fault_of_the_request(client, queries, monkeypatch):
    queries.result = MemoryError()

    answer = client.q()

    def no_memory(*_args, **_kwargs):
        raise MemoryError

    monkeypatch.setattr(Request, "get_data", no_memory)
    for response in (answer, client.q()):
        assert (response.status_code, response.json["error"]) == (503, "gateway_busy")


def test_a_defect_is_logged_by_its_places_and_never_by_its_words(client, queries, capsys, caplog):
    try:
        raise ValueError("cause of 1112223333")
    except ValueError as cause:
        queries.result = RuntimeError("DOE^JOHN\nforged line")
        queries.result.__cause__ = cause

    with caplog.at_level(logging.ERROR, "dicom_qr_gateway"):
        client.q()

    [record] = [each for each in caplog.records if each.levelno == logging.ERROR]
    for formatter in (TextFormatter(), JsonFormatter()):
        text = formatter.format(record)
        assert "builtins.RuntimeError" in text
        assert "builtins.ValueError" in text
        assert "in find_studies" in text
        assert "DOE" not in text
        assert "1112223333" not in text
        assert "forged" not in text


def test_a_client_that_left_is_answered_as_ended_early(client, queries):
    queries.result = errors.ClientLeft()

    response = client.q()

    assert response.status_code == 503
    assert response.json["error"] == "shutting_down"
    assert "client" in response.json["message"]


def test_a_defect_of_an_error_handler_is_500_too(app, client):
    @app.before_request
    def fail():
        raise RuntimeError

    assert client.get("/health").status_code == 500
