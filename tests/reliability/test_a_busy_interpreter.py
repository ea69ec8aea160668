"""Row 10: finds while other threads of the process hold the interpreter's lock."""

import pytest

from benchmarks.common import wire
from benchmarks.reliability.bench import Bench
from benchmarks.reliability.rows.burning import finds_while_burning

FINDS = 152


@pytest.mark.parametrize("kept", [False, True], ids=["an association each", "kept associations"])
def test_no_response_is_lost_while_four_threads_compute(bench: Bench, kept: bool) -> None:
    found = finds_while_burning(bench.target(), FINDS, kept=kept)
    assert found == [wire.MATCHES] * FINDS
