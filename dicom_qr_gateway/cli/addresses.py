"""Where servers listen, and where a client on this machine finds them."""

import errno
import http.client
import socket

import click

ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def split(bind: str) -> tuple[str, int]:
    """Return host and port of ``host:port`` or ``[v6]:port``."""
    host, _, port = bind.rpartition(":")
    return host.strip("[]"), int(port)


def reachable(bind: str) -> str:
    """Return ``host:port`` as a client on this machine writes it in a URL."""
    host, port = split(bind)
    host = ANY_ADDRESS.get(host, host)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def require_free(host: str, port: int, remedy: str) -> None:
    """Raise a ClickException, one line, if nobody can listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        why = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used ({error})"
        raise click.ClickException(f"Port {port} of {host} {why}: {remedy}") from None


def accepts(host: str, port: int) -> bool:
    """Tell whether somebody takes connections there."""
    try:
        socket.create_connection((host, port), timeout=2).close()
    except OSError:
        return False
    return True


def answers(address: str, path: str) -> bool:
    """Tell whether a GET is answered with 200. No proxy of the environment is asked."""
    connection = http.client.HTTPConnection(address, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
