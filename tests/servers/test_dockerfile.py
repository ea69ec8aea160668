"""The Dockerfile, step by step, where there is no Docker."""

import json
import subprocess

import pytest

from dicom_qr_gateway.config import OPTIONS


@pytest.fixture
def container(installed_gateway, start, free_port, tmp_path):
    """The gateway as the image's CMD starts it, its working directory empty."""
    port = free_port()
    program = installed_gateway.program("gunicorn")
    command = json.loads(installed_gateway.last("CMD"))
    assert command[0] == "gunicorn"
    environment = {"BIND": f"127.0.0.1:{port}", "WEB_CONCURRENCY": "1", "PYTHONSAFEPATH": "1"}
    return start([program, *command[1:]], port, cwd=tmp_path, **environment).serving()


def run_health_check(installed_gateway, port):
    _, _, check = installed_gateway.last("HEALTHCHECK").partition("CMD ")
    command = json.loads(check)
    assert command[0] == "python"
    return subprocess.run(
        [installed_gateway.program("python"), *command[1:]],
        env={"BIND": f"0.0.0.0:{port}", "http_proxy": "http://127.0.0.1:1"},
        capture_output=True,
    ).returncode


def test_the_image_serves_the_gateway(container, assert_serves):
    assert_serves(container.client)


def test_the_health_check_tells_a_gateway_that_answers_from_none(
    installed_gateway, container, free_port
):
    assert run_health_check(installed_gateway, container.client.port) == 0
    assert run_health_check(installed_gateway, free_port()) != 0


def test_the_image_runs_without_rights_and_without_a_shell(installed_gateway):
    user = installed_gateway.last("USER")
    assert user.partition(":")[0].isdigit()
    assert user.partition(":")[0] != "0"
    assert isinstance(json.loads(installed_gateway.last("CMD")), list)


def test_the_image_is_stopped_by_the_signal_that_gunicorn_answers_gracefully(installed_gateway):
    assert installed_gateway.last("STOPSIGNAL") == "SIGTERM"


def test_the_image_sets_only_options_that_exist(installed_gateway):
    names = {word.partition("=")[0] for word in installed_gateway.last("ENV").split()}
    known = {option.name for option in OPTIONS}
    assert names - known == {"PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}


def test_the_image_installs_nothing_that_only_developers_need(installed_gateway):
    installed = {path.name for path in installed_gateway.packages.iterdir()}
    assert "dicom_qr_gateway" in installed
    assert not installed & {"pytest", "mypy", "hypothesis", "coverage"}
