"""What only real sockets and a fresh interpreter show."""

import json
import socket
import subprocess
import sys
import threading
from http.client import HTTPConnection
from pathlib import Path

import pytest
from werkzeug.serving import make_server

HEAD = b"POST /q HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
def port(app):
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def exchange(port, *parts):
    """Send the parts, close the sending side and return the answer's status and body."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
        for part in parts:
            sock.sendall(part)
        sock.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: sock.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


def chunk(data):
    return b"%x\r\n%b\r\n" % (len(data), data)


def test_a_chunked_body_is_read_whole(port, client, queries):
    body = json.dumps(client.body()).encode()

    status, answer = exchange(port, CHUNKED, chunk(body[:7]), chunk(body[7:]), chunk(b""))

    assert (status, answer["status"]) == (200, "ok")
    assert len(queries.asked) == 1


@pytest.mark.parametrize(
    "broken", [b"zz\r\n{}\r\n0\r\n\r\n", b"2\r\n{}XX", b"ff\r\n{}", b"", b"-2\r\n{}\r\n0\r\n\r\n"]
)
def test_a_broken_chunk_is_400(port, queries, broken):
    status, answer = exchange(port, CHUNKED, broken)

    assert (status, answer["error"]) == (400, "invalid_request")
    assert list(answer["errors"]) == ["body"]
    assert queries.asked == []


def test_a_chunked_body_beyond_the_limit_is_413(port):
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.putrequest("POST", "/q")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders()
    for _ in range(2):
        connection.send(chunk(b" " * 32 * 1024))
    connection.send(chunk(b" "))

    response = connection.getresponse()

    assert response.status == 413
    assert json.loads(response.read())["error"] == "request_too_large"
    connection.close()


def test_a_body_cut_off_by_the_client_is_400(port, queries, client):
    body = json.dumps(client.body()).encode()

    status, answer = exchange(port, HEAD, b"Content-Length: 4000\r\n\r\n", body)

    assert (status, list(answer["errors"])) == (400, ["body"])
    assert queries.asked == []


def test_importing_wsgi_builds_the_application_and_loads_no_dicom_toolkit():
    program = "import sys, wsgi; print(*({'pydicom', 'pynetdicom', 'numpy'} & set(sys.modules)))"

    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
        env={"LOG_TO_CONSOLE": "false"},
    )

    assert (done.stdout.strip(), done.stderr) == ("", "")


def test_a_bad_option_stops_the_start_with_its_name(monkeypatch):
    from dicom_qr_gateway.app import create_app
    from dicom_qr_gateway.config import ConfigurationError

    monkeypatch.setenv("QUERY_TIMEOUT", "soon")

    with pytest.raises(ConfigurationError, match="QUERY_TIMEOUT='soon'"):
        create_app()
