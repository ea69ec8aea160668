"""The PACS of canned bytes as a child process, which counts what it holds.

Rule: one line in, one number out. The PACS counts requests, not the kernel connections: those of
requests that are answered come and go, and would be counted or missed by chance.
"""

import subprocess
import sys
from pathlib import Path
from typing import Self

ROOT = Path(__file__).parents[2]


class CannedPacs:
    """Runs ``pacs.py``; a context manager that ends it."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.reliability.pacs"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.port = self._number()
        return self

    def __exit__(self, *_: object) -> None:
        with self._process:
            self._process.terminate()

    def held(self) -> int:
        """Return how many requests it holds by its silence now."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()
        return self._number()

    def _number(self) -> int:
        assert self._process.stdout is not None
        return int(self._process.stdout.readline())
