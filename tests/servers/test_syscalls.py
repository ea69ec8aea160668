"""What one ``/q`` asks of the kernel: counted by strace, so the same on every machine."""

import json
import re
import sys
from collections import Counter
from pathlib import Path

ASKED = 12
MOST = 36  # measured with gunicorn 27, and a tenth more


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


def test_a_query_asks_no_more_of_the_kernel_than_it_did(start, free_port, query, tmp_path):
    port, trace = free_port(), tmp_path / "trace"
    body, headers = json.dumps(query), {"Content-Type": "application/json"}
    # With -D the program is gunicorn itself, not the one that watches it.
    command = ["strace", "-D", "-f", "-s", "64", "-o", trace, sys.executable, "-m", "gunicorn"]
    program = start(command, port, BIND=f"127.0.0.1:{port}", WEB_CONCURRENCY="1").serving()
    with program.client.kept() as connection:
        for _ in range(ASKED):
            connection.request("POST", "/q", body, headers)
            answer = connection.getresponse()
            assert (answer.status, len(json.loads(answer.read())["study_details"])) == (200, 3)
    program.end()
    requests = syscalls_of_requests(trace, '"POST /q ')
    assert len(requests) >= ASKED // 2
    # The fewest: what a PACS says arrives in more or fewer pieces.
    fewest = min(requests, key=Counter.total)
    assert fewest.total() <= MOST, fewest
