"""nginx in front of gunicorn, as deploy/nginx.conf sets it up."""

import contextlib
import getpass
import socket
import ssl
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MORE_THAN_THE_THREADS = 8


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=127.0.0.1"
        " -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out certificate.pem"
    )
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture
def gateway(gunicorn):
    """The gateway that nginx asks; it has two threads."""
    return gunicorn(TRUSTED_PROXIES="1", WEB_THREADS="2").serving()


@pytest.fixture
def nginx(start, gateway, certificate, free_port, substituted, tmp_path):
    port = free_port()
    temporary = "".join(
        f"    {kind}_temp_path {tmp_path}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    configuration = tmp_path / "nginx.conf"
    configuration.write_text(
        substituted(
            ROOT / "deploy" / "nginx.conf",
            {
                "user www-data;": f"user {getpass.getuser()};\ndaemon off;",
                "/run/nginx.pid": f"{tmp_path}/nginx.pid",
                "/var/log/nginx": tmp_path,
                "http {\n": f"http {{\n{temporary}",
                "127.0.0.1:8080": f"127.0.0.1:{gateway.client.port}",
                "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
                "/etc/nginx/tls/gateway.crt": certificate / "certificate.pem",
                "/etc/nginx/tls/gateway.key": certificate / "key.pem",
            },
        )
    )
    program = start(["/usr/sbin/nginx", "-c", configuration], port)
    program.client.tls = ssl.create_default_context(cafile=certificate / "certificate.pem")
    return program.serving()


def test_the_gateway_is_served_over_tls(nginx, assert_serves):
    assert_serves(nginx.client)


def test_the_gateway_is_served_under_a_path_prefix(nginx, assert_serves):
    nginx.client.prefix = "/pacs-gateway"
    assert_serves(nginx.client)
    servers = nginx.client.get("/openapi.json").json["servers"]
    assert [server["url"].rstrip("/") for server in servers] == ["/pacs-gateway"]


def test_a_caller_cannot_choose_the_prefix(nginx):
    document = nginx.client.get("/openapi.json", **{"X-Forwarded-Prefix": "/evil"})
    assert b"evil" not in document.body


def test_the_documentation_is_reachable_under_the_prefix(nginx):
    nginx.client.prefix = "/pacs-gateway"
    page = nginx.client.get("/docs")
    assert page.status in (200, 301, 302, 308)
    if page.status != 200:
        assert "/pacs-gateway/docs" in page.headers["Location"]


def test_a_body_that_is_too_large_is_refused_in_the_gateways_words(nginx, query):
    refused = nginx.client.post("/q", {**query, "patient_id": "x" * 100_000})
    assert refused.status == 413
    assert refused.json["error"] == "request_too_large"


def test_slow_clients_hold_none_of_the_gateways_threads(nginx):
    address = ("127.0.0.1", nginx.client.port)
    head = b"POST /q HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 999"
    with contextlib.ExitStack() as slow:
        for _ in range(MORE_THAN_THE_THREADS):
            plain = slow.enter_context(socket.create_connection(address))
            client = nginx.client.tls.wrap_socket(plain, server_hostname="127.0.0.1")
            slow.enter_context(client).sendall(head + b"\r\n\r\n{")
        assert nginx.client.get("/health").status == 200


def test_nginx_takes_the_file_without_a_warning(nginx):
    assert nginx.printed() == ""
