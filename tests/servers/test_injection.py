"""Raw bytes of a client that tries to write into headers and log lines that are not its own."""

import re
import socket

import pytest

PATIENCE = 30.0
ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")

CORRELATION_IDS = {
    "a folded line": b"a\r\n Set-Cookie: forged=1",
    "a folded line with a tab": b"a\r\n\tSet-Cookie: forged=1",
    "a bare CR": b"a\rSet-Cookie: forged=1",
    "a bare LF": b"a\nSet-Cookie: forged=1",
    "CR and LF, percent-encoded": b"a%0d%0aSet-Cookie:%20forged=1",
    "the end of the head": b"a\r\n\r\nHTTP/1.1 200 OK\r\nSet-Cookie: forged=1\r\n\r\n",
    "UTF-8 that narrows to CR LF": "a\u560d\u560aSet-Cookie: forged=1".encode(),
    "next line": b"a\x85Set-Cookie: forged=1",
    "vertical tab": b"a\x0bSet-Cookie: forged=1",
    "NUL": b"a\x00Set-Cookie: forged=1",
    "an escape sequence": b"a\x1b[2J",
    "a log line": b"a] INFO forged",
    "a JSON field": b'a","forged":"1',
    "two ids": b"a\r\nX-Correlation-ID: b",
    "a long one": b"a" * 8000,
}


@pytest.fixture(scope="module")
def exchange():
    """Return a function that sends bytes and returns all that comes until the server closes."""

    def exchange(port: int, request: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as sock:
            sock.sendall(request)
            sock.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: sock.recv(65536), b""))

    return exchange


def heads(answer: bytes) -> list[list[bytes]]:
    """Return the head lines of each response: the bodies here hold no empty line."""
    return [
        part.split(b"\r\n") for part in re.findall(rb"HTTP/1\.[01] .+?(?=\r\n\r\n)", answer, 16)
    ]


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_correlation_id_writes_no_header_and_no_log_line(gunicorn, exchange, log_format):
    program = gunicorn(LOG_FORMAT=log_format).serving()

    for what, offered in CORRELATION_IDS.items():
        request = b"GET /version HTTP/1.1\r\nHost: x\r\nX-Correlation-ID: " + offered + b"\r\n\r\n"
        for lines in heads(exchange(program.client.port, request)):
            assert b"Set-Cookie" not in b" ".join(lines), what
            ids = [line for line in lines if line.lower().startswith(b"x-correlation-id: ")]
            answered_by_gunicorn = lines[-1].startswith(b"Content-Length")
            assert len(ids) == 1 or answered_by_gunicorn, what
            assert all(ID.fullmatch(line.split(b": ", 1)[1]) for line in ids), what

    for line in program.printed().splitlines():
        assert "forged" not in line
        assert line.isprintable()


# What gunicorn refuses by itself, and says in its log.
UNREADABLE = [
    b"GET /q?patient_id=ZZCANARY ZZCANARY HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /q?patient_id=ZZCANARY\xff HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /q?patient_id='ZZCANARY\xff HTTP/1.1\r\nHost: x\r\n\r\n",
    b"ZZCANARY^JOHN\r\n\r\n",
    b"zzcanary /q HTTP/1.1\r\nHost: x\r\n\r\n",
    b"ZZCANARY^JOHN /q HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /q HTTP/1.1\r\nHost: x\r\nX ZZCANARY: 1\r\n\r\n",
    b"POST /q HTTP/1.1\r\nHost: x\r\nX: ZZCANARY\x00\r\n\r\n",
    b"POST /q HTTP/1.1\r\nHost: x\r\nX: a\r\n ZZCANARY\r\n\r\n",
    b"POST /q HTTP/1.1\r\nHost: x\r\nContent-Length: ZZCANARY\r\n\r\n",
    b"POST /q HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: ZZCANARY\r\n\r\n",
    b"POST /q HTTP/1.1\r\nHost: x\r\nExpect: ZZCANARY\r\n\r\n",
    b"POST /q HTTP/1.1\r\nHost: ZZCANARY ZZCANARY\r\n\r\n",
    b"GET /" + b"ZZCANARY" * 2000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /q HTTP/1.1\r\nHost: x\r\nX: " + b"ZZCANARY" * 2000 + b"\r\n\r\n",
    b"POST /q HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    b"Transfer-Encoding: chunked\r\n\r\nZZCANARY\r\n",
]


def test_what_gunicorn_cannot_read_is_logged_without_a_word_of_it(gunicorn, exchange):
    program = gunicorn(DICOM_DEBUG="true").serving()

    for request in UNREADABLE:
        exchange(program.client.port, request)

    printed = program.printed()
    assert printed.count(" instead of a request [") >= len(UNREADABLE) // 2
    assert "zzcanary" not in printed.lower()
