"""Headless Chromium on the documentation pages, with no way out but the gateway itself."""

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import make_server

from dicom_qr_gateway.app import create_app
from dicom_qr_gateway.config import Settings
from dicom_qr_gateway.sandbox import Sandbox

ROOT = Path(__file__).parents[2]
PREFIX = "/pacs-gateway"
CHROMIUM_ARGUMENTS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--no-first-run",
]


class Visit:
    """A page, and everything that it asked for, printed and complained about."""

    def __init__(self, page: Page, root: str) -> None:
        self.page = page
        self.root = root
        self.requests: list[Request] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request))
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("requestfailed", lambda request: self.complaints.append(request.url))

    def _note(self, message) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def strangers(self) -> list[str]:
        """Return the addresses outside the gateway's origin that the page asked for."""
        origin = urlsplit(self.root).netloc
        return [
            request.url
            for request in self.requests
            if urlsplit(request.url).scheme not in ("data", "blob")
            and urlsplit(request.url).netloc != origin
        ]


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """The demo PACS on its usual ports: the documentation's examples name them."""
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def gateway(sandbox: Sandbox) -> Iterator[str]:
    """The URL of a gateway that is reachable both at its root and under a path prefix."""
    app = create_app(Settings.from_environ({"PACS_CONFIG": str(ROOT / "deploy/pacs.toml")}))
    server = make_server("127.0.0.1", 0, DispatcherMiddleware(app, {PREFIX: app}), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    executable = shutil.which("chromium")
    assert executable, "chromium is not installed"
    # Chromium's sandbox does not run as root.
    arguments = [*CHROMIUM_ARGUMENTS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(params=["", PREFIX], ids=["at the root", "under a path prefix"])
def root(request: pytest.FixtureRequest, gateway: str) -> str:
    return gateway + request.param


@pytest.fixture
def visit(browser: Browser, root: str) -> Iterator[Visit]:
    page = browser.new_page()
    yield Visit(page, root)
    page.close()
