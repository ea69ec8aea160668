"""Whom the gateway may not talk to: 403, before any packet to the target."""

import contextlib
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from pydicom.dataset import Dataset

from tests.dimse.conversation import Conversation
from tests.dimse.scripted_pacs import Script, ScriptedPacs
from tests.dimse.scripts import a_study, finds

from .conftest import ContractClient
from .real import a_gateway

PATIENT_ID = ContractClient.body()["patient_id"]


@dataclass
class Listener:
    """A socket that listens and never accepts: whoever connected waits in its queue."""

    host: str
    port: int = 0
    sock: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        self.sock = socket.create_server((self.host, self.port))
        self.sock.setblocking(False)
        self.port = self.sock.getsockname()[1]

    def connections(self) -> int:
        """Take all connections that were made."""
        count = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                self.sock.accept()[0].close()
                count += 1
        return count


@dataclass
class Network:
    """What the process asks of the network: names looked up, addresses connected to."""

    names: dict[str, list[list[str]]] = field(default_factory=dict)
    looked_up: list[str] = field(default_factory=list)
    connected: list[tuple[str, int]] = field(default_factory=list)

    def knows(self, name: str, *answers: list[str]) -> None:
        """Let look-ups of the name have these answers, one after the other, the last for ever."""
        self.names[name] = list(answers)

    def look_up(self, host: str, port: int, **_options: object) -> list[object]:
        self.looked_up.append(host)
        answers = self.names[host]
        addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        return [
            (socket.AF_INET6 if ":" in each else socket.AF_INET, socket.SOCK_STREAM, 6, "",
             (each, port))
            for each in addresses
        ]  # fmt: skip


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    network = Network()
    real = socket.socket.connect_ex

    def connect_ex(sock: socket.socket, address: tuple[str, int]) -> int:
        network.connected.append(address[:2])
        return real(sock, address)

    monkeypatch.setattr(socket, "getaddrinfo", network.look_up)
    monkeypatch.setattr(socket.socket, "connect_ex", connect_ex)
    return network


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener("127.0.0.1")
    with listener.sock:
        yield listener


@pytest.fixture
def pacs_with() -> Iterator[Callable[..., ScriptedPacs]]:
    with contextlib.ExitStack() as running:

        def make(*scripts: Script) -> ScriptedPacs:
            pacs = ScriptedPacs(*scripts)
            running.callback(pacs.finish)
            return pacs

        yield make


def own_study(**attributes: object) -> Dataset:
    return a_study(patient_id=PATIENT_ID, **attributes)


def forbidden(response) -> None:
    assert response.status_code == 403
    assert response.json["error"] == "target_not_allowed"
    assert set(response.json) == {"code", "status", "error", "message", "correlation_id"}


@pytest.mark.parametrize("endpoint", ["q", "qr"])
@pytest.mark.parametrize(
    ("allowed", "pacs_ip"),
    [
        ("10.0.0.0/8", "127.0.0.1"),
        ("127.0.0.1:1", "127.0.0.1"),
        ("127.0.0.2/31", "127.0.0.1"),
        ("[::1]", "127.0.0.1"),
        ("10.0.0.0/8", "::ffff:127.0.0.1"),
        ("localhost", "127.0.0.1"),
        ("other.example,10.0.0.0/8", "pacs.example"),
        ("pacs.example:1", "pacs.example"),
        ("", "0.0.0.0"),
        ("", "::"),
        ("", "::ffff:0.0.0.0"),
        ("0.0.0.0/0,::/0", "0.0.0.0"),
    ],
)
def test_a_target_that_is_not_allowed_is_403_and_sees_no_connection(
    network: Network, listener: Listener, endpoint: str, allowed: str, pacs_ip: str
) -> None:
    network.knows("pacs.example", ["127.0.0.1"])
    ask = getattr(a_gateway(ALLOWED_PACS=allowed), endpoint)

    forbidden(ask(pacs_ip=pacs_ip, pacs_port=listener.port))

    assert network.connected == []
    assert listener.connections() == 0


@pytest.mark.parametrize("named", [False, True], ids=["as an address", "as a name's address"])
@pytest.mark.parametrize("allowed", ["", "0.0.0.0/0,::/0,pacs.example"], ids=["default", "named"])
@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "fe80::1", "fd00:ec2::254", "224.0.0.1", "ff02::1", "255.255.255.255",
     "::ffff:169.254.169.254", "64:ff9b::169.254.169.254", "2002:a9fe:a9fe::1"],
)  # fmt: skip
def test_where_no_pacs_is_nobody_connects_whatever_the_list_says(
    network: Network, address: str, allowed: str, named: bool
) -> None:
    network.knows("pacs.example", [address])

    forbidden(a_gateway(ALLOWED_PACS=allowed).q(pacs_ip="pacs.example" if named else address))

    assert network.connected == []
    assert network.looked_up == (["pacs.example"] if named else [])


