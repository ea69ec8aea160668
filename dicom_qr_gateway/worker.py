"""gunicorn's threaded worker, in the contract's words where gunicorn itself answers.

Rule: what is no HTTP may be anything, patient data too, so nothing of it is logged or sent back.
"""

import errno
import logging
import selectors
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from typing import Any, Final

from gunicorn.workers.gthread import ThreadWorker

from dicom_qr_gateway import correlation
from dicom_qr_gateway.connection_counts import COUNTS
from dicom_qr_gateway.raw_errors import error_response
from dicom_qr_gateway.standby import Standby

log = logging.getLogger(__name__)

EXHAUSTED: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
LOOK_AGAIN: Final = 0.05  # seconds
# All workers are woken by a connection. One that has more than another leaves it to that one, or
# clients that keep their connections would all be one worker's, the others would do nothing.
BUSIER_WAITS: Final = 0.001  # seconds
SILENT_WEIGHS: Final = 0.0001  # of one that speaks: less than that for all that a worker takes
# Of a client in the middle of its request, or that takes nothing of its answer: it holds a thread.
SILENT_AT_MOST: Final = 20  # seconds
# A client that goes on sending loses what it was sent last if its connection is closed at once
# (RFC 9112 9.6), so its end is waited for.
LINGERS_AT_MOST: Final = 2.0  # seconds
UNREAD: Final = bytearray(65536)  # what it still sends; made now, when there is memory


