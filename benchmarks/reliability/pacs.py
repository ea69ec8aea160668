"""A PACS of canned bytes in a process of its own; the called AE title says how it behaves.

Rule: a behaviour is one coroutine a conversation. The same port is served on many addresses of
the loopback network, so that each address is a PACS of its own to the gateway's limits. For each
line of its standard input it prints how many conversations it holds by saying nothing.
"""

import asyncio
import contextlib
import socket
import struct
import sys
import zlib
from collections.abc import Awaitable, Callable

from pydicom.uid import DeflatedExplicitVRLittleEndian

from benchmarks.common import wire
from dicom_qr_gateway.dicom.associate import AssociateRQ
from dicom_qr_gateway.dicom.pdu import (
    Abort,
    AssociateRJ,
    DataTF,
    Fragment,
    Pdu,
    PduReader,
    ReleaseRP,
    ReleaseRQ,
    encode_pdu,
)

ADDRESSES = [f"127.0.0.{number}" for number in range(1, 41)]
STREAM_BYTES = 100 * 2**20
MANY_MATCHES = 10_000_000


class GatewayLeft(Exception):
    """The gateway ended the conversation."""


class Conversation:
    """One connection."""

    held = 0  # conversations that wait for this PACS now

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._pdus, self._requests = PduReader(), wire.RequestReader()

    async def pdu(self) -> Pdu:
        while (pdu := self._pdus.pop()) is None:
            data = await self._reader.read(1 << 16)
            if not data:
                raise GatewayLeft
            self._pdus.feed(data)
        return pdu

    async def request(self) -> wire.Request:
        """Return the next request; a release is answered and ends the conversation."""
        while True:
            pdu = await self.pdu()
            if isinstance(pdu, DataTF):
                request = self._requests.add(pdu)
                if request is not None:
                    return request
            elif isinstance(pdu, ReleaseRQ):
                await self.send(encode_pdu(ReleaseRP()))
            else:
                raise GatewayLeft

    async def accepted(self, proposal: AssociateRQ) -> wire.Request:
        """Accept the association; return its first request."""
        await self.send(wire.acceptance(proposal))
        return await self.request()

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def say_nothing(self) -> None:
        """Wait until the gateway gives up."""
        Conversation.held += 1
        try:
            while await self._reader.read(1 << 16):
                pass
        finally:
            Conversation.held -= 1

    def reset(self) -> None:
        """Close with a TCP reset."""
        sock: socket.socket = self._writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


async def _answers(peer: Conversation, proposal: AssociateRQ) -> None:
    """Answer every C-FIND with three studies of the patient; say nothing to a C-MOVE."""
    await peer.send(wire.acceptance(proposal))
    while True:
        request = await peer.request()
        if request.command_field == wire.C_MOVE:
            await peer.say_nothing()
            return
        matches = wire.matches_of(wire.patient_id_of(request.identifier))
        pending = [wire.response(request, wire.PENDING, match) for match in matches]
        await peer.send(b"".join(pending) + wire.response(request, wire.SUCCESS))


async def _has_nothing(peer: Conversation, proposal: AssociateRQ) -> None:
    request = await peer.accepted(proposal)
    await peer.send(wire.response(request, wire.SUCCESS))
    await peer.request()


async def _is_silent(peer: Conversation, proposal: AssociateRQ) -> None:
    await peer.say_nothing()


async def _aborts(peer: Conversation, proposal: AssociateRQ) -> None:
    await peer.accepted(proposal)
    await peer.send(encode_pdu(Abort(2, 0)))
    await peer.say_nothing()


async def _rejects(peer: Conversation, proposal: AssociateRQ) -> None:
    await peer.send(encode_pdu(AssociateRJ(1, 1, 7)))
    await peer.say_nothing()


