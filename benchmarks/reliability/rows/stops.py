"""Row 8: stops, restarts and kills, each under load."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchmarks.common import processes
from benchmarks.common.figures import Figure, Row, all_of, at_most
from benchmarks.common.programs import free_port
from benchmarks.reliability.bench import Bench, Server, Settings, stopped_after
from benchmarks.reliability.client import Client, Crowd, Outcome, Work

GRACEFUL_TIMEOUT = 6
STOPS = 4
ASKING, HELD = 8, 10  # clients during the stop
RESTARTS = 10
RATE = 50.0  # requests a second
CLIENTS = 10
# Half of them may serve one PACS: all clients at once must fit in, or the busy ones are told so.
THREADS = 32
BACK = 2.0  # seconds until the gateway serves again
LONG: Settings = {"ACSE_TIMEOUT": 60, "MAX_ASSOCIATIONS_PER_PACS": 32, "WEB_THREADS": 32}

# Whoever could not connect was not accepted; whoever could must get an answer.
NOT_ACCEPTED = (0, "ConnectionRefusedError")
LAST_WORDS = {(200, "ok"), (503, "shutting_down")}


def run(bench: Bench) -> Iterator[Figure]:
    yield from _stops_under_load(bench)
    yield from _restarts_by_sighup(bench)
    yield from _restarts_in_turn(bench)
    yield from _killed_worker(bench)
    yield from _killed_master(bench)


def _work(bench: Bench, behaviour: str = "ANSWERS", pacs: int = 0) -> Work:
    target = bench.target(behaviour, pacs=pacs)

    def work(client: Client, _number: int) -> Outcome:
        return client.find(target)

    return work


@dataclass(frozen=True)
class Stop:
    """A stop under load: what became of each accepted request, how long it took, exit code."""

    accepted: list[Outcome]
    seconds: float
    code: int

    @property
    def last_words(self) -> int:
        """Return how many requests the gateway itself ended."""
        return sum(outcome.error == "shutting_down" for outcome in self.accepted)


def stopped_under_load(bench: Bench, gateway: Server, asking: int) -> Stop:
    """Send SIGTERM while clients ask.

    Six of them wait for a silent PACS, four for one that moves nothing; ``asking`` others are
    answered at once, again and again, each time on a new connection.
    """

    def retrieve(client: Client, _number: int) -> Outcome:
        return client.retrieve(bench.target(pacs=3))  # silent at the C-MOVE

    works = [(_work(bench), asking), (_work(bench, "SILENT", 1), 6), (retrieve, 4)]
    crowds = [Crowd(work, clients, gateway.newcomer) for work, clients in works]
    for crowd in crowds:
        crowd.start()
    processes.eventually(lambda: bench.held() >= HELD and len(crowds[0].outcomes) >= 6 * asking, 30)
    begun = time.monotonic()
    gateway.process.terminate()
    code = gateway.process.wait(30)
    seconds = time.monotonic() - begun
    outcomes = [outcome for crowd in crowds for outcome in crowd.leave()]
    accepted = [each for each in outcomes if each.as_expected != NOT_ACCEPTED]
    return Stop(accepted, seconds, code)


def _stops_under_load(bench: Bench) -> Iterator[Figure]:
    made: list[Stop] = []
    for _ in range(STOPS):
        gateway = bench.gateway(WEB_CONCURRENCY=2, GRACEFUL_TIMEOUT=GRACEFUL_TIMEOUT, **LONG)
        made.append(stopped_under_load(bench, gateway, ASKING))
    last_words = sum(stop.last_words for stop in made)
    yield all_of(
        f"{STOPS} stops by SIGTERM under load ({ASKING} clients that are answered, {HELD} that a "
        f"silent PACS holds): every accepted request is answered, {last_words} of them by "
        "`shutting_down`",
        [outcome for stop in made for outcome in stop.accepted],
        lambda outcome: outcome.as_expected in LAST_WORDS,
    )
    seconds = max(stop.seconds for stop in made)
    yield at_most("stops under load: the slowest exit", seconds, GRACEFUL_TIMEOUT, "s")
    yield all_of("stops under load: exit code 0", [stop.code for stop in made], (0).__eq__)


def _restarts_by_sighup(bench: Bench) -> Iterator[Figure]:
    gateway = bench.gateway(WEB_CONCURRENCY=2, TRUSTED_PROXIES=1, WEB_THREADS=THREADS)
    nginx = bench.nginx(gateway)

    def restart() -> None:
        before = gateway.workers
        os.kill(gateway.pid, signal.SIGHUP)
        processes.eventually(lambda: not set(before) & set(gateway.workers), 30)

    yield _restarts_under_load(bench, nginx, restart, "by SIGHUP")
    nginx.end()


def _restarts_in_turn(bench: Bench) -> Iterator[Figure]:
    instances = [_instance(bench, free_port()) for _ in range(2)]
    nginx = bench.nginx(*instances)

    def restart() -> None:
        instance = instances.pop(0)
        instance.end()
        instances.append(_instance(bench, instance.port))

    yield _restarts_under_load(bench, nginx, restart, "of two instances in turn")
    nginx.end()


def _instance(bench: Bench, port: int) -> Server:
    return bench.gateway(port=port, TRUSTED_PROXIES=1, WEB_THREADS=THREADS)


def _restarts_under_load(
    bench: Bench, nginx: Server, restart: Callable[[], None], how: str
) -> Figure:
    target = bench.target()
    crowd = nginx.crowd(_work(bench), CLIENTS)
    with stopped_after(crowd):
        crowd.start(rate=RATE)
        for _ in range(RESTARTS):
            restart()
    return all_of(
        f"{RESTARTS} restarts {how} under {RATE:.0f} requests/s through nginx: none fails",
        crowd.outcomes,
        target.is_answered_by,
    )


def _killed_worker(bench: Bench) -> Iterator[Figure]:
    gateway = bench.gateway()
    os.kill(gateway.worker, signal.SIGKILL)
    seconds = processes.eventually(gateway.is_healthy, 30)
    yield at_most("kill -9 of the only worker: until a new one serves", seconds, BACK, "s")
    gateway.end()

    gateway = bench.gateway(WEB_CONCURRENCY=2)
    killed, other = gateway.workers
    os.kill(killed, signal.SIGKILL)
    outcomes = [gateway.find(bench.target()) for _ in range(50)]
    yield all_of(
        "kill -9 of one of two workers: 50 requests right after",
        outcomes,
        bench.target().is_answered_by,
    )
    yield all_of(
        "kill -9 of one of two workers: the other goes on",
        [other in gateway.workers],
        True.__eq__,
    )


def _killed_master(bench: Bench) -> Iterator[Figure]:
    gateway = bench.gateway(WEB_CONCURRENCY=2, **LONG)
    held = Crowd(_work(bench, "SILENT", 1), 8, gateway.newcomer)
    held.start(8)
    bench.wait_until_held(8)
    gateway.process.kill()
    gateway.process.wait()
    begun = time.monotonic()
    again = bench.gateway(port=gateway.port, WEB_CONCURRENCY=2, **LONG)
    seconds = time.monotonic() - begun
    yield at_most(
        "kill -9 of the master with 8 requests in flight: until a start serves", seconds, BACK, "s"
    )
    outcome = again.find(bench.target(pacs=1))
    yield all_of(
        "kill -9 of the master: the PACS that held the requests can be asked",
        [outcome],
        bench.target().is_answered_by,
    )


ROW = Row(
    "8",
    "stops and kills",
    "A request counts as accepted once its connection stands. The two instances of nginx are "
    "two `server` lines in the `upstream` of `deploy/nginx.conf`, which is otherwise as it is.",
    run,
    seconds=240,
)
