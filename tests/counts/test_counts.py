"""What one ``/q`` may cost: counts, which are the same on every machine, never times.

A change that breaks a limit has made the gateway slower; one that goes far below it lowers it.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
# Measured with Python 3.11, and a tenth more.
MOST = {
    "calls": 1680,  # of functions, Python's and C's, by a request with one match
    "calls_a_match": 117,
    "instructions": 20_270,  # of Python's bytecode, by a request with one match
    "instructions_a_match": 1_580,
    "peak_of_answer": 3.15,  # bytes allocated at a time, for each byte of an answer of 3,000 rows
    "threads": 0,  # that a request leaves behind
}


@pytest.fixture(scope="module")
def counts() -> Any:
    command = [sys.executable, "-m", "tests.counts.counting"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=300)
    return json.loads(answer.stdout)


@pytest.mark.parametrize("what", MOST)
def test_a_query_costs_no_more_than_it_did(counts: Any, what: str) -> None:
    assert MOST[what] / 2 <= counts[what] <= MOST[what]
