"""The command with names of PACS instead of their addresses."""

import json
import socket
from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result

from dicom_qr_gateway.cli import main
from dicom_qr_gateway.sandbox import Sandbox

PATIENT = "1112223333"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(port=0, destination_port=0) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def configure(tmp_path, monkeypatch, sandbox, closed_port):
    """Write PACS_CONFIG with these PACS: name -> whether it is there."""

    def configure(**there: bool) -> None:
        path = tmp_path / "pacs.toml"
        path.write_text(
            "".join(
                f'[pacs.{name}]\nhost = "127.0.0.1"\n'
                f"port = {sandbox.port if is_there else closed_port}\n"
                f'ae_title = "{sandbox.ae_title}"\ncalling_ae_title = "{name.upper()}"\n'
                for name, is_there in there.items()
            )
        )
        monkeypatch.setenv("PACS_CONFIG", str(path))

    return configure


def command(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def test_echo_takes_a_name(configure):
    configure(main=True)
    result = command("echo", "main")
    assert result.exit_code == 0
    assert result.output.startswith("SANDBOX answered the C-ECHO")


def test_find_takes_a_name(configure):
    configure(main=True)
    result = command("find", "main", PATIENT, "--modality", "CT", "--json")
    assert result.exit_code == 0
    assert [each["ModalitiesInStudy"] for each in json.loads(result.output)["study_details"]] == [
        ["CT"]
    ]


def test_move_takes_a_name(configure):
    configure(main=True)
    result = command("move", "main", PATIENT, "WORKSTATION", "--max-results", "1")
    assert (result.exit_code, result.output.splitlines()[-1]) == (0, "1 of 1 studies were moved.")


@pytest.mark.parametrize(
    ("arguments", "form"),
    [
        (["echo"], "NAME or HOST PORT AE_TITLE."),
        (["echo", "10.1.2.3", "104"], "NAME or HOST PORT AE_TITLE."),
        (["echo", "10.1.2.3", "104", "PACS", "more"], "NAME or HOST PORT AE_TITLE."),
        (["find", "main"], "NAME PATIENT_ID or HOST PORT AE_TITLE PATIENT_ID."),
        (["find", "a", "b", "c"], "NAME PATIENT_ID or HOST PORT AE_TITLE PATIENT_ID."),
        (["move", "a", "b", "c", "d"], "NAME PATIENT_ID DESTINATION or HOST PORT AE_TITLE"),
    ],
)
def test_too_few_or_too_many_arguments_are_told_both_forms(arguments, form):
    result = command(*arguments)
    assert result.exit_code == 2
    assert f"Give {form}" in result.stderr


@pytest.mark.parametrize("port", ["x", "1.5", "9" * 30, "²"])
def test_a_port_that_is_no_number_is_told_as_such(port):
    result = command("echo", "127.0.0.1", port, "PACS")
    assert result.exit_code == 2
    assert "PORT: Give an integer from 1 to 65535." in result.stderr


def test_an_unknown_name_is_a_usage_error(configure):
    configure(main=True)
    result = command("echo", "other")
    assert result.exit_code == 2
    assert "PACS: This gateway knows no PACS of that name" in result.stderr


def test_a_named_pacs_has_its_own_calling_ae_title(configure):
    configure(main=True)
    result = command("echo", "main", "--calling", "OTHER")
    assert result.exit_code == 2
    assert "PACS: Give either pacs or all of " in result.stderr


def test_an_address_is_refused_where_only_names_are_allowed(configure, monkeypatch):
    configure(main=True)
    monkeypatch.setenv("NAMED_PACS_ONLY", "true")
    result = command("echo", "127.0.0.1", "104", "PACS")
    assert result.exit_code == 2
    assert result.stderr.startswith("target_not_allowed: ")
    assert command("echo", "main").exit_code == 0


@pytest.mark.parametrize("arguments", [["echo", "main"], ["pacs", "check"], ["run"]])
def test_a_fault_of_the_file_is_told_by_every_command(tmp_path, monkeypatch, arguments):
    path = tmp_path / "pacs.toml"
    path.write_text("[pacs.main]\nport = 1\n")
    monkeypatch.setenv("PACS_CONFIG", str(path))
    result = command(*arguments)
    assert result.exit_code == (1 if arguments == ["run"] else 2)
    assert f"{path}: pacs.main.host is missing: give an IP address" in result.stderr
    assert f"{path}: pacs.main.ae_title is missing: give an AE title" in result.stderr


def test_check_asks_every_pacs(configure):
    configure(main=True, second=True)
    result = command("pacs", "check")
    assert result.exit_code == 0
    heading, *lines = result.output.splitlines()
    assert heading.split() == ["Name", "AE", "title", "Result", "ms", "Accepts", "Message"]
    assert [line.split()[:3] for line in lines] == [
        ["main", "SANDBOX", "ok"], ["second", "SANDBOX", "ok"],
    ]  # fmt: skip


def test_check_tells_what_is_wrong_with_one_and_asks_the_others(configure):
    configure(dead=False, main=True)
    result = command("pacs", "check")
    assert result.exit_code == 3
    _, dead, main = result.output.splitlines()
    assert dead.split()[:3] == ["dead", "SANDBOX", "connection_refused"]
    assert "Nothing listens on the PACS' port" in dead
    assert main.split()[2] == "ok"


@pytest.mark.parametrize("is_set", [True, False])
def test_check_without_a_named_pacs_is_a_usage_error(configure, is_set):
    if is_set:
        configure()
    result = command("pacs", "check")
    assert result.exit_code == 2
    assert "No PACS has a name: set PACS_CONFIG." in result.stderr