class Worker(ThreadWorker):  # type: ignore[misc]
    """A worker of ``gunicorn_config``."""

    nr_conns: int
    _accepting: bool
    pending_conns: deque[Any]
    sockets: list[Any]

    def __init__(self, *settings: Any) -> None:
        """Begin without a connection."""
        super().__init__(*settings)
        self.lingering: deque[Any] = deque()
        self.in_hand = 0  # connections that have a thread, or wait for one

    def init_process(self) -> None:
        """Begin in the worker's own process."""
        self.standby = Standby(self._needs_threads)
        super().init_process()

    def get_thread_pool(self) -> ThreadPoolExecutor:
        """Return a pool whose threads all run: none has to be started when memory is short."""
        pool: ThreadPoolExecutor = super().get_thread_pool()
        all_run = threading.Barrier(self.cfg.threads)
        try:
            wait([pool.submit(all_run.wait) for _ in range(self.cfg.threads)])
        except RuntimeError:
            all_run.abort()  # or the threads that did start would keep the process
            raise
        return pool

    def accept(self, listener: Any) -> None:
        """Take a connection; one for which nothing is left waits in the listener's queue.

        gunicorn's own worker ends on that, and all its requests with it.
        """
        if listener not in self.sockets:
            return  # it was closed for a stop, which began in this very round of events
        self._tell_connections()
        if COUNTS.beyond_the_least(self.age) > 0:
            time.sleep(BUSIER_WAITS)
        connections = self.nr_conns
        try:
            super().accept(listener)
        except (OSError, MemoryError) as error:
            if isinstance(error, OSError) and error.errno not in EXHAUSTED:
                raise
            self.nr_conns = connections
            log.warning("no descriptor or memory is left for a connection")
            time.sleep(LOOK_AGAIN)

    def notify(self) -> None:
        """Tell the master that the worker lives, and the other workers what it has to do."""
        super().notify()
        if self.alive and self._accepting:
            self._tell_connections()
        else:
            COUNTS.forget(self.age)

    def _tell_connections(self) -> None:
        # Those that are kept and silent count less: they may stay so.
        speaking = self.in_hand + len(self.pending_conns)
        COUNTS.tell(self.age, speaking + self.nr_conns * SILENT_WEIGHS)

    def enqueue_req(self, conn: Any) -> None:
        """Give a connection a thread, a new one only when it has said something.

        gunicorn's own worker lets a silent one hold a thread for 5 s.
        """
        try:
            if conn.initialized or conn.data_ready:
                self._give_thread(conn)
            else:
                self._await_first_byte(conn)
        except (OSError, MemoryError) as error:
            log.warning("nothing is left for a request: %s", type(error).__name__)
            self._end(conn)

    def handle(self, conn: Any) -> Any:
        """Answer a request, and in the same thread those that its client asks soon.

        gunicorn's own worker has its main thread wait for each of them and hand it to a thread.
        """
        outcome = super().handle(conn)
        while outcome is True and self._asks_soon(conn):
            outcome = super().handle(conn)
        return outcome

    def _asks_soon(self, conn: Any) -> bool:
        # What was read ahead is seen by gunicorn, not by who waits for the socket.
        return not conn.parser.unreader.buf.getvalue() and self.standby.stays(conn.sock)

    def _needs_threads(self) -> bool:
        return self.in_hand > self.cfg.threads or not self.alive

    def _give_thread(self, conn: Any) -> None:
        self.in_hand += 1
        try:
            super().enqueue_req(conn)
        except BaseException:
            self.in_hand -= 1
            raise
        if self._needs_threads():
            self.standby.call()

    def _await_first_byte(self, conn: Any) -> None:
        for which in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            conn.sock.setsockopt(socket.SOL_SOCKET, which, _timeval(SILENT_AT_MOST))
        conn.sock.setblocking(False)
        conn.set_timeout()
        self._watch(conn, self.pending_conns, self.on_pending_socket_readable)

    def _watch(self, conn: Any, kept: deque[Any], readable: Callable[..., None]) -> None:
        """Have a connection in the poller and in a queue, or in neither of them."""
        kept.append(conn)
        try:
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(readable, conn))
        except BaseException:
            kept.remove(conn)
            raise

    def finish_request(self, conn: Any, fs: Future[Any]) -> None:
        """End a connection that is not kept, without a wait.

        gunicorn's own worker waits for the client's end in its only main thread.
        """
        self.in_hand -= 1
        if fs.cancelled() or fs.exception() or fs.result() is not False:
            super().finish_request(conn, fs)
            return
        conn.timeout = time.monotonic() + LINGERS_AT_MOST
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
            self._watch(conn, self.lingering, self._drain)
        except (OSError, MemoryError):
            self._end(conn)

    def _drain(self, conn: Any, sock: socket.socket) -> None:
        try:
            if sock.recv_into(UNREAD):
                return
        except BlockingIOError:
            return
        except OSError as error:
            log.debug("a client ended its connection: %s", type(error).__name__)
        self.lingering.remove(conn)
        self._end_watched(conn)

    def murder_pending(self) -> None:
        """End the connections that have waited for long enough."""
        super().murder_pending()
        while self.lingering and self.lingering[0].timeout <= time.monotonic():
            self._end_watched(self.lingering.popleft())

    def _end_watched(self, conn: Any) -> None:
        self.poller.unregister(conn.sock)
        self._end(conn)

    def _end(self, conn: Any) -> None:
        self.nr_conns -= 1
        conn.close()

    def _cap_keepalive(self, deadline: float) -> None:
        """Let no idle connection hold up a stop: none that is kept, none that is silent."""
        self.standby.call()
        super()._cap_keepalive(deadline)
        for conn in self.pending_conns:
            conn.timeout = min(conn.timeout, deadline)

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: Exception) -> None:
        """Answer a connection whose request could not be read, or broke outside the application."""
        correlation_id = correlation.new()
        log.warning("%s instead of a request [%s]", type(exc).__name__, correlation_id)
        try:
            client.sendall(error_response(exc, correlation_id))
        except OSError as error:
            log.debug("the answer could not be sent: %s", type(error).__name__)


def _timeval(seconds: int) -> bytes:
    """Return a ``struct timeval`` for setsockopt(2)."""
    return struct.pack("@ll", seconds, 0)
