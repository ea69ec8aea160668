"""The versions of everybody who takes part."""

import os
import re
import subprocess
from importlib.metadata import PackageNotFoundError, version

from benchmarks.common.programs import WITHOUT_PYNETDICOMS

_PACKAGES = (
    *("gunicorn", "flask", "flask-smorest", "pynetdicom", "pydicom"),
    *("fastapi", "uvicorn", "uvloop", "httptools"),
)
_PROGRAMS = ("Orthanc", "findscu", "gcc")


def versions() -> str:
    """Return a line with the versions; what is not installed here is left out."""
    told = [*map(_of_a_program, _PROGRAMS), *map(_of_a_package, _PACKAGES)]
    return "Versions: " + ", ".join(filter(None, told))


def _of_a_package(name: str) -> str:
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return ""


def _of_a_program(name: str) -> str:
    """Return the first number with a dot that the program says of itself."""
    try:
        said = subprocess.run(
            [name, "--version"],
            env={**os.environ, **WITHOUT_PYNETDICOMS},
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return ""
    number = re.search(r"\d+\.[\w.]+", said.stdout)
    return f"{name} {number[0]}" if number else ""
