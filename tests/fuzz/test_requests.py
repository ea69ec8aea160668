"""Methods, paths, queries and headers of every kind, at every endpoint."""

import string
from io import BytesIO
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.http.conftest import ContractClient, openapi_document

from .checking import check
from .conftest import share

KNOWN = [*openapi_document()["paths"], "/docs", "/redoc", "/openapi.json",
         "/docs/assets/favicon.png", "/docs/assets/", "/"]  # fmt: skip
METHODS = st.sampled_from(
    ["GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "QUERY"]
) | st.text(string.ascii_uppercase + "-_^'", min_size=1, max_size=20)
TAILS = st.sampled_from(
    ["", "", "", "/", "//", "/..", "/../q", "/%2e%2e/q", "%00", "%0d%0aX: y", "\x00", ";a=b", "é",
     "%ff", "%c0%af", "😀", "\\", "/" + "a" * 8000, "/.", "*", "/{}", "%", "%zz"]
) | st.text(max_size=10)  # fmt: skip
PATHS = st.tuples(st.sampled_from(KNOWN), TAILS).map("".join)
# What WSGI hands on: latin-1, without line breaks.
WORDS = st.text(st.characters(max_codepoint=0xFF, exclude_characters="\r\n"), max_size=40)
QUERIES = st.sampled_from(
    ["", "a=b", "=", "&&", "%", "%00", "a[]=1", "__proto__=1", "\xff", "x=" + "9" * 8000,
     "pacs_ip=\r\n"]
) | WORDS  # fmt: skip

HEADERS = st.dictionaries(
    st.sampled_from(
        ["X_CORRELATION_ID", "CONTENT_TYPE", "ACCEPT", "ACCEPT_ENCODING", "ACCEPT_CHARSET", "HOST",
         "RANGE", "IF_NONE_MATCH", "IF_MODIFIED_SINCE", "IF_RANGE", "COOKIE", "AUTHORIZATION",
         "EXPECT", "ORIGIN", "REFERER", "USER_AGENT", "FORWARDED", "X_FORWARDED_FOR",
         "X_FORWARDED_PROTO", "X_FORWARDED_HOST", "X_FORWARDED_PORT", "X_FORWARDED_PREFIX",
         "X_HTTP_METHOD_OVERRIDE", "TRANSFER_ENCODING", "UPGRADE", "CONNECTION", "X_UNKNOWN"]
    ),
    WORDS
    | st.sampled_from(
        ["*", "a" * 64, "a" * 8000, "application/json", "bytes=0-", "bytes=5-1,x", "[::1", "a b:x",
         "x:99999", "//evil.example", "/a/../b", "'\"><script>", "chunked", "Thu, 01 Jan 1970",
         '"', 'W/"', "text/html;q=x", "100-continue", "a, b, c"]
    ),
    max_size=5,
)  # fmt: skip
LENGTHS = st.sampled_from(["", "0", "-1", "abc", "1", "99999999999999999999"])


@st.composite
def environs(draw: st.DrawFn) -> dict[str, Any]:
    """Return a request as a server hands it on: decoded paths, text that is latin-1."""
    path = draw(PATHS).encode("utf-8", "surrogatepass").decode("latin-1")
    return {
        "REQUEST_METHOD": draw(METHODS),
        "PATH_INFO": path,
        "QUERY_STRING": draw(QUERIES),
        "wsgi.input": BytesIO(draw(st.sampled_from([b"", b"{}", b"[]", b"\xff"]))),
        **draw(st.fixed_dictionaries({}, optional={"CONTENT_LENGTH": LENGTHS})),
        **{
            ("" if name == "CONTENT_TYPE" else "HTTP_") + name: value
            for name, value in draw(HEADERS).items()
        },
    }


@given(environs(), st.booleans())
@share(20)
def test_whatever_the_request_is_the_answer_is_one_of_the_contract(
    gateway: ContractClient,
    proxied_gateway: ContractClient,
    environ: dict[str, Any],
    is_proxied: bool,
) -> None:
    client = proxied_gateway if is_proxied else gateway

    check(client.open(environ_overrides=environ))
