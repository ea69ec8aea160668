"""A load generator as ``runner.c`` is one, made of tuned pynetdicom in threads.

``python -m benchmarks.performance.pynetdicom_load port called-ae-title patient-id``
"""

import json
import sys
import threading
import time
from dataclasses import asdict, dataclass, field

from benchmarks.performance.competitors import pynetdicom_find
from benchmarks.performance.generators import Load
from benchmarks.performance.peers import Peer


@dataclass
class Window:
    """What is done from one moment to another."""

    peer: Peer
    patient_id: str
    ends: float
    latencies: list[float] = field(default_factory=list)
    matches: list[int] = field(default_factory=list)

    def work(self) -> None:
        """Ask again and again; a failure ends the program and so the bench."""
        while time.monotonic() < self.ends:
            begun = time.monotonic()
            found = pynetdicom_find(self.peer, self.patient_id, tuned=True)
            self.latencies.append(time.monotonic() - begun)
            self.matches.append(len(found))


def main() -> None:
    peer = Peer("", sys.argv[2], int(sys.argv[1]))
    for line in sys.stdin:
        connections, _count, milliseconds = map(int, line.split())
        begun = time.monotonic()
        window = Window(peer, sys.argv[3], begun + milliseconds / 1000)
        threads = [threading.Thread(target=window.work) for _ in range(connections)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        load = Load(
            done=len(window.latencies),
            failed=0,
            matches=sum(window.matches),
            bytes=0,
            seconds=time.monotonic() - begun,
            latencies=window.latencies,
        )
        print(json.dumps(asdict(load)), flush=True)


if __name__ == "__main__":
    main()
