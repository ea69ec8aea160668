"""Row 7: clients that are slow, leave, or send what is no HTTP."""

import contextlib
import socket
import time
from collections.abc import Callable, Iterator

from benchmarks.common import wire
from benchmarks.common.figures import Figure, Row, all_of, at_most
from benchmarks.reliability.bench import Bench, Server
from benchmarks.reliability.client import connected, send_raw
from benchmarks.reliability.scripted import ScriptedPacs
from benchmarks.reliability.shapes import SHAPES, Shape, statuses
from dicom_qr_gateway.dicom.pdu import Abort, DataTF, ReleaseRQ

HELD = 100  # connections
PROMPT = 0.1  # seconds for /health
NOTICED = 1.0  # seconds until the PACS hears that the client left
ASKED = 20

HALF = (
    b"POST /q HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\n"
    b"Content-Length: 999\r\n\r\n{"
)
LAST = b"GET /health HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\r\n"


def run(bench: Bench) -> Iterator[Figure]:
    gateway = bench.gateway(TRUSTED_PROXIES=1)
    nginx = bench.nginx(gateway)
    yield _beside("half requests held through nginx", nginx, HALF)
    yield _beside("connections to the gateway without a byte", gateway, b"")
    yield _beside("clients that do not close after their last answer", gateway, LAST)
    yield from _leaves_during_a_find(gateway)
    yield from _leaves_during_a_move(gateway)
    for where, server in (("to the gateway", gateway), ("through nginx", nginx)):
        yield from _shapes(where, server, bench)
    yield all_of(
        "afterwards the gateway answers", [gateway.get("/health")], lambda o: o.status == 200
    )


def _beside(what: str, server: Server, said: bytes) -> Figure:
    with contextlib.ExitStack() as held:
        for _ in range(HELD):
            held.enter_context(connected(server.port, server.tls)).sendall(said)
        outcomes = [server.get("/health") for _ in range(ASKED)]
    seconds = max(
        outcome.seconds if outcome.status == 200 else float("inf") for outcome in outcomes
    )
    return at_most(
        f"{HELD} {what}: the slowest of {ASKED} `/health`", seconds * 1000, PROMPT * 1000, "ms"
    )


def _leaves_during_a_find(gateway: Server) -> Iterator[Figure]:
    with ScriptedPacs() as pacs, connected(gateway.port) as client:
        client.sendall(pacs.request_to_the_gateway("/q"))
        with pacs.association() as heard:
            heard.accept()
            heard.request()
            seconds, last = _hang_up(client, heard.next_pdu)
    yield at_most(
        "a client leaves during a C-FIND: until the PACS hears of it",
        seconds * 1000,
        NOTICED * 1000,
        "ms",
    )
    yield all_of(
        "a client leaves during a C-FIND: the PACS hears an abort or a release",
        [type(last).__name__],
        (Abort.__name__, ReleaseRQ.__name__).__contains__,
    )


def _leaves_during_a_move(gateway: Server) -> Iterator[Figure]:
    with ScriptedPacs() as pacs, connected(gateway.port) as client:
        client.sendall(pacs.request_to_the_gateway("/qr"))
        with pacs.association() as heard:
            heard.accept()
            heard.find_studies()
        with pacs.association() as heard:
            heard.accept()
            heard.request()
            seconds, first = _hang_up(client, heard.next_pdu)
            cancel = heard.request_in(first) if isinstance(first, DataTF) else None
            last = heard.next_pdu()
    yield at_most(
        "a client leaves during a C-MOVE: until the PACS hears of it",
        seconds * 1000,
        NOTICED * 1000,
        "ms",
    )
    yield all_of(
        "a client leaves during a C-MOVE: the PACS hears a C-CANCEL first, then an abort",
        [(cancel is not None and cancel.command_field, type(last).__name__)],
        (wire.C_CANCEL, Abort.__name__).__eq__,
    )


def _hang_up(client: socket.socket, hear: Callable[[], object]) -> tuple[float, object]:
    begun = time.monotonic()
    client.close()
    heard = hear()
    return time.monotonic() - begun, heard


def _shapes(where: str, server: Server, bench: Bench) -> Iterator[Figure]:
    valid = [shape for shape in SHAPES if shape.answers]
    hostile = [shape for shape in SHAPES if not shape.answers]
    names = ", ".join(shape.what for shape in valid)
    yield _judged(f"unusual requests {where} are answered ({names})", valid, server, bench)
    what = f"{len(hostile)} hostile or broken requests {where}: 4xx, close, or as RFC 9112 has it"
    yield _judged(what, hostile, server, bench)


def _judged(what: str, shapes: list[Shape], server: Server, bench: Bench) -> Figure:
    received = {
        shape: send_raw(server.port, shape.bytes_for(bench.target()), server.tls)
        for shape in shapes
    }
    wrong = {
        f"{shape.what}: {statuses(came.data) or 'no answer'}"
        for shape, came in received.items()
        if not shape.is_fine(came)
    }
    return all_of(what, [*wrong, *range(len(shapes) - len(wrong))], lambda each: each not in wrong)


ROW = Row(
    "7",
    "clients",
    "A slow client costs nginx a connection and the gateway nothing; a client that hangs up ends "
    "its DICOM operation; what is no HTTP is refused, and nothing that a client sends is a 500.",
    run,
)
