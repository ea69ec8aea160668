"""The command that starts the misbehaving PACS, and the page that documents it."""

import shlex
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dicom_qr_gateway.cli import main
from dicom_qr_gateway.sandbox.misbehaving import (
    FAULTS,
    PORT_FAULTS,
    MisbehavingPacs,
    as_markdown,
    as_text,
)
from dicom_qr_gateway.sandbox.misbehaving.server import PORT, port_of

PAGE = Path(__file__).parents[2] / "docs/misbehaving.md"


def command(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["sandbox", *arguments])


def test_the_list_has_every_fault_and_its_port() -> None:
    result = command("--misbehave", "--list", "--port", "2000")
    assert result.output == f"{as_text(2000)}\n"
    named = {line.split()[0] for line in result.output.splitlines() if line}
    assert set(FAULTS) <= named
    for fault in PORT_FAULTS:
        assert f"  {fault.name} {port_of(2000, fault.name)} " in result.output


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--list"], "--list goes with --misbehave"),
        (["--pace", "2"], "--pace goes with --misbehave"),
        (["--misbehave", "--folder", "/"], "--folder does not go with --misbehave"),
        (["--misbehave", "--markdown"], "--markdown goes with --list"),
        (["--misbehave", "--port", "65530"], "at most 65525"),
        (["--misbehave", "--pace", "0"], "--pace"),
    ],
)
def test_options_that_do_not_go_together_are_a_usage_error(
    arguments: list[str], complaint: str
) -> None:
    result = command(*arguments)
    assert result.exit_code == 2
    assert complaint in result.stderr


def test_a_port_in_use_is_a_failure_to_start(misbehaving: MisbehavingPacs) -> None:
    result = command("--misbehave", "--port", str(misbehaving.port))
    assert result.exit_code == 1
    assert "Address already in use" in result.stderr


# --- The page ------------------------------------------------------------------------------------


def test_the_page_is_rendered_from_the_registry() -> None:
    assert PAGE.read_text("utf-8") == f"{as_markdown()}\n", (
        "dicom-qr-gateway sandbox --misbehave --list --markdown > docs/misbehaving.md"
    )
    assert command("--misbehave", "--list", "--markdown").output == f"{as_markdown()}\n"


def run_example(name: str, misbehaving: MisbehavingPacs) -> subprocess.CompletedProcess[str]:
    lines = PAGE.read_text("utf-8").splitlines()
    [line] = [each for each in lines if each.startswith(f"findscu -S -aec {name} ")]
    arguments = shlex.split(line)
    assert arguments[-1] == str(PORT)
    return subprocess.run(
        [*arguments[:-1], str(misbehaving.port)], capture_output=True, text=True, check=False
    )


def test_the_example_of_the_page_shows_a_study(misbehaving: MisbehavingPacs) -> None:
    done = run_example("WELL-BEHAVED", misbehaving)
    assert done.returncode == 0
    assert "StudyInstanceUID" in done.stdout + done.stderr


def test_the_example_of_the_page_is_an_error_for_findscu(misbehaving: MisbehavingPacs) -> None:
    done = run_example("RST-AFTER-1", misbehaving)
    assert "StudyInstanceUID" in done.stdout + done.stderr
    assert "E: 0006:0317 Peer aborted Association" in done.stdout + done.stderr
