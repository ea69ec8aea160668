"""One id a request, on every response."""

import re

import pytest

from dicom_qr_gateway import correlation


@pytest.mark.parametrize("offered", ["a", "A.b_c-9", "x" * 64])
def test_the_callers_id_is_taken_where_it_is_acceptable(client, offered):
    response = client.get("/health", headers={"X-Correlation-ID": offered})

    assert response.headers["X-Correlation-ID"] == offered


@pytest.mark.parametrize("offered", ["", " ", "x" * 65, "a b", "a,b", "é", "a\x1b[31m", "<script>"])
def test_another_id_is_replaced_by_a_new_one(client, offered):
    response = client.get("/health", headers={"X-Correlation-ID": offered})

    assert re.fullmatch("[0-9a-f]{32}", response.headers["X-Correlation-ID"])


def test_two_ids_are_none(client):
    response = client.get("/health", headers=[("X-Correlation-ID", "a"), ("X-Correlation-ID", "b")])

    assert response.headers.getlist("X-Correlation-ID") not in (["a"], ["b"], ["a", "b"])
    assert len(response.headers.getlist("X-Correlation-ID")) == 1


@pytest.mark.parametrize(
    "path", ["/nope", "/q", "/docs", "/redoc", "/openapi.json", "/docs/assets/favicon.png"]
)
def test_every_response_has_the_header(client, path):
    response = client.get(path, headers={"X-Correlation-ID": "mine"})

    assert response.headers["X-Correlation-ID"] == "mine"


def test_each_request_gets_an_id_of_its_own(client):
    ids = {client.get("/health").headers["X-Correlation-ID"] for _ in range(3)}

    assert len(ids) == 3


def test_no_id_remains_after_the_request(client):
    client.get("/health", headers={"X-Correlation-ID": "mine"})

    assert correlation.current() == "-"
