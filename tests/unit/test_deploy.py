"""The files in deploy/: they agree with each other and with the gateway's own limits."""

import configparser
import json
import re
from pathlib import Path

import pytest

from dicom_qr_gateway.config import Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
DEFAULTS = Settings.from_environ({})
LONGEST_STOP = DEFAULTS.graceful_timeout + 2


def number_after(text: str, name: str) -> int:
    """Return the first number that follows a name."""
    found = re.search(rf"{name}\D*(\d+)", text)
    assert found, f"there is no {name}"
    return int(found[1])


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("docker-compose.yml", "stop_grace_period:"),
        ("dicom-qr-gateway.service", "TimeoutStopSec="),
        ("../Dockerfile", "docker stop --time"),
    ],
)
def test_whoever_stops_the_gateway_waits_longer_than_its_graceful_timeout(name, setting):
    assert number_after((DEPLOY / name).read_text(), setting) > LONGEST_STOP


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("nginx.conf", "location = /qr {\n *proxy_pass http://gateway;\n *proxy_read_timeout"),
        ("traefik.yml", "responseHeaderTimeout:"),
        ("traefik.yml", "writeTimeout:"),
        ("apache.conf", "socket-timeout="),
        ("uwsgi.ini", "harakiri ="),
    ],
)
def test_whoever_stands_in_front_waits_longer_than_a_retrieve(name, setting):
    assert number_after((DEPLOY / name).read_text(), setting) > DEFAULTS.retrieve_timeout


def test_nginx_waits_longer_than_a_query():
    text = (DEPLOY / "nginx.conf").read_text()
    assert number_after(text, "proxy_read_timeout") > DEFAULTS.query_timeout


def orthanc(letter):
    return json.loads((DEPLOY / f"orthanc-{letter}.json").read_text())


@pytest.mark.parametrize(("own", "other"), [("a", "b"), ("b", "a")])
def test_the_two_orthancs_know_each_other_and_the_gateway(own, other):
    nodes = orthanc(own)["DicomModalities"]
    peer = orthanc(other)
    assert nodes[f"orthanc-{other}"] == [peer["DicomAet"], f"orthanc-{other}", peer["DicomPort"]]
    assert nodes["gateway"][0] == "QRGATEWAY"


def test_the_compose_file_mounts_the_configurations_that_exist():
    text = (DEPLOY / "docker-compose.yml").read_text()
    mounted = re.findall(r"- \./([\w-]+\.json):", text)
    assert mounted == ["orthanc-a.json", "orthanc-b.json"]
    assert all((DEPLOY / name).is_file() for name in mounted)


def test_the_compose_file_opens_no_port_to_the_network():
    ports = re.findall(r'ports: \["(.*)"\]', (DEPLOY / "docker-compose.yml").read_text())
    assert len(ports) == 3
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_systemd_unit_sends_sigterm_to_the_master_alone():
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read(DEPLOY / "dicom-qr-gateway.service")
    assert unit["Service"]["KillMode"] == "mixed"
    assert unit["Service"]["Type"] == "notify"
    assert unit["Service"]["NoNewPrivileges"] == "yes"
    assert "gunicorn_config" in unit["Service"]["ExecStart"]
