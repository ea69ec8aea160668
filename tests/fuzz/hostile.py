"""Request bodies that were made to break a parser: almost valid, or not at all."""

import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

# Both sides of every length that a field or a body may have.
LENGTHS = st.sampled_from([0, 1, 16, 17, 64, 65, 253, 254, 60_000, 65_536, 1_000_000])
DEPTHS = st.sampled_from([1, 19, 20, 21, 1_000, 30_000, 100_000])
DIGITS = st.sampled_from([1, 5, 19, 20, 21, 400, 4_300, 4_301, 60_000])

HOSTS = st.sampled_from(
    ["127.0.0.1", "127.255.255.254", "::1", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1", "localhost",
     "pacs.example", "a.example", "b.example", "c.example", "d.example", "e.example", "10.0.0.1",
     "169.254.169.254", "::ffff:a9fe:a9fe", "0.0.0.0", "::", "ff02::1", "203.0.113.7"]
)  # fmt: skip
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | HOSTS
    | st.integers().map(str)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


def nested(depth: int) -> st.SearchStrategy[str]:
    """Return values so many levels deep, closed or not."""
    return st.sampled_from(
        ["[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth, "[" * depth,
         '[{"a":' * depth]
    )  # fmt: skip


# JSON texts, and what only looks like them.
TEXTS = st.one_of(
    VALUES.map(json.dumps),
    st.sampled_from(
        ["NaN", "Infinity", "-Infinity", "1e999", "-0", "104.0", "1.04e2", "0104", "+104", "0x68",
         ".5", "5.", "1_0", "\u0661", "True", "undefined", "'a'", "", ",", ":", "/**/1", '"104"',
         '"\\ud800"', '"\\udc00\\ud800"', '"\\u0000"', '"\x00"', '"\x1f"', '"\t"', '"\x7f"',
         '"\\x41"', '"\\u00"', '"\u2028"', '"\ud800"', '"\ufeff"', '"a', '{"__proto__": {}}',
         '{"$ref": "#"}', '["CT", "ct"]', '["CT", null]', '[["CT"]]', '"1\\n2"', '"*"', '"\\\\"']
    ),
    LENGTHS.flatmap(lambda n: st.sampled_from(["A", "é", "\\n", "\\\\", "😀"]).map(
        lambda piece: f'"{piece * n}"')),
    DIGITS.flatmap(lambda n: st.sampled_from(["{}", "-{}", "{}.5", "1e{}", '"{}"']).map(
        lambda form: form.format("9" * n))),
    DEPTHS.flatmap(nested),
)  # fmt: skip
NAMES = st.one_of(
    st.sampled_from(
        ["__proto__", "constructor", "prototype", "__class__", "_schema", "", "Pacs_ip", "pacs_ip ",
         "correlation_id", "error", "pacs"]
    ).map(json.dumps),
    st.sampled_from(['"\\u0070acs_ip"', '"pacs_i\\u0070"', '"\\ud800"', '"a', "a", "1", "null"]),
    st.text(max_size=12).map(json.dumps),
)  # fmt: skip

Pairs = list[tuple[str, str]]


@st.composite
def objects(draw: st.DrawFn, valid: dict[str, Any]) -> str:
    """Return the text of an object that is valid but for a few pairs."""
    pairs = [(json.dumps(name), json.dumps(value)) for name, value in valid.items()]
    for _ in range(draw(st.integers(0, 3))):
        change = draw(st.sampled_from([replace_value, add_pair, repeat_pair, leave_out]))
        pairs = change(draw, pairs)
    separator = draw(st.sampled_from([",", " , ", ",\n", ",\t", ",,"]))
    return "{" + separator.join(f"{name}:{value}" for name, value in pairs) + "}"


def replace_value(draw: st.DrawFn, pairs: Pairs) -> Pairs:
    where = draw(st.integers(0, len(pairs) - 1)) if pairs else 0
    return [(name, draw(TEXTS) if at == where else value) for at, (name, value) in enumerate(pairs)]


def add_pair(draw: st.DrawFn, pairs: Pairs) -> Pairs:
    return [*pairs, (draw(NAMES), draw(TEXTS))]


def repeat_pair(draw: st.DrawFn, pairs: Pairs) -> Pairs:
    return [*pairs, *pairs[:1], *draw(st.permutations(pairs))[:1]]


def leave_out(draw: st.DrawFn, pairs: Pairs) -> Pairs:
    return draw(st.permutations(pairs))[1:]


# Most stay as they are: what is broken twice is refused for the first reason.
ENCODINGS = st.sampled_from(
    ["utf-8"] * 8
    + ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7", "latin-1", "cp037"]
)


def encoded(text: str, encoding: str) -> bytes:
    handler = "surrogatepass" if encoding.startswith("utf-") else "replace"
    return text.encode(encoding, "replace" if encoding == "utf-7" else handler)


def at_some_byte(
    change: Callable[[bytes, bytes], bytes],
) -> Callable[..., st.SearchStrategy[bytes]]:
    def changed(body: bytes) -> st.SearchStrategy[bytes]:
        return st.integers(0, len(body)).map(lambda at: change(body[:at], body[at:]))

    return changed


BYTES: tuple[Callable[[bytes], st.SearchStrategy[bytes]], ...] = (
    at_some_byte(lambda before, after: before),
    at_some_byte(lambda before, after: before + b"\x00" + after),
    at_some_byte(lambda before, after: before + b"\xff" + after[1:]),
    at_some_byte(lambda before, after: before + b"\xed\xa0\x80" + after),
    at_some_byte(lambda before, after: before + before),
    lambda body: st.just(b"[" + body + b"]"),
    lambda body: st.just(body + body),
    lambda body: st.binary(max_size=20).map(lambda more: body + more),
    lambda body: st.sampled_from([1, 65_000, 1_000_000]).map(lambda n: b" " * n + body),
)


@st.composite
def bodies(draw: st.DrawFn, valid: dict[str, Any]) -> bytes:
    """Return a body: an object as above, any JSON, or any bytes; in some encoding, perhaps cut."""
    texts = objects(valid) | TEXTS if draw(st.booleans()) else objects(valid)
    body = encoded(draw(texts), draw(ENCODINGS))
    if draw(st.integers(0, 4)) == 0:
        body = draw(draw(st.sampled_from(BYTES))(body))
    return body if draw(st.integers(0, 19)) else draw(st.binary(max_size=100))
