"""gunicorn as gunicorn.conf.py sets it up: a stop in which every request gets its answer."""

import contextlib
import json
import os
import signal
import socket
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest


@pytest.fixture
def background():
    with ThreadPoolExecutor(4) as pool:
        yield pool


@pytest.fixture
def waiting_query(query, silent_pacs):
    return {**query, "pacs_port": silent_pacs.port}


def test_the_gateway_is_served(gunicorn, assert_serves):
    assert_serves(gunicorn().serving().client)


def test_clients_that_do_not_close_their_ended_connections_hold_up_nobody(gunicorn):
    program = gunicorn().serving()
    request = b"GET /health HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\r\n"
    with contextlib.ExitStack() as clients:
        for _ in range(30):  # each used to stop the worker for 2 s
            address = ("127.0.0.1", program.client.port)
            client = clients.enter_context(socket.create_connection(address))
            client.sendall(request)
        assert program.client.get("/health").status == 200


def test_clients_that_keep_their_connections_are_all_served_by_one_thread(gunicorn):
    program = gunicorn(WEB_CONCURRENCY="1", WEB_THREADS="1").serving()
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(program.client.kept()) for _ in range(4)]
        for _ in range(2):
            for client in clients:
                client.request("GET", "/health")
                assert client.getresponse().read() == b'{"status":"ok"}\n'
        program.process.terminate()
        assert program.wait() == 0


def test_clients_that_keep_their_connections_are_shared_by_all_workers(gunicorn, eventually):
    program = gunicorn(WEB_CONCURRENCY="2").serving()

    def open_descriptors() -> list[int]:
        return [len(os.listdir(f"/proc/{worker}/fd")) for worker in program.children()]

    def more_of_each() -> list[int]:
        before = open_descriptors()
        with contextlib.ExitStack() as stack:
            for _ in range(20):
                client = stack.enter_context(program.client.kept())
                client.request("GET", "/health")
                client.getresponse().read()
            return [now - then for now, then in zip(open_descriptors(), before, strict=True)]

    eventually(lambda: min(more_of_each()) >= 5, "a share for each, once both serve")


def test_every_line_is_json_where_json_is_asked_for(gunicorn, query):
    program = gunicorn(LOG_FORMAT="json").serving()
    assert program.client.post("/q", query).status == 200
    program.process.terminate()
    assert program.wait() == 0
    lines = [json.loads(line) for line in program.printed().splitlines()]
    loggers = {line["logger"] for line in lines}
    assert {"gunicorn.error", "dicom_qr_gateway.access"} <= loggers
    assert all(line["time"] and line["level"] for line in lines)


def test_a_query_that_waits_for_a_silent_pacs_is_answered_before_the_stop(
    gunicorn, background, waiting_query, silent_pacs
):
    program = gunicorn(GRACEFUL_TIMEOUT="3").serving()
    answer = background.submit(program.client.post, "/q", waiting_query)
    silent_pacs.wait_for_a_connection()
    program.process.terminate()
    assert answer.result().status == 503
    assert answer.result().json["error"] == "shutting_down"
    assert program.wait() == 0
    assert "SIGKILL" not in program.printed()


def test_workers_that_are_replaced_leave_the_gateway_ready(
    gunicorn, background, waiting_query, silent_pacs, eventually
):
    program = gunicorn(GRACEFUL_TIMEOUT="6", DRAIN_SECONDS="3").serving()
    [former] = program.children()
    answer = background.submit(program.client.post, "/q", waiting_query)
    silent_pacs.wait_for_a_connection()
    program.process.send_signal(signal.SIGHUP)
    seen = []

    def has_ended() -> bool:
        seen.append(program.client.status_of("/ready"))
        return answer.done()

    eventually(has_ended, "the end of the former one")
    eventually(lambda: former not in program.children(), "a new one alone")
    assert set(seen) == {200}
    assert answer.result().json["error"] == "shutting_down"


def test_ctrl_c_in_a_terminal_answers_too(gunicorn, background, waiting_query, silent_pacs):
    program = gunicorn(GRACEFUL_TIMEOUT="3").serving()
    answer = background.submit(program.client.post, "/q", waiting_query)
    silent_pacs.wait_for_a_connection()
    os.killpg(program.process.pid, signal.SIGINT)  # a terminal signals the workers as well
    assert answer.result().json["error"] == "shutting_down"
    assert program.wait() == 0


