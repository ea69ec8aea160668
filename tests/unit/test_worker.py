"""What gunicorn's worker answers by itself, without a word of what it could not read."""

import errno
import io
import json
import logging
import selectors
import socket
import struct
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from gunicorn.http.errors import InvalidRequestLine, InvalidResponseHeader
from gunicorn.workers.gthread import ThreadWorker

from dicom_qr_gateway import worker as module
from dicom_qr_gateway.connection_counts import ConnectionCounts
from dicom_qr_gateway.standby import Standby
from dicom_qr_gateway.worker import SILENT_AT_MOST, Worker

CANARY = "DOE^JOHN"
RECEIVE_TIMEOUT = (socket.SOL_SOCKET, socket.SO_RCVTIMEO)


def answer_to(error: Exception) -> tuple[bytes, dict[str, object]]:
    """Return head and body of what a worker sends for an error."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        Worker.handle_error(object.__new__(Worker), None, ours, ("127.0.0.1", 1), error)
        head, _, body = theirs.recv(65536).partition(b"\r\n\r\n")
    return head, json.loads(body)


@pytest.mark.parametrize(
    ("error", "status", "value"),
    [
        (InvalidRequestLine(CANARY), 400, "invalid_request"),
        (InvalidResponseHeader(CANARY), 500, "internal_error"),
        (ZeroDivisionError(CANARY), 500, "internal_error"),
    ],
)
def test_the_answer_is_the_common_error_body_and_repeats_nothing(
    error: Exception, status: int, value: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="dicom_qr_gateway.worker")
    head, body = answer_to(error)
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert (body["code"], body["error"]) == (status, value)
    assert f"X-Correlation-ID: {body['correlation_id']}".encode() in head
    assert CANARY not in f"{head!r}{body}{caplog.text}"
    assert type(error).__name__ in caplog.text


def test_a_client_that_is_gone_costs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="dicom_qr_gateway.worker")
    ours, theirs = socket.socketpair()
    ours.close()
    with theirs:
        Worker.handle_error(object.__new__(Worker), None, ours, ("", 1), InvalidRequestLine("x"))
    assert "could not be sent" in caplog.text


class NoConnection:
    """A listener of a process that has no descriptor left, or of one that is broken."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def accept(self) -> None:
        raise self.error


@pytest.fixture(autouse=True)
def counts(monkeypatch: pytest.MonkeyPatch) -> ConnectionCounts:
    fresh = ConnectionCounts()
    monkeypatch.setattr(module, "COUNTS", fresh)
    return fresh


def a_worker(threads: int = 4) -> Worker:
    worker = object.__new__(Worker)
    worker.cfg = SimpleNamespace(threads=threads)
    worker.age, worker._accepting = 1, True
    worker.nr_conns, worker.in_hand, worker.alive = 3, 0, True
    worker.standby = Standby(worker._needs_threads)
    worker.pending_conns, worker.keepalived_conns, worker.lingering = deque(), deque(), deque()
    return worker


