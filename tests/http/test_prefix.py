"""The gateway under SCRIPT_NAME, and paths that look like its own."""

import pytest

from dicom_qr_gateway.app import create_app
from dicom_qr_gateway.config import ConfigurationError, Settings


@pytest.fixture
def client():
    return create_app(Settings.from_environ({"SCRIPT_NAME": "/pacs-gateway"})).test_client()


def test_below_the_prefix_everything_is_served_and_says_so(client):
    assert client.get("/pacs-gateway/health").json == {"status": "ok"}
    document = client.get("/pacs-gateway/openapi.json").json
    assert [server["url"] for server in document["servers"]] == ["/pacs-gateway"]
    assert b"/pacs-gateway/docs/assets/" in client.get("/pacs-gateway/docs").data


@pytest.mark.parametrize("path", ["/health", "/", "/pacs-gatewayhealth", "/pacs-gateway", "/q"])
def test_outside_of_the_prefix_every_path_is_unknown(client, path):
    answer = client.get(path)
    assert (answer.status_code, answer.json["error"]) == (404, "no_such_endpoint")
    assert answer.headers["X-Correlation-ID"]


@pytest.mark.parametrize("prefix", ["gw", "/gw/", "/a b", "//gw", "/../gw", "/"])
def test_a_prefix_that_is_none_stops_the_start(prefix):
    with pytest.raises(ConfigurationError, match="SCRIPT_NAME"):
        Settings.from_environ({"SCRIPT_NAME": prefix})


@pytest.mark.parametrize("path", ["//health", "///health", "/%2fhealth"])
def test_a_doubled_slash_is_another_path(path):
    client = create_app(Settings.from_environ({})).test_client()
    answer = client.get("/", environ_overrides={"PATH_INFO": path.replace("%2f", "/")})
    assert (answer.status_code, answer.json["error"]) == (404, "no_such_endpoint")
