"""A body is one JSON object with one meaning, or 400; never a 500."""

import io
import json

import pytest

BODY_PROBLEMS = {
    "empty": b"",
    "cut off": b'{"pacs_ip": ',
    "two values": b"{} {}",
    "trailing comma": b'{"a": 1,}',
    "comment": b"{} // yes",
    "single quotes": b"{'a': 1}",
    "array": b"[]",
    "string": b'"q"',
    "number": b"1",
    "null": b"null",
    "NaN": b'{"pacs_port": NaN}',
    "Infinity": b'{"pacs_port": Infinity}',
    "minus Infinity": b'{"pacs_port": -Infinity}',
    "byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "UTF-16 without mark": '{"a": 1}'.encode("utf-16-le"),
    "UTF-32": '{"a": 1}'.encode("utf-32"),
    "Latin-1": '{"patient_id": "Müller"}'.encode("latin-1"),
    "surrogate in UTF-8": b'{"patient_id": "\xed\xa0\x80"}',
    "overlong UTF-8": b'{"patient_id": "\xc0\xaf"}',
    "NUL": b"\x00",
    "raw control character": b'{"patient_id": "a\nb"}',
    "unterminated string": b'{"patient_id": "a',
    "unterminated escapes": b'"' + rb"\"" * 32_000,
    "only quotes": b'"' * 65_535,
    "21 levels": b"[" * 21 + b"]" * 21,
    "21 levels in a field": b'{"patient_id":' + b"[" * 20 + b"]" * 20 + b"}",
    "60,000 levels": b"[" * 60_000,
    "60,000 objects": b'{"a":' * 12_000,
    "leading zero": b'{"pacs_port": 0104}',
    "plus sign": b'{"pacs_port": +104}',
    "hexadecimal": b'{"pacs_port": 0x68}',
}


@pytest.mark.parametrize("body", BODY_PROBLEMS.values(), ids=BODY_PROBLEMS)
def test_what_is_not_one_strict_json_object_is_refused_as_a_body(client, queries, body):
    response = client.raw(body)

    assert response.status_code == 400
    assert response.json["error"] == "invalid_request"
    assert list(response.json["errors"]) == ["body"]
    assert queries.asked == []


def test_twenty_levels_are_read_and_brackets_in_strings_do_not_count(client):
    nested = client.raw(b'{"unknown":' + b"[" * 19 + b"]" * 19 + b"}")
    text = client.q(patient_id="[{" * 20)

    assert "unknown" in nested.json["errors"]
    assert text.status_code == 200


def test_a_field_given_twice_is_refused_under_its_name(client, queries):
    body = json.dumps({"pacs_ip": "192.0.2.1"})[:-1] + ', "pacs_ip": "192.0.2.2"}'

    response = client.raw(body)

    assert response.status_code == 400
    assert response.json["errors"] == {"pacs_ip": ["This field is given more than once."]}
    assert queries.asked == []


def test_a_field_given_twice_is_found_however_it_is_escaped(client):
    response = client.raw(rb'{"pacs_ip": "a", "pacs_i\u0070": "b"}')

    assert list(response.json["errors"]) == ["pacs_ip"]


@pytest.mark.parametrize("name", [r"\ud800", r"\udfff\ud800"])
@pytest.mark.parametrize("times", [1, 2])
def test_a_field_name_with_a_lone_surrogate_is_named_escaped(client, name, times):
    response = client.raw("{" + ",".join([f'"{name}": 1'] * times) + "}")

    assert response.status_code == 400
    assert name in response.json["errors"]


@pytest.mark.parametrize("digits", [20, 4_000, 4_301, 60_000])
@pytest.mark.parametrize("sign", ["", "-"])
def test_an_integer_of_any_length_is_refused_under_its_field(client, digits, sign):
    body = json.dumps({"pacs_port": 7}).replace("7", sign + "9" * digits)

    response = client.raw(body)

    assert response.json["errors"]["pacs_port"] == ["Give an integer from 1 to 65535."]


@pytest.mark.parametrize("number", ["104.0", "1.04e2", "1e400", "-0", "0", "1E2"])
def test_a_number_that_is_no_integer_in_range_is_refused_under_its_field(client, number):
    response = client.raw(json.dumps({"pacs_port": 7}).replace("7", number))

    assert response.json["errors"]["pacs_port"] == ["Give an integer from 1 to 65535."]


@pytest.mark.parametrize(
    "content_type",
    [None, "", "text/plain", "text/json", "application/x-www-form-urlencoded",
     "application/vnd.api+json", "application/jsonp", "multipart/form-data; boundary=x"],
)  # fmt: skip
def test_another_media_type_is_415_whatever_the_body(client, queries, content_type):
    response = client.post("/q", data=b"{}", content_type=content_type)

    assert response.status_code == 415
    assert response.json["error"] == "unsupported_media_type"
    assert queries.asked == []


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON", "application/json; charset=utf-8"]
)
def test_json_with_parameters_and_in_any_case_is_read(client, content_type):
    assert client.raw(b"{}", content_type).status_code == 400


def padded(length: int) -> bytes:
    return b"{" + b" " * (length - 2) + b"}"


def test_a_body_of_64_kib_is_read_and_one_more_byte_is_413(client, queries):
    fits = client.raw(padded(64 * 1024))
    beyond = client.raw(padded(64 * 1024 + 1))

    assert fits.status_code == 400
    assert beyond.status_code == 413
    assert beyond.json["error"] == "request_too_large"
    assert queries.asked == []


class Endless:
    """A chunked body that never ends."""

    def __init__(self) -> None:
        self.given = 0

    def read(self, size: int) -> bytes:
        self.given += size
        return b" " * size


def send(client, stream, **environ):
    return client.post(
        "/q",
        content_type="application/json",
        environ_overrides={"wsgi.input": stream, **environ},
    )


def send_chunked(client, stream):
    return send(client, stream, **{"wsgi.input_terminated": True})


def test_an_endless_chunked_body_is_413_and_not_read_beyond_the_limit(client):
    stream = Endless()

    response = send_chunked(client, stream)

    assert response.status_code == 413
    assert stream.given == 64 * 1024 + 1


def test_an_announced_body_beyond_the_limit_is_413_and_not_read_at_all(client):
    stream = Endless()

    response = send(client, stream, CONTENT_LENGTH=str(10**9))

    assert response.status_code == 413
    assert stream.given == 0


class Broken:
    """A body whose framing the server finds broken."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def read(self, _size: int) -> bytes:
        raise self.error


class ServersOwnError(Exception):
    pass


@pytest.mark.parametrize("error", [OSError("x"), ValueError("x"), ServersOwnError("x")])
def test_a_body_that_cannot_be_read_to_its_end_is_400(client, error):
    response = send_chunked(client, Broken(error))

    assert response.status_code == 400
    assert list(response.json["errors"]) == ["body"]


@pytest.mark.parametrize("terminated", [{}, {"wsgi.input_terminated": True}])
def test_a_body_shorter_than_announced_is_400(client, terminated):
    response = send(client, io.BytesIO(b"{}"), CONTENT_LENGTH="10", **terminated)

    assert response.status_code == 400
    assert list(response.json["errors"]) == ["body"]
