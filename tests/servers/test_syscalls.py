"""What the thread that serves a ``/q`` asks of the kernel, by strace: the same on every machine."""

import json
import re
import socket
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.counts.counting import listen

ASKED = 12
MOST = 35  # calls for sockets and files, measured with gunicorn 27, and a tenth more


def syscalls_of_requests(trace: Path, request: str) -> list[Counter[str]]:
    """Return what the thread that served each request called until it read the next one."""
    found: dict[str, list[Counter[str]]] = {}
    for line in trace.read_text(errors="replace").splitlines():
        thread, call = line.split(maxsplit=1)
        name = re.match(r"\w+(?=\()", call)
        if name is None:
            continue  # the second half of a call, a signal or an end
        if name[0] == "recvfrom" and request in call:
            found.setdefault(thread, []).append(Counter())
        if thread in found:
            found[thread][-1][name[0]] += 1
    return [counts for of_thread in found.values() for counts in of_thread[:-1]]


@pytest.fixture
def pacs() -> Iterator[int]:
    """The port of a PACS that says each answer at once: the pieces it came in would be chance."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=listen, args=(listener,), daemon=True).start()
        yield listener.getsockname()[1]


def test_a_query_asks_no_more_of_the_kernel_than_it_did(start, free_port, query, pacs, tmp_path):
    port, trace = free_port(), tmp_path / "trace"
    body = json.dumps({**query, "pacs_port": pacs, "patient_id": "3"})
    # With -D the program is gunicorn itself, not the one that watches it.
    strace = ["strace", "-D", "-f", "-s", "64", "-e", "trace=%network,%desc", "-o", trace]
    program = start(
        [*strace, sys.executable, "-m", "gunicorn"],
        port,
        BIND=f"127.0.0.1:{port}",
        WEB_CONCURRENCY="1",
    ).serving()
    with program.client.kept() as connection:
        for _ in range(ASKED):
            connection.request("POST", "/q", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            assert (answer.status, len(json.loads(answer.read())["study_details"])) == (200, 3)
    program.end()
    requests = syscalls_of_requests(trace, '"POST /q ')
    assert len(requests) >= ASKED // 2, program.printed()
    fewest = min(requests, key=Counter.total)
    assert MOST / 2 < fewest.total() <= MOST, fewest
