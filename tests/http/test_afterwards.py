"""What ends after an answer ends once, whatever becomes of the answer."""

import logging

import pytest
from flask import Flask, Response
from werkzeug.test import EnvironBuilder

from dicom_qr_gateway import afterwards as module
from dicom_qr_gateway import correlation
from dicom_qr_gateway.afterwards import afterwards

ENVIRON = EnvironBuilder("/", headers={correlation.HEADER: "caller-1"}).get_environ()


@pytest.fixture
def ended() -> list[str]:
    return []


@pytest.fixture
def app(ended: list[str]) -> Flask:
    """Return an application whose one view leaves something for afterwards, and says its body."""
    app = Flask("afterwards")
    module.init_app(app)
    correlation.init_app(app)

    @app.get("/", defaults={"length": 4})
    @app.get("/<int:length>")
    def view(length: int) -> str:
        for name in ("first", "second"):
            afterwards().callback(lambda name=name: ended.append(f"{name} {correlation.current()}"))
        return "x" * length

    return app


def test_it_ends_after_the_body_with_the_request_s_correlation_id(
    app: Flask, ended: list[str]
) -> None:
    answer = app(ENVIRON, lambda *_: None)
    assert (b"".join(answer), ended) == (b"xxxx", [])
    answer.close()
    assert ended == ["second caller-1", "first caller-1"]
    assert correlation.current() == "-"


def test_it_ends_before_an_answer_that_may_wait_for_its_reader(
    app: Flask, ended: list[str]
) -> None:
    environ = EnvironBuilder("/16385", headers={correlation.HEADER: "caller-1"}).get_environ()
    answer = app(environ, lambda *_: None)
    assert ended == ["second caller-1", "first caller-1"]
    answer.close()
    assert len(ended) == 2


def test_it_ends_where_no_answer_came_to_be(
    app: Flask, ended: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_response: Response) -> Response:
        raise KeyboardInterrupt

    app.after_request(interrupted)
    with pytest.raises(KeyboardInterrupt):
        app(ENVIRON, lambda *_: None)
    assert ended == ["second caller-1", "first caller-1"]


def test_a_request_that_leaves_nothing_has_nothing_to_end(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with app.test_client() as client:
        assert client.get("/unknown").status_code == 404
    assert caplog.text == ""
