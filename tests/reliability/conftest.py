"""Short versions of ``make reliability``, by the same code: outcomes and what is left behind.

Rule: no time is judged here; a test that hangs is ended by the bench's own patience.
"""

from collections.abc import Iterator

import pytest

from benchmarks.reliability.bench import Bench


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    """Return what starts gateways, with a PACS of canned bytes; all of it ends with the module."""
    with Bench() as bench:
        yield bench
