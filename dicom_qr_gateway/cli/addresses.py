"""Where servers listen, and where a client on this machine finds them."""

import errno
import socket

import click

ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def split(bind: str) -> tuple[str, int]:
    """Return host and port of ``host:port`` or ``[v6]:port``."""
    host, _, port = bind.rpartition(":")
    return host.strip("[]"), int(port)


def reachable(bind: str) -> tuple[str, int]:
    """Return host and port that a client on this machine connects to."""
    host, port = split(bind)
    return ANY_ADDRESS.get(host, host), port


def in_url(host: str, port: int) -> str:
    """Return ``host:port`` as a URL has it."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def require_free(host: str, port: int, option: str) -> None:
    """Raise a ClickException, one line, if nobody can listen there now.

    Args:
        host, port: where somebody is going to listen.
        option: how the user gives another address, as the end of a sentence.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        # Not socket.create_server: its errors are no gaierror and quote its arguments.
        with socket.socket(family) as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind((host, port))
            server.listen()
    except OSError as error:
        raise click.ClickException(_why_not(error, host, port, option)) from None


def _why_not(error: OSError, host: str, port: int, option: str) -> str:
    another = f"give another one {option}"
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is not an address of this machine: {another}."
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} of {host} is in use: end what listens there, or {another}."
    return f"Port {port} of {host} cannot be used ({error.strerror}): {another}."


def accepts(host: str, port: int) -> bool:
    """Tell whether somebody takes connections there."""
    try:
        socket.create_connection((host, port), timeout=2).close()
    except OSError:
        return False
    return True


def serves(host: str, port: int) -> bool:
    """Tell whether somebody takes connections there and looks at them.

    A server hangs up on a client that will send nothing. gunicorn's master, which listens before it
    has a worker, does not. Unlike a request, this leaves no line in the log.
    """
    try:
        with socket.create_connection((host, port), timeout=2) as connection:
            connection.shutdown(socket.SHUT_WR)
            return connection.recv(1) == b""
    except OSError:
        return False
