"""What the tests of the documents share: Markdown taken apart, a sandbox, a served gateway.

Rule: a document is read as its reader reads it, by headings, tables and fenced blocks.
"""

import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from threading import Thread

import pytest
from flask import Flask
from werkzeug.serving import make_server

from dicom_qr_gateway.app import create_app
from dicom_qr_gateway.config import Settings
from dicom_qr_gateway.dicom.types import ApplicationEntity
from dicom_qr_gateway.named_pacs import NamedPacs
from dicom_qr_gateway.sandbox.server import Sandbox

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Document:
    """One Markdown file."""

    path: Path

    @property
    def text(self) -> str:
        return self.path.read_text("utf-8")

    @property
    def prose(self) -> str:
        """The text without its fenced blocks."""
        return _FENCED.sub("", self.text)

    @property
    def headings(self) -> list[str]:
        return [found[2] for found in _HEADING.finditer(self.prose)]

    @property
    def anchors(self) -> set[str]:
        """What links may name after ``#``."""
        return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in self.headings}

    @property
    def links(self) -> list[str]:
        return _LINK.findall(self.prose)

    @property
    def quotes(self) -> list[str]:
        return re.findall(r"^> (.+)$", self.text, re.MULTILINE)

    def section(self, heading: str) -> str:
        """The text from a heading to the next one, of whatever depth."""
        _, found, rest = f"\n{self.text}".partition(f"# {heading}\n")
        assert found, f"{self.path.name} has no heading {heading!r}"
        return _HEADING.split(rest, maxsplit=1)[0]

    def table(self, heading: str) -> list[list[str]]:
        """The rows of the table of a section, without its head."""
        return rows(self.section(heading))

    def shell_lines(self) -> list[str]:
        """Every command of the ``sh`` blocks."""
        blocks = [text for language, text in _FENCED.findall(self.text) if language == "sh"]
        return [line for block in blocks for line in block.splitlines()]


@dataclass(frozen=True)
class CurlExample:
    """A request, and the answer that is printed below it."""

    url: str
    headers: dict[str, str]
    body: str
    status: int
    answer: str


@dataclass(frozen=True)
class ConsoleExample:
    """A command line, and the output that is printed below it."""

    command: str
    output: str


def rows(text: str) -> list[list[str]]:
    lines = re.findall(r"^\|(.+)\|$", text, re.MULTILINE)
    cells = [[cell.strip() for cell in line.split("|")] for line in lines]
    rule = next(index for index, row in enumerate(cells) if set("".join(row)) <= set("-: "))
    return cells[rule + 1 :]


def read_curl_examples(document: Document) -> list[CurlExample]:
    pattern = r"```sh\n(curl .*?)```\n(.*?)```json\n(.*?)```"
    return [_curl_example(*found) for found in re.findall(pattern, document.text, re.DOTALL)]


def _curl_example(command: str, between: str, answer: str) -> CurlExample:
    command = command.replace("$(date +%Y%m%d)", f"{date.today():%Y%m%d}")
    curl, silent, url, *options = shlex.split(command)
    assert (curl, silent) == ("curl", "-s")
    headers, body = {}, ""
    for option, value in zip(options[::2], options[1::2], strict=True):
        if option == "-H":
            name, _, content = value.partition(": ")
            headers[name] = content
        else:
            assert option == "-d"
            body = value
    status = re.search(r"Status (\d{3})", between)
    assert status, f"no status is printed above the answer to {command}"
    return CurlExample(url, headers, body, int(status[1]), answer)


def read_console_examples(document: Document) -> list[ConsoleExample]:
    found = re.findall(r"```console\n\$ (.+)\n((?:.+\n)*)```", document.text)
    return [ConsoleExample(*each) for each in found]


README = Document(ROOT / "README.md")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test of each example and of each document."""
    if "curl_example" in metafunc.fixturenames:
        examples = read_curl_examples(README)
        names = [f"{each.url.rpartition('/')[2]}-{each.status}" for each in examples]
        metafunc.parametrize("curl_example", examples, ids=names)
    if "console_example" in metafunc.fixturenames:
        commands = read_console_examples(README)
        metafunc.parametrize(
            "console_example", commands, ids=[each.command.split()[1] for each in commands]
        )
    if "document" in metafunc.fixturenames:
        names = [str(path.relative_to(ROOT)) for path in DOCUMENTS]
        metafunc.parametrize("document", [Document(path) for path in DOCUMENTS], ids=names)


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def readme() -> Document:
    return README


@pytest.fixture(scope="session")
def curl_examples() -> list[CurlExample]:
    return read_curl_examples(README)


@pytest.fixture(scope="session")
def console_examples() -> list[ConsoleExample]:
    return read_console_examples(README)


@pytest.fixture(scope="session")
def troubleshooting() -> Document:
    return Document(ROOT / "docs/troubleshooting.md")


@pytest.fixture(scope="session")
def conformance() -> Document:
    return Document(ROOT / "docs/conformance.md")


@pytest.fixture(scope="session")
def anchors_of() -> Callable[[Path], set[str]]:
    """What links may name in a file."""
    return lambda path: Document(path).anchors


@pytest.fixture(scope="session")
def app() -> Flask:
    return create_app(Settings.from_environ({"LOG_TO_CONSOLE": "false"}))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(port=0, destination_port=0) as running:
        yield running


@pytest.fixture(scope="module")
def gateway(app: Flask, sandbox: Sandbox) -> Iterator[str]:
    """``host:port`` of a gateway that is served over HTTP and knows the sandbox by its name."""
    peer = ApplicationEntity("127.0.0.1", sandbox.port, sandbox.ae_title)
    named = NamedPacs("sandbox", peer, "GATEWAY", "Demo PACS with synthetic patients")
    app.extensions["pacs"].replace([named])
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
