"""The documentation pages as a person sees them, with the network cut off."""

import json

import pytest


def execute(page, path: str) -> None:
    """Open an operation, press "Try it out", then "Execute"."""
    operation = page.locator(".opblock", has=page.locator(f'[data-path="{path}"]'))
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()


def answer(page) -> tuple[str, dict]:
    """Return status and body that Swagger UI shows."""
    live = page.locator(".live-responses-table .response")
    live.locator(".response-col_status").wait_for()
    status = live.locator(".response-col_status").inner_text().split()[0]
    body = live.locator(".highlight-code code, .highlight-code pre").first.inner_text()
    return status, json.loads(body)


def test_a_query_is_executed_by_clicking(visit, sandbox):
    visit.page.goto(f"{visit.root}/docs")
    execute(visit.page, "/q")
    status, body = answer(visit.page)
    assert status == "200"
    assert body["study_details"][0]["PatientName"] == "DOE^JOHN"
    posted = [request.url for request in visit.requests if request.method == "POST"]
    assert posted == [f"{visit.root}/q"]
    assert visit.strangers() == []
    assert visit.complaints == []


def test_a_retrieve_is_executed_by_clicking(visit, sandbox):
    visit.page.goto(f"{visit.root}/docs")
    execute(visit.page, "/qr")
    status, body = answer(visit.page)
    assert status == "200"
    assert body["success_count"] == body["total_count"] == 3
    assert sandbox.destination.received
    assert visit.complaints == []


def test_an_echo_is_executed_by_clicking(visit):
    visit.page.goto(f"{visit.root}/docs")
    execute(visit.page, "/echo")
    status, body = answer(visit.page)
    assert status == "200"
    assert body["services"]["C-FIND"] is True
    assert visit.complaints == []


@pytest.mark.parametrize(
    ("resource", "attribute"),
    [("studies", "0020000D"), ("modality-scheduled-procedure-steps", "00400100")],
)
def test_a_search_is_executed_by_clicking(visit, resource, attribute):
    visit.page.goto(f"{visit.root}/docs")
    execute(visit.page, f"/dicom-web/{{pacs}}/{resource}")
    status, body = answer(visit.page)
    assert status == "200"
    assert body[0][attribute]
    assert visit.complaints == []


def test_swagger_ui_lists_every_endpoint(visit):
    visit.page.goto(f"{visit.root}/docs")
    visit.page.locator(".opblock").first.wait_for()
    shown = visit.page.locator(".opblock-summary-path").all_inner_texts()
    documented = visit.page.request.get(f"{visit.root}/openapi.json").json()["paths"]
    assert [path.replace("\u200b", "") for path in shown] == list(documented)
    assert {"/q", "/dicom-web/{pacs}/studies", "/health"} <= set(documented)


def test_redoc_renders_and_nothing_is_missing(visit):
    visit.page.goto(f"{visit.root}/redoc")
    visit.page.get_by_role("heading", name="DICOM QR Gateway").first.wait_for()
    assert "study_details" in visit.page.content()
    broken = visit.page.evaluate(
        "[...document.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src)"
    )
    assert broken == []
    assert visit.strangers() == []
    assert visit.complaints == []


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_a_page_allows_no_script_but_the_gateways_files(visit, path):
    response = visit.page.goto(visit.root + path)
    policy = response.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe-eval" not in policy
    assert visit.page.locator("script:not([src])").count() == 0
