"""The misbehaving PACS in a terminal."""

from collections.abc import Callable

from dicom_qr_gateway.sandbox.misbehaving.ports import PORT_FAULTS
from dicom_qr_gateway.sandbox.misbehaving.registry import FAULTS
from dicom_qr_gateway.sandbox.misbehaving.server import PACE, PORT, MisbehavingPacs
from dicom_qr_gateway.sandbox.server import stop_requests


def serve_misbehaving(
    *,
    host: str = "127.0.0.1",
    port: int = PORT,
    pace: float = PACE,
    stop_with_parent: bool = False,
    echo: Callable[[str], object],
) -> None:
    """Run a misbehaving PACS until SIGTERM or SIGINT; call it from the main thread.

    Args:
        host, port, pace: as for ``MisbehavingPacs``.
        stop_with_parent: also end at the end of standard input, a pipe that the parent holds.
        echo: where it says what listens where, and which fault each association meets.

    Raises:
        CannotListen: a port is in use.
    """
    pacs = MisbehavingPacs(host=host, port=port, pace=pace, tell=echo)
    with stop_requests(stop_with_parent) as requests, pacs:
        echo(describe(pacs))
        requests.get()


def describe(pacs: MisbehavingPacs) -> str:
    """Return the block that tells a user where it listens."""
    ports = ", ".join(f"{each.name} {pacs.port_of(each.name)}" for each in PORT_FAULTS)
    return (
        "Misbehaving PACS (--list says what there is)\n"
        f"  {len(FAULTS)} AE titles at {pacs.host}:{pacs.port},"
        " such as WELL-BEHAVED, RST-AFTER-1, HALF-PDU, SLOW-1BPS\n"
        f"  ports  {ports}"
    )