async def _speaks_http(peer: Conversation, proposal: AssociateRQ) -> None:
    await peer.send(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")


async def _half_a_match(peer: Conversation, proposal: AssociateRQ) -> None:
    request = await peer.accepted(proposal)
    (match, *_) = wire.matches_of(wire.patient_id_of(request.identifier))
    await peer.send(wire.response(request, wire.PENDING, match)[:-20])


async def _resets(peer: Conversation, proposal: AssociateRQ) -> None:
    await _half_a_match(peer, proposal)
    peer.reset()


async def _fails(peer: Conversation, proposal: AssociateRQ) -> None:
    request = await peer.accepted(proposal)
    (match, *_) = wire.matches_of(wire.patient_id_of(request.identifier))
    await peer.send(wire.response(request, wire.PENDING, match))
    await peer.send(wire.response(request, wire.OUT_OF_RESOURCES))
    await peer.request()


async def _answers_of_another(peer: Conversation, proposal: AssociateRQ) -> None:
    request = await peer.accepted(proposal)
    (match, *_) = wire.matches_of("P0000001")
    await peer.send(wire.response(request, wire.PENDING, match))
    await peer.send(wire.response(request, wire.SUCCESS))
    await peer.request()


async def _one_endless_match(peer: Conversation, proposal: AssociateRQ) -> None:
    """Send one match of 100 MB, in fragments."""
    request = await peer.accepted(proposal)
    data = bytes(2**16)
    command = wire.response(request, wire.PENDING, b"")
    await peer.send(command[: -len(encode_pdu(DataTF((Fragment(1, False, True, b""),))))])
    piece = encode_pdu(DataTF((Fragment(request.context_id, False, False, data),)))
    for _ in range(STREAM_BYTES // len(data)):
        await peer.send(piece)
    await peer.say_nothing()


def _repeats(match: bytes, times: int) -> "Behaviour":
    """Send the same match again and again, then Success."""

    async def behaviour(peer: Conversation, proposal: AssociateRQ) -> None:
        request = await peer.accepted(proposal)
        (own,) = wire.matches_of(wire.patient_id_of(request.identifier), [match])
        at_once = max(2**16 // len(own), 1)
        pending = wire.response(request, wire.PENDING, own) * at_once
        for _ in range(times // at_once + 1):
            await peer.send(pending)
        await peer.send(wire.response(request, wire.SUCCESS))
        await peer.request()

    return behaviour


async def _deflates(peer: Conversation, proposal: AssociateRQ) -> None:
    """Accept with a transfer syntax never proposed, and answer 500 MB in half a megabyte."""
    await peer.send(wire.acceptance(proposal, DeflatedExplicitVRLittleEndian))
    request = await peer.request()
    bomb = zlib.compress(bytes(500 * 2**20), 9)[2:-4]
    await peer.send(wire.response(request, wire.PENDING, bomb))
    await peer.say_nothing()


Behaviour = Callable[[Conversation, AssociateRQ], Awaitable[None]]

# One character beyond the Basic Multilingual Plane makes Python keep four bytes for each.
_LONG_TEXT = "\N{LINEAR B SYLLABLE B008 A}" + "x" * 60_000

BEHAVIOURS: dict[str, Behaviour] = {
    "ANSWERS": _answers,
    "NOTHING": _has_nothing,
    "SILENT": _is_silent,
    "ABORTS": _aborts,
    "REJECTS": _rejects,
    "HTTP": _speaks_http,
    "HALF": _half_a_match,
    "RESETS": _resets,
    "FAILS": _fails,
    "ANOTHER": _answers_of_another,
    "ENDLESS": _one_endless_match,
    "LARGE": _repeats(wire.a_match(1, StudyDescription="x" * 60_000), STREAM_BYTES // 60_000),
    "WIDE": _repeats(wire.a_match(1, StudyDescription=_LONG_TEXT), STREAM_BYTES // 60_000),
    "MANY": _repeats(wire.a_match(1), MANY_MATCHES),
    "DEFLATES": _deflates,
}


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    peer = Conversation(reader, writer)
    with contextlib.suppress(GatewayLeft, ConnectionError), contextlib.closing(writer):
        proposal = await peer.pdu()
        if isinstance(proposal, AssociateRQ):
            await BEHAVIOURS[proposal.called_ae_title](peer, proposal)


async def main() -> None:
    """Listen on every address, print the port, serve and count until standard input ends."""
    servers = [await asyncio.start_server(_serve, ADDRESSES[0], 0, backlog=4096)]
    port = servers[0].sockets[0].getsockname()[1]
    for address in ADDRESSES[1:]:
        servers.append(await asyncio.start_server(_serve, address, port, backlog=4096))
    print(port, flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(Conversation.held, flush=True)


if __name__ == "__main__":
    asyncio.run(main())
