"""Row 14: the system clock jumps by a day, again and again, and no deadline notices."""

import ast
from collections.abc import Iterator
from pathlib import Path

from benchmarks.common.figures import Figure, Row, all_of
from benchmarks.common.programs import ROOT
from benchmarks.reliability.bench import Bench
from benchmarks.reliability.client import Client, Outcome

TIMEOUT = 1.0  # seconds
TOLERANCE = 1.0  # seconds beyond it
REQUESTS = 40
FOLDERS = ("dicom", "services")
WALL_CLOCKS = ("time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "datetime.today")
CONFIGURATION = Path(__file__).parents[1] / "jumping_clock.py"


def run(bench: Bench) -> Iterator[Figure]:
    readers = list(wall_clock_readers())
    yield Figure(
        "places in `dicom/` and `services/` that read the system clock for a deadline",
        "none",
        ", ".join(readers) or "none",
        passed=not readers,
    )
    gateway = bench.gateway(arguments=("-c", str(CONFIGURATION)), ACSE_TIMEOUT=TIMEOUT)
    worker = gateway.worker
    answered, silent = bench.target(), bench.target("SILENT", pacs=1)

    def wait(client: Client, _number: int) -> Outcome:
        return client.find(silent)

    held = gateway.ask_all(wait, REQUESTS)
    yield all_of(
        f"a clock that jumps by a day four times a second, {REQUESTS} requests to a silent PACS: "
        f"504 after {TIMEOUT:.0f} s, {TOLERANCE:.0f} s later at most",
        held,
        lambda each: silent.is_answered_by(each) and 0 <= each.seconds - TIMEOUT < TOLERANCE,
    )
    found = gateway.ask_all(lambda client, _: client.find(answered), 10 * REQUESTS)
    yield all_of(
        f"a clock that jumps: {10 * REQUESTS} requests meanwhile", found, answered.is_answered_by
    )
    yield all_of(
        "a clock that jumps: the worker is still the same", [gateway.workers], [worker].__eq__
    )


def wall_clock_readers() -> Iterator[str]:
    """Yield where the DICOM adapter and the services read the system clock: file and line.

    ``date.today`` is no clock of a deadline: ``max_years_old`` counts by the local date.
    """
    for folder in FOLDERS:
        for path in sorted((ROOT / "dicom_qr_gateway" / folder).glob("**/*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Attribute) and ast.unparse(node).endswith(WALL_CLOCKS):
                    yield f"{path.relative_to(ROOT)}:{node.lineno}"
                if isinstance(node, ast.ImportFrom) and node.module == "time":
                    yield f"{path.relative_to(ROOT)}:{node.lineno}"


ROW = Row(
    "14",
    "the clock",
    "The clock is falsified within the gateway's processes (`benchmarks/reliability/"
    "jumping_clock.py`), since other programs on the machine need theirs.",
    run,
)