@pytest.mark.parametrize("error", [OSError(errno.EMFILE, ""), MemoryError()])
def test_what_runs_out_does_not_end_the_worker(
    error: Exception, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_AGAIN", 0)
    worker, listener = a_worker(), NoConnection(error)
    worker.sockets = [listener]
    worker.accept(listener)
    assert "no descriptor or memory is left" in caplog.text
    assert worker.nr_conns == 3


class Listener:
    """A listener to whom nobody has connected."""

    def accept(self) -> None:
        raise BlockingIOError(errno.EAGAIN, "")


@pytest.mark.parametrize(
    ("other", "naps"),
    [(200, []), (100.01, []), (100, [module.BUSIER_WAITS]), (98, [module.BUSIER_WAITS])],
)
def test_a_worker_leaves_a_connection_to_one_that_has_fewer(
    counts: ConnectionCounts, monkeypatch: pytest.MonkeyPatch, other: float, naps: list[float]
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(module.time, "sleep", slept.append)
    counts.tell(2, other)
    worker, listener = a_worker(), Listener()
    worker.in_hand, worker.pending_conns = 99, deque([None])
    worker.sockets = [listener]
    worker.accept(listener)
    assert slept == naps


def test_what_a_worker_has_to_do_is_told_while_it_takes_connections(
    counts: ConnectionCounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ThreadWorker, "notify", lambda _worker: None)
    worker = a_worker()
    worker.in_hand = 1
    worker.pending_conns.append(SimpleNamespace(timeout=1.0))
    worker.keepalived_conns.append(SimpleNamespace(timeout=1.0))  # silent since its last answer
    worker.lingering.append(None)  # over, but for its client's end
    worker.notify()
    counts.tell(2, 5)
    assert counts.beyond_the_least(2) == pytest.approx(3, abs=0.1)


@pytest.mark.parametrize("is_so", ["alive", "_accepting"])
def test_a_worker_that_takes_no_connections_tells_none(
    counts: ConnectionCounts, monkeypatch: pytest.MonkeyPatch, is_so: str
) -> None:
    monkeypatch.setattr(ThreadWorker, "notify", lambda _worker: None)
    worker = a_worker()
    worker.notify()
    setattr(worker, is_so, False)
    worker.notify()
    counts.tell(2, 5)
    assert counts.beyond_the_least(2) == 0


def test_another_error_of_the_listener_is_not_hidden() -> None:
    worker, listener = a_worker(), NoConnection(OSError(errno.EBADF, ""))
    worker.sockets = [listener]
    with pytest.raises(OSError, match="Errno"):
        worker.accept(listener)


def test_a_listener_that_a_stop_has_closed_in_this_round_of_events_is_left_alone() -> None:
    worker = a_worker()
    worker.sockets = []
    worker.accept(NoConnection(OSError(errno.EBADF, "")))
    assert worker.nr_conns == 3


def test_every_thread_runs_before_the_first_request() -> None:
    before = threading.active_count()
    with a_worker(threads=5).get_thread_pool() as pool:
        assert threading.active_count() == before + 5
        assert pool.submit(int).result() == 0


def test_a_thread_that_cannot_start_ends_the_start_and_leaves_none_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = set(threading.enumerate())
    start = threading.Thread.start
    left = iter([True, True])

    def starts_two(thread: threading.Thread) -> None:
        if not next(left, False):
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", starts_two)
    pools: list[ThreadPoolExecutor] = []
    monkeypatch.setattr(
        ThreadWorker,
        "get_thread_pool",
        lambda worker: pools.append(ThreadPoolExecutor(worker.cfg.threads)) or pools[0],
    )
    with pytest.raises(RuntimeError):
        a_worker(threads=5).get_thread_pool()
    pools[0].shutdown()
    assert set(threading.enumerate()) == before


class Connection:
    """As much of gunicorn's connection as a worker asks before it has a request."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.initialized = self.data_ready = False
        self.timeout = 0.0

    def set_timeout(self) -> None:
        self.timeout = 1e9

    def close(self) -> None:
        self.sock.close()


@pytest.fixture
def ended() -> Iterator[tuple[Worker, Connection, socket.socket]]:
    """A worker that has just answered the last request of a connection, and the client's side."""
    worker, over = a_worker(), Future[bool]()
    over.set_result(False)
    ours, theirs = socket.socketpair()
    with selectors.DefaultSelector() as worker.poller, ours, theirs:
        conn = Connection(ours)
        worker.finish_request(conn, over)
        yield worker, conn, theirs


Ended = tuple[Worker, Connection, socket.socket]


def test_a_connection_is_ended_when_its_client_has_seen_the_end(ended: Ended) -> None:
    worker, conn, theirs = ended
    theirs.send(b"what nobody reads any more")
    worker.wait_for_and_dispatch_events(timeout=0)
    assert (theirs.recv(1), worker.nr_conns, list(worker.lingering)) == (b"", 3, [conn])
    theirs.close()
    worker.wait_for_and_dispatch_events(timeout=0)
    assert (worker.nr_conns, list(worker.lingering), conn.sock.fileno()) == (2, [], -1)


def test_a_client_that_does_not_close_is_waited_for_without_a_thread_and_not_for_ever(
    ended: Ended,
) -> None:
    worker, conn, _ = ended
    worker.wait_for_and_dispatch_events(timeout=0)
    worker.murder_pending()
    assert list(worker.lingering) == [conn]
    conn.timeout = 0.0
    worker.murder_pending()
    assert (worker.nr_conns, list(worker.lingering), conn.sock.fileno()) == (2, [], -1)


def test_a_client_that_has_reset_its_connection_is_not_waited_for(ended: Ended) -> None:
    worker, conn, theirs = ended
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    theirs.close()
    worker.wait_for_and_dispatch_events(timeout=0)
    assert (worker.nr_conns, list(worker.lingering)) == (2, [])
    over = Future[bool]()
    over.set_result(False)
    worker.finish_request(conn, over)
    assert (worker.nr_conns, list(worker.lingering)) == (1, [])


@pytest.mark.parametrize("result", [True, None])
def test_a_connection_that_goes_on_is_left_to_gunicorn(
    monkeypatch: pytest.MonkeyPatch, result: bool | None
) -> None:
    given: list[object] = []
    monkeypatch.setattr(ThreadWorker, "finish_request", lambda _worker, *these: given.append(these))
    over = Future[bool | None]()
    over.set_result(result)
    a_worker().finish_request(None, over)
    assert given == [(None, over)]


def test_a_silent_connection_has_no_thread_and_does_not_hold_up_a_stop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: list[Connection] = []
    monkeypatch.setattr(ThreadWorker, "enqueue_req", lambda _worker, conn: given.append(conn))
    worker = a_worker()
    ours, theirs = socket.socketpair()
    with selectors.DefaultSelector() as worker.poller, ours, theirs:
        conn = Connection(ours)
        worker.enqueue_req(conn)
        assert struct.unpack("@ll", ours.getsockopt(*RECEIVE_TIMEOUT, 16)) == (SILENT_AT_MOST, 0)
        worker.wait_for_and_dispatch_events(timeout=0)
        assert (given, list(worker.pending_conns)) == ([], [conn])
        worker._cap_keepalive(2.0)
        assert conn.timeout == 2.0
        theirs.send(b"GET")
        worker.wait_for_and_dispatch_events(timeout=0)
        assert (given, list(worker.pending_conns)) == ([conn], [])


def test_a_client_that_holds_up_its_own_request_or_answer_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_timeval", lambda _seconds: struct.pack("@ll", 0, 1000))
    monkeypatch.setattr(ThreadWorker, "enqueue_req", lambda *_: None)
    worker = a_worker()
    ours, theirs = socket.socketpair()
    with selectors.DefaultSelector() as worker.poller, ours, theirs:
        worker.enqueue_req(Connection(ours))
        theirs.send(b"POST /q HT")
        ours.setblocking(True)
        assert ours.recv(4096) == b"POST /q HT"
        with pytest.raises(BlockingIOError):
            ours.recv(4096)
        with pytest.raises(BlockingIOError):
            ours.sendall(bytes(16 * 1024 * 1024))


class Parser:
    """As much of gunicorn's parser as tells what was read ahead."""

    def __init__(self, ahead: bytes = b"") -> None:
        self.unreader = SimpleNamespace(buf=io.BytesIO(ahead))


Kept = tuple[list[bytes], Connection, socket.socket]


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    """What was answered, and a connection whose client has said two requests of four bytes."""
    answered: list[bytes] = []

    def answer(_worker: Worker, conn: Connection) -> bool:
        answered.append(conn.sock.recv(4))
        return answered[-1] != b""

    monkeypatch.setattr(ThreadWorker, "handle", answer)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        conn = Connection(ours)
        conn.parser = Parser()
        theirs.send(b"one,two,")
        yield answered, conn, theirs


def test_what_a_client_asks_soon_is_answered_in_the_same_thread(kept: Kept) -> None:
    answered, conn, theirs = kept
    theirs.close()
    assert a_worker().handle(conn) is False
    assert answered == [b"one,", b"two,", b""]


def test_a_thread_that_is_needed_leaves_its_client_to_the_poller(kept: Kept) -> None:
    answered, conn, _ = kept
    worker = a_worker(threads=1)
    worker.in_hand = 2
    assert worker.handle(conn) is True
    assert answered == [b"one,"]


def test_what_was_read_ahead_is_left_to_gunicorn(kept: Kept) -> None:
    answered, conn, _ = kept
    conn.parser = Parser(b"GET")
    assert a_worker().handle(conn) is True
    assert answered == [b"one,"]


def test_threads_are_called_when_more_connections_speak_than_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ThreadWorker, "enqueue_req", lambda *_: None)
    worker, calls = a_worker(threads=1), []
    monkeypatch.setattr(worker.standby, "call", lambda: calls.append(worker.in_hand))
    ours, theirs = socket.socketpair()
    with ours, theirs:
        conn = Connection(ours)
        conn.initialized = True
        worker.enqueue_req(conn)
        assert calls == []
        worker.enqueue_req(conn)
        assert calls == [2]
    monkeypatch.setattr(ThreadWorker, "finish_request", lambda *_: None)
    over = Future[bool]()
    over.set_result(True)
    worker.finish_request(conn, over)
    assert worker.in_hand == 1


def test_a_connection_that_could_not_be_given_a_thread_is_not_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(ThreadWorker, "enqueue_req", fail)
    worker = a_worker()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        conn = Connection(ours)
        conn.initialized = True
        worker.enqueue_req(conn)
    assert (worker.in_hand, worker.nr_conns) == (0, 2)


def test_a_stop_calls_the_threads_that_stay(kept: Kept) -> None:
    answered, conn, theirs = kept
    worker = a_worker()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(worker.handle, conn)
        theirs.send(b"end,")
        while len(answered) < 3:
            threading.Event().wait(0.001)
        worker.alive = False
        worker._cap_keepalive(0.0)
        assert running.result(30) is True
