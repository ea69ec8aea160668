"""What the kernel says of a process: memory, threads, descriptors, processor time (proc(5))."""

import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

MIB = 2**20
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Holdings:
    """What a process holds at one moment."""

    threads: int
    descriptors: int
    mebibytes: float


def holdings(pid: int) -> Holdings:
    """Return what a process holds now."""
    return Holdings(threads(pid), descriptors(pid), resident(pid))


def threads(pid: int) -> int:
    return int(_status(pid, "Threads"))


def descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def resident(pid: int) -> float:
    """Return the resident memory in MiB."""
    return _kilobytes(pid, "VmRSS")


def address_space(pid: int) -> float:
    """Return the size of the address space in MiB, what RLIMIT_AS limits."""
    return _kilobytes(pid, "VmSize")


def forget_peak(pid: int) -> None:
    """Let the peak of the resident memory begin anew."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def peak(pid: int) -> float:
    """Return the largest resident memory since ``forget_peak``, in MiB."""
    return _kilobytes(pid, "VmHWM")


def processor_seconds(pid: int) -> float:
    """Return the processor time that a process has used, user and system together."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _kilobytes(pid: int, name: str) -> float:
    return int(_status(pid, name).split()[0]) / 1024


def _status(pid: int, name: str) -> str:
    match = re.search(rf"^{name}:\s+(.+)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    if match is None:
        raise ProcessLookupError(pid)
    return match[1]


def eventually(condition: Callable[[], object], seconds: float) -> float:
    """Wait until a condition holds; return the seconds it took, infinity if it never did."""
    begun = time.monotonic()
    while not condition():
        if time.monotonic() - begun > seconds:
            return float("inf")
        time.sleep(0.01)
    return time.monotonic() - begun
