"""Other people's DICOMweb clients in JavaScript, run by Node.js as they come from npm."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from .archives import program
from .processes import PATIENCE

FOLDER = Path(__file__).parent / "javascript"

Call = tuple[str, dict[str, Any]]  # a method of the client and its options


def dicomweb_client(url: str, *calls: Call) -> list[dict[str, Any]]:
    """Return what each call of the JavaScript dicomweb-client came to.

    Args:
        url: of one PACS, below ``/dicom-web``.
        calls: made one after the other.

    Returns:
        Either ``rows``, or the HTTP ``status`` of its error and the ``body`` that came with it.
    """
    outcomes: list[dict[str, Any]] = run("search.js", {"url": url, "calls": calls})
    return outcomes


def ohif(url: str, *searches: tuple[str, Any]) -> list[dict[str, Any]]:
    """Return what each search by OHIF's data source came to.

    Args:
        url: of one PACS, below ``/dicom-web``.
        searches: ``studies`` and the fields of the study list, ``series`` and a Study Instance UID.

    Returns:
        Either ``rows`` as OHIF shows them, or the HTTP ``status`` of its error.
    """
    outcomes: list[dict[str, Any]] = run("ohif.js", {"url": url, "searches": searches})
    return outcomes


def run(script: str, given: dict[str, Any]) -> Any:
    """Run a script of ``javascript/`` to its end and return what it wrote."""
    if not (FOLDER / "node_modules" / "installed").exists():
        pytest.fail("the JavaScript clients are not installed: `make test` does that")
    ended = subprocess.run(
        [program("node"), str(FOLDER / script)],
        input=json.dumps(given),
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)
