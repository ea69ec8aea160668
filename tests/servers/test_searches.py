"""A long search as gunicorn serves it: sent while it is read, and broken off where that fails."""

import http.client
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.dimse.conversation import PENDING, SUCCESS, Conversation
from tests.dimse.scripted_pacs import Script, ScriptedPacs
from tests.dimse.scripts import a_study

from .conftest import Program

ROWS = 3000
MORE_THAN_BUFFERS_HOLD = 30_000
PATIENCE = 30


def sends_studies(peer: Conversation, rows: int = ROWS) -> None:
    """Answer a C-FIND with many studies."""
    peer.accept()
    peer.read_request()
    first = peer.response(PENDING, a_study("1.10000"))
    for number in range(rows):
        peer.send(first.replace(b"1.10000", f"1.{10000 + number}".encode()))


def finishes(peer: Conversation) -> None:
    sends_studies(peer)
    peer.respond(SUCCESS)
    peer.serve_release()


def closes(peer: Conversation) -> None:
    sends_studies(peer)
    peer.close()


def sends_studies_until_nobody_reads(peer: Conversation) -> None:
    """Answer a C-FIND with studies, and wait for what ends it."""
    sends_studies(peer)
    peer.wait_until_closed()


def sends_more_than_buffers_hold(peer: Conversation) -> None:
    """Answer a C-FIND with so many studies that they are taken only while somebody reads."""
    sends_studies(peer, MORE_THAN_BUFFERS_HOLD)
    peer.wait_until_closed()


class Asked(NamedTuple):
    """A search under way."""

    response: http.client.HTTPResponse
    connection: http.client.HTTPConnection
    server: Program
    pacs: ScriptedPacs


Ask = Callable[..., Asked]


@pytest.fixture
def ask(gunicorn, tmp_path: Path) -> Iterator[Ask]:
    pacs: list[ScriptedPacs] = []
    connections: list[http.client.HTTPConnection] = []

    def call(script: Script, **environment: str) -> Asked:
        pacs.append(ScriptedPacs(script))
        path = tmp_path / "pacs.toml"
        port = pacs[0].entity.port
        path.write_text(f'[pacs.long]\nhost = "127.0.0.1"\nport = {port}\nae_title = "LONG"\n')
        server = gunicorn(PACS_CONFIG=str(path), **environment).serving()
        connection = http.client.HTTPConnection("127.0.0.1", server.client.port, timeout=PATIENCE)
        connections.append(connection)
        connection.request("GET", "/dicom-web/long/studies")
        return Asked(connection.getresponse(), connection, server, pacs[-1])

    yield call
    for connection in connections:
        connection.close()
    for each in pacs:
        each.finish()


def test_a_long_answer_is_whole(ask):
    response, *_ = ask(finishes)
    with response:
        assert (response.status, response.headers["Transfer-Encoding"]) == (200, "chunked")
        rows = json.loads(response.read())
    assert len({row["0020000D"]["Value"][0] for row in rows}) == ROWS


def test_a_long_answer_that_fails_cannot_be_taken_for_a_whole_one(ask):
    response, _, server, _ = ask(closes)
    with response:
        assert response.status == 200
        with pytest.raises(http.client.IncompleteRead) as caught:
            response.read()
    assert not caught.value.partial.endswith(b"]")
    [line] = [each for each in server.printed().splitlines() if "an answer broke off" in each]
    assert f"[{response.headers['X-Correlation-ID']}]" in line
    assert "Traceback" not in server.printed()


def test_a_client_that_leaves_a_long_answer_is_no_defect(ask):
    response, connection, server, _ = ask(sends_studies_until_nobody_reads)
    response.close()
    connection.close()
    server.end()
    assert "Traceback" not in server.printed()


def test_a_client_that_does_not_read_does_not_hold_the_pacs_for_ever(ask):
    response, _, server, pacs = ask(sends_more_than_buffers_hold, QUERY_TIMEOUT="2")
    pacs.finish()
    assert response.status == 200
    assert "DOE" not in server.printed()