@pytest.mark.parametrize(
    ("allowed", "pacs_ip"),
    [
        ("", "127.0.0.1"),
        ("127.0.0.0/8", "127.0.0.1"),
        ("[::1]:104, 127.0.0.1:{port}", "127.0.0.1"),
        ("pacs.example", "PACS.Example"),
        ("pacs.example:{port}", "pacs.example"),
        ("127.0.0.1", "pacs.example"),
    ],
)
def test_a_target_that_is_allowed_is_asked(
    network: Network, pacs_with: Callable[..., ScriptedPacs], allowed: str, pacs_ip: str
) -> None:
    pacs = pacs_with(finds(own_study()))
    network.knows(pacs_ip, ["127.0.0.1"])
    client = a_gateway(ALLOWED_PACS=allowed.format(port=pacs.entity.port))

    assert client.q(pacs_ip=pacs_ip, pacs_port=pacs.entity.port).status_code == 200
    assert network.connected == [("127.0.0.1", pacs.entity.port)]


@pytest.mark.parametrize("allowed", ["", "127.0.0.0/8"])
def test_of_a_names_addresses_only_those_that_are_allowed_are_connected_to(
    network: Network, pacs_with: Callable[..., ScriptedPacs], allowed: str
) -> None:
    pacs = pacs_with(finds(own_study()))
    network.knows("pacs.example", ["169.254.169.254", "::", "127.0.0.1", "fe80::1"])

    answer = a_gateway(ALLOWED_PACS=allowed).q(pacs_ip="pacs.example", pacs_port=pacs.entity.port)

    assert answer.status_code == 200
    assert network.connected == [("127.0.0.1", pacs.entity.port)]


@pytest.mark.parametrize("second", ["169.254.169.254", "127.0.0.2"])
def test_the_address_that_was_judged_is_the_one_connected_to_whatever_the_name_says_next(
    network: Network, pacs_with: Callable[..., ScriptedPacs], second: str
) -> None:
    pacs = pacs_with(rejects_transiently, rejects_transiently, finds(own_study()))
    network.knows("pacs.example", ["127.0.0.1"], [second])
    client = a_gateway(ALLOWED_PACS="127.0.0.1")

    answer = client.q(pacs_ip="pacs.example", pacs_port=pacs.entity.port)

    assert answer.status_code == 200
    assert network.looked_up == ["pacs.example"]
    assert network.connected == [("127.0.0.1", pacs.entity.port)] * 3


def rejects_transiently(peer: Conversation) -> None:
    peer.reject(2, 3, 1)


def test_the_association_of_the_c_move_is_judged_anew(
    network: Network, pacs_with: Callable[..., ScriptedPacs]
) -> None:
    pacs = pacs_with(finds(own_study()))
    network.knows("pacs.example", ["127.0.0.1"], ["127.0.0.2"])
    client = a_gateway(ALLOWED_PACS="127.0.0.1")

    answer = client.qr(pacs_ip="pacs.example", pacs_port=pacs.entity.port)

    assert answer.status_code == 502
    assert answer.json["error"] == "move_failed"
    assert "policy" in answer.json["retrieve_details"][0]["message"]
    assert network.connected == [("127.0.0.1", pacs.entity.port)]


@pytest.mark.parametrize("destination", ["OTHER", "workstation", "WORKSTATIO", "WORKSTATION2"])
def test_a_destination_that_is_not_allowed_is_403_before_the_query(
    network: Network, listener: Listener, destination: str
) -> None:
    network.knows("pacs.example", ["127.0.0.1"])
    client = a_gateway(ALLOWED_DESTINATIONS="WORKSTATION,MY NODE")

    forbidden(
        client.qr(pacs_ip="pacs.example", pacs_port=listener.port, c_move_ae_title=destination)
    )

    assert network.looked_up == []
    assert listener.connections() == 0


@pytest.mark.parametrize("destination", ["WORKSTATION", " MY NODE "])
def test_a_destination_that_is_allowed_is_moved_to(
    pacs_with: Callable[..., ScriptedPacs], destination: str
) -> None:
    pacs = pacs_with(finds(own_study()), moves_all)
    client = a_gateway(ALLOWED_DESTINATIONS="WORKSTATION, MY NODE")

    answer = client.qr(pacs_ip="127.0.0.1", pacs_port=pacs.entity.port, c_move_ae_title=destination)

    assert answer.status_code == 200
    [request] = pacs.conversations[1].requests
    assert request.command.MoveDestination == destination.strip()


def moves_all(peer: Conversation) -> None:
    peer.accept()
    peer.read_request()
    peer.respond(0x0000, NumberOfCompletedSuboperations=1, NumberOfFailedSuboperations=0)
    peer.serve_release()


def test_destinations_are_no_matter_of_a_query(pacs_with: Callable[..., ScriptedPacs]) -> None:
    pacs = pacs_with(finds(own_study()))
    client = a_gateway(ALLOWED_DESTINATIONS="WORKSTATION")

    assert client.q(pacs_ip="127.0.0.1", pacs_port=pacs.entity.port).status_code == 200


def test_a_request_that_breaks_a_rule_is_400_before_its_target_is_judged(network: Network) -> None:
    client = a_gateway(ALLOWED_PACS="10.0.0.0/8", ALLOWED_DESTINATIONS="WORKSTATION")

    answer = client.qr(pacs_ip="127.0.0.1", c_move_ae_title="OTHER", patient_id="*")

    assert list(answer.json["errors"]) == ["patient_id"]
    assert network.looked_up == network.connected == []
