"""Bodies of every kind at the endpoints that read one."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.provisional import domains

from dicom_qr_gateway.sandbox.server import Sandbox
from tests.http.conftest import ContractClient

from .checking import REFUSED_AS_INPUT, check, check_accepted
from .conftest import share
from .hostile import HOSTS, VALUES, bodies

CONTENT_TYPES = st.sampled_from(
    ["application/json"] * 40
    + ["Application/JSON; charset=utf-8", "application/json; charset=utf-16", "application/json;",
       "application/json, text/plain", "text/plain", "application/x-www-form-urlencoded", "",
       "multipart/form-data; boundary=x", "application/json\x00", "a/b; c=\"", "\xff"]
)  # fmt: skip


@pytest.fixture(scope="module")
def valid(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    """Path -> a body that succeeds."""
    query = {
        "pacs_ip": "127.0.0.1",
        "pacs_port": sandbox.port,
        "pacs_ae_title": sandbox.ae_title,
        "c_find_ae_title": "GATEWAY",
        "patient_id": "1112223333",
        "max_results": 1,
    }
    return {"/q": query, "/qr": {**query, "c_move_ae_title": "WORKSTATION"}}


@pytest.mark.parametrize("path", ["/q", "/qr"])
@given(data=st.data())
@share(20)
def test_whatever_the_body_is_the_answer_is_one_of_the_contract(
    gateway: ContractClient, valid: dict[str, dict[str, Any]], path: str, data: st.DataObject
) -> None:
    body = data.draw(bodies(valid[path]))
    content_type = data.draw(CONTENT_TYPES)

    response = gateway.raw(body, content_type, path)

    check(response)
    if response.status_code not in REFUSED_AS_INPUT:
        check_accepted(path, body)


@pytest.mark.parametrize("path", ["/q", "/qr"])
@given(data=st.data())
@share(10)
def test_whatever_the_fields_are_the_answer_is_one_of_the_contract(
    gateway: ContractClient,
    valid: dict[str, dict[str, Any]],
    closed_port: int,
    path: str,
    data: st.DataObject,
) -> None:
    fields: dict[str, st.SearchStrategy[Any]] = {
        "pacs_ip": HOSTS | domains() | st.ip_addresses().map(str),
        "pacs_port": st.just(closed_port) | st.integers(-1, 65536),
        "pacs_ae_title": st.text(st.characters(max_codepoint=0x7E), max_size=17),
        "patient_id": st.sampled_from(["1112223333", "nobody", " 1112223333 "]) | st.text(),
        "modalities": st.lists(st.sampled_from(["CT", "MR", "ct", "XX"]) | st.text(max_size=3)),
        "max_years_old": st.none() | st.integers(0, 201),
        "max_results": st.none() | st.integers(0, 1001),
        "c_move_ae_title": st.sampled_from(["WORKSTATION", "NOWHERE"]) | st.text(max_size=17),
    }
    changed = data.draw(st.sets(st.sampled_from(list(fields)), max_size=3))
    body = valid[path] | {name: data.draw(fields[name] | VALUES) for name in sorted(changed)}
    text = json.dumps(body)

    response = gateway.raw(text, path=path)

    check(response)
    if response.status_code not in REFUSED_AS_INPUT:
        check_accepted(path, text.encode())
