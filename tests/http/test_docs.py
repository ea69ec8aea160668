"""The documents: true, committed, and readable without any network and under any prefix."""

import json
import re
from pathlib import Path

import pytest
from openapi_schema_validator import OAS30Validator
from openapi_spec_validator import validate

from dicom_qr_gateway.app import create_app
from dicom_qr_gateway.blueprints.docs import ASSETS
from dicom_qr_gateway.config import Settings

COMMITTED = Path(__file__).parents[2] / "docs" / "openapi.json"
PROXIED = {"X-Forwarded-Prefix": "/pacs/api", "X-Forwarded-Host": "hospital.example"}


@pytest.fixture
def document(client):
    return client.get("/openapi.json").json


def test_the_document_is_valid_openapi(document):
    validate(document)


def test_the_committed_document_is_what_the_gateway_serves(document):
    """Write it anew with: flask --app wsgi openapi write docs/openapi.json"""
    assert json.loads(COMMITTED.read_text()) == document
    assert list(json.loads(COMMITTED.read_text())["paths"]) == list(document["paths"])


def test_every_operation_is_described_and_names_all_its_statuses(document):
    statuses = {
        path: set(operation["responses"])
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method != "parameters" and operation["summary"] and operation["operationId"]
    }

    failures = {"400", "403", "405", "413", "415", "500", "502", "503", "504"}
    searches = [path for path in document["paths"] if path.startswith("/dicom-web/")]
    assert len(searches) == 7
    assert statuses == {
        "/q": {"200", "404"} | failures,
        "/qr": {"200", "207", "404"} | failures,
        "/pacs": {"200", "405", "500"},
        "/echo": {"200"} | failures,
        **dict.fromkeys(searches, {"200", "404", "406"} | failures - {"413", "415"}),
        "/health": {"200", "405", "500"},
        "/version": {"200", "405", "500"},
        "/ready": {"200", "405", "500", "503"},
    }


def test_every_field_has_a_description_and_an_example(document):
    for name, schema in document["components"]["schemas"].items():
        assert schema["additionalProperties"] is False, name
        for field, described in schema["properties"].items():
            assert described["description"], (name, field)
            nested = described.get("items", {}).get("$ref") or described.get("allOf")
            assert "example" in described or nested, (name, field)


def test_examples_hold_to_their_schemas(document):
    components = document["components"]
    bodies = [
        item["post"]["requestBody"]["content"]["application/json"]
        for item in document["paths"].values()
        if "post" in item
    ] + [response["content"]["application/json"] for response in components["responses"].values()]
    for body in bodies:
        OAS30Validator({**body["schema"], "components": components}).validate(body["example"])


def test_the_examples_are_accepted_as_they_stand(client, document, queries, retrieves):
    for path in ("/q", "/qr"):
        content = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        assert client.post(path, json=content["example"]).status_code == 200

    [query] = queries.asked
    assert (query.pacs.host, query.pacs.port, query.pacs.ae_title) == (
        "127.0.0.1", 11112, "SANDBOX",
    )  # fmt: skip
    assert retrieves.asked[0].move_destination == "WORKSTATION"


def test_the_server_is_the_root_without_a_prefix(document):
    assert document["servers"] == [{"url": "/"}]


def test_the_server_is_the_path_prefix_under_script_name(client):
    response = client.get("/openapi.json", environ_overrides={"SCRIPT_NAME": "/gw"})

    assert response.json["servers"] == [{"url": "/gw"}]


def test_a_trusted_proxy_sets_the_prefix():
    app = create_app(Settings.from_environ({"LOG_TO_CONSOLE": "false", "TRUSTED_PROXIES": "1"}))

    document = app.test_client().get("/openapi.json", headers=PROXIED)
    page = app.test_client().get("/docs", headers=PROXIED)

    assert document.json["servers"] == [{"url": "/pacs/api"}]
    assert 'data-document="/pacs/api/openapi.json"' in page.text


def test_a_proxy_nobody_trusts_sets_nothing(client):
    assert client.get("/openapi.json", headers=PROXIED).json["servers"] == [{"url": "/"}]
    assert "/pacs/api" not in client.get("/docs", headers=PROXIED).text


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
@pytest.mark.parametrize("prefix", ["", "/gw"])
def test_a_page_loads_only_what_the_gateway_serves(client, page, prefix):
    text = client.get(page, environ_overrides={"SCRIPT_NAME": prefix}).text

    urls = re.findall(r'(?:src|href|data-document)="([^"]+)"', text)
    assert len(urls) >= 4
    for url in urls:
        assert url.startswith(f"{prefix}/")
        response = client.get(url.removeprefix(prefix))
        assert response.status_code == 200
        assert response.data


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
def test_a_page_has_no_inline_script_and_a_policy_that_allows_none(client, page):
    response = client.get(page)

    assert re.findall(r"<script(?! src=)", response.text) == []
    assert re.findall(r" on\w+=", response.text) == []
    policy = dict(
        directive.strip().split(" ", 1)
        for directive in response.headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["connect-src"] == "'self'"
    assert ("'unsafe-inline'" in policy["style-src"]) == (page == "/redoc")


@pytest.mark.parametrize("name", ASSETS)
def test_an_asset_comes_with_its_media_type_and_is_revalidated(client, name):
    first = client.get(f"/docs/assets/{name}")
    again = client.get(f"/docs/assets/{name}", headers={"If-None-Match": first.headers["ETag"]})

    assert first.mimetype == ASSETS[name][2]
    assert first.headers["Cache-Control"] == "no-cache"
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("wanted", ["bytes=0-3", "bytes=99999999-", "x"])
def test_an_asset_comes_whole_whatever_range_is_asked_for(client, wanted):
    response = client.get("/docs/assets/favicon.png", headers={"Range": wanted})

    assert response.status_code == 200
    assert response.data.startswith(b"\x89PNG")


def test_an_unknown_asset_is_404(client):
    assert client.get("/docs/assets/index.html").json["error"] == "no_such_endpoint"


@pytest.mark.parametrize("path", ["/health", "/docs", "/nope", "/docs/assets/favicon.png"])
def test_every_response_is_hardened(client, path):
    headers = client.get(path).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


def test_answers_with_patient_data_are_not_kept_by_caches(client):
    assert client.q().headers["Cache-Control"] == "no-store"
