"""The first command of a new user, on machines that are not ready for it."""

import json
import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path):
    for name in ("Makefile", "setup.cfg", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


@pytest.fixture
def make(checkout):
    def make(*arguments):
        # `make test` runs this test: nothing of the outer make may reach the inner one.
        outside = {name: value for name, value in os.environ.items() if "MAKE" not in name}
        return subprocess.run(
            ["make", *arguments], cwd=checkout, env=outside, capture_output=True, text=True
        )

    return make


def a_python(folder, script):
    """Write a program that answers as some Python would."""
    program = folder / "python"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


def complaint(result):
    """Return the line that is not make's own."""
    assert result.returncode != 0
    (line,) = [each for each in result.stderr.splitlines() if not each.startswith("make")]
    return line


def test_make_help_names_every_target(make):
    listed = [line.split()[1] for line in make("help").stdout.splitlines()]
    expected = (
        "help run dev test cov lint format openapi config-docs reliability soak bench build clean"
    )
    assert listed == expected.split()


def test_a_machine_without_python_is_told_so(make):
    result = make("run", "PYTHON=no-such-python")
    assert complaint(result) == (
        "Python 3.11 or newer is needed, and no-such-python is not installed."
    )


def test_an_old_python_is_named(make, tmp_path):
    old = a_python(tmp_path, '[ "$1" = --version ] && echo Python 3.9.2; [ "$1" = --version ]')
    assert complaint(make("run", f"PYTHON={old}")) == (
        "Python 3.11 or newer is needed, this is Python 3.9.2; "
        "name another one: make PYTHON=python3.12"
    )


def test_a_python_without_venv_names_the_package_to_install(make, tmp_path):
    bare = a_python(tmp_path, 'case "$2" in *ensurepip*) exit 1;; esac')
    assert complaint(make("run", f"PYTHON={bare}")).endswith(
        "cannot make virtual environments: apt-get install python3-venv"
    )


def test_make_run_hands_on_options(make, checkout):
    (checkout / ".venv").mkdir()
    (checkout / ".venv" / "installed").touch()
    dry = make("run", "--dry-run", "ARGS=--sandbox-port 21112")
    assert dry.stdout == ".venv/bin/dicom-qr-gateway run --sandbox --sandbox-port 21112\n"


def test_the_second_call_installs_nothing(make, checkout):
    (checkout / ".venv").mkdir()
    (checkout / ".venv" / "installed").touch()
    (checkout / ".venv" / "installed-dev").touch()
    result = make("dev", "PYTHON=no-such-python")
    assert result.returncode == 0


def test_javascript_clients_are_installed_once_per_checkout(make, checkout):
    folder = checkout / "tests" / "peers" / "javascript"
    installed = folder / "node_modules" / "installed"
    installed.parent.mkdir(parents=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ROOT / "tests" / "peers" / "javascript" / name, folder)
    target = str(installed.relative_to(checkout))
    assert "npm ci" in make(target, "--dry-run").stdout
    installed.touch()
    assert "npm" not in make(target, "--dry-run").stdout


def test_javascript_clients_come_in_one_version_from_no_host_that_is_named():
    folder = ROOT / "tests" / "peers" / "javascript"
    asked = json.loads((folder / "package.json").read_text())["dependencies"]
    locked = json.loads((folder / "package-lock.json").read_text())["packages"]
    assert {name: locked[f"node_modules/{name}"]["version"] for name in asked} == asked
    assert all(
        "integrity" in each and "resolved" not in each for name, each in locked.items() if name
    )


def test_an_npm_that_did_not_come_from_debian_is_good_enough(tmp_path):
    a_python(tmp_path, "exit 1").rename(tmp_path / "npm")
    result = subprocess.run(
        ["/bin/sh", ROOT / ".ci" / "test-tools", "npm"], env={"PATH": str(tmp_path)}
    )
    assert result.returncode == 0


def test_missing_test_tools_are_named_where_they_cannot_be_installed(tmp_path):
    a_python(tmp_path, "echo 1000").rename(tmp_path / "id")
    result = subprocess.run(
        ["/bin/sh", ROOT / ".ci" / "test-tools", "first-tool", "second-tool"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert complaint(result) == (
        "The tests need these Debian packages; as root: apt-get install first-tool second-tool"
    )