def test_a_second_ctrl_c_does_not_wait_for_the_graceful_timeout(
    gunicorn, background, waiting_query, silent_pacs, eventually
):
    program = gunicorn(GRACEFUL_TIMEOUT="3600", DRAIN_SECONDS="3000").serving()
    answer = background.submit(program.client.post, "/q", waiting_query)
    silent_pacs.wait_for_a_connection()
    program.process.send_signal(signal.SIGINT)
    eventually(lambda: program.client.status_of("/ready") == 503, "the drain")
    program.process.send_signal(signal.SIGINT)
    assert answer.result().json["error"] == "shutting_down"
    assert program.wait() == 0


def test_ready_says_503_while_draining_and_everything_is_still_served(
    gunicorn, assert_serves, eventually
):
    program = gunicorn(GRACEFUL_TIMEOUT="3600", DRAIN_SECONDS="3000").serving()
    assert program.client.status_of("/ready") == 200
    program.process.terminate()
    eventually(lambda: program.client.status_of("/ready") == 503, "503 from /ready")
    assert_serves(program.client)
    program.process.kill()


def test_the_listener_closes_when_the_drain_is_over(gunicorn, eventually):
    program = gunicorn(GRACEFUL_TIMEOUT="30", DRAIN_SECONDS="1").serving()
    program.process.terminate()
    assert program.wait() == 0
    assert not program.client.accepts()


def test_an_idle_gateway_stops_without_waiting_for_anything(gunicorn):
    program = gunicorn(GRACEFUL_TIMEOUT="3600").serving()
    program.process.terminate()
    assert program.wait() == 0


def test_workers_die_with_their_master(gunicorn, eventually):
    program = gunicorn(WEB_CONCURRENCY="2").serving()
    workers = eventually(lambda: len(program.children()) == 2 and program.children(), "2 workers")
    program.process.kill()
    program.wait()
    eventually(lambda: not any(map(is_running, workers)), "the end of the workers")
    assert not program.client.accepts()


def test_the_command_that_is_killed_leaves_nothing_behind(start, free_port, eventually):
    port = free_port()
    pacs_port = eventually(lambda: free_with_the_next(free_port()), "two free ports in a row")
    command = [sys.executable, "-m", "dicom_qr_gateway.cli", "run", "--sandbox"]
    program = start(
        [*command, "--sandbox-port", str(pacs_port)], port, BIND=f"127.0.0.1:{port}"
    ).serving()
    children = eventually(lambda: len(program.children()) == 2 and program.children(), "both")
    program.process.kill()
    program.wait()
    eventually(lambda: not any(map(is_running, children)), "the end of both")


def free_with_the_next(port: int) -> int | None:
    """Return the port if the one after it can be listened on too: the move destination takes it."""
    try:
        socket.create_server(("127.0.0.1", port + 1)).close()
    except OSError:
        return None
    return port


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_worker_that_is_killed_is_replaced(gunicorn, eventually):
    program = gunicorn().serving()
    (worker,) = eventually(program.children, "a worker")
    os.kill(worker, signal.SIGKILL)
    eventually(lambda: program.children() not in ([], [worker]), "another worker")
    program.serving()


@pytest.mark.parametrize(
    ("name", "value"), [("WEB_THREADS", "many"), ("ACSE_TIMEOUT", "0"), ("BIND", "8080")]
)
def test_a_bad_setting_ends_the_start_with_one_line(gunicorn, name, value):
    program = gunicorn(**{name: value})
    assert program.wait() != 0
    (line,) = program.printed().splitlines()
    assert f"{name}='{value}' is not accepted: give " in line


def test_a_header_cannot_set_the_prefix_or_the_scheme(gunicorn):
    client = gunicorn().serving().client
    spoofed = {"Script-Name": "/evil", "X-Forwarded-Prefix": "/evil", "X-Forwarded-Proto": "https"}
    document = client.get("/openapi.json", **spoofed)
    assert document.status == 200
    assert b"evil" not in document.body
    assert b"https://127" not in document.body
