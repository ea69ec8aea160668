"""Named PACS under a real gunicorn: SIGHUP reads them again, and no fault ends the gateway."""

import os
import signal
import socket
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass
class Config:
    """The file at PACS_CONFIG, with tables for one port."""

    path: Path
    port: int
    ae_title: str

    def write(self, *names: str, **keys: object) -> None:
        further = "".join(f"{key} = {value}\n" for key, value in keys.items())
        self.path.write_text(
            "".join(
                f'[pacs.{name}]\nhost = "127.0.0.1"\nport = {self.port}\n'
                f'ae_title = "{self.ae_title}"\ncalling_ae_title = "{name.upper()}"\n{further}'
                for name in names
            )
        )


@pytest.fixture
def config(tmp_path, sandbox) -> Config:
    return Config(tmp_path / "pacs.toml", sandbox.port, sandbox.ae_title)


@pytest.fixture
def gateway(gunicorn, config) -> Callable:
    return lambda **environment: gunicorn(PACS_CONFIG=str(config.path), **environment)


def names(program) -> list[str]:
    return [each["name"] for each in program.client.get("/pacs").json["pacs"]]


def ask(program, name: str):
    return program.client.post("/q", {"pacs": name, "patient_id": "1112223333"})


def test_a_named_pacs_is_asked(gateway, config):
    config.write("main")
    answer = ask(gateway().serving(), "main")
    assert answer.status == 200
    assert len(answer.json["study_details"]) == 3


def test_a_file_with_a_fault_stops_the_start_with_a_line_for_each(gateway, config):
    config.path.write_text('[pacs.main]\nhost = "127.1"\nprot = 104\nport = 104\n')
    program = gateway()
    assert program.wait() != 0
    lines = program.printed().splitlines()
    begin = f"dicom-qr-gateway cannot start: {config.path}: pacs.main."
    assert [line.removeprefix(begin).split()[0] for line in lines] == [
        "prot", "host='127.1'", "ae_title",
    ]  # fmt: skip


def test_sighup_reads_the_file_again(gateway, config, eventually):
    config.write("main")
    program = gateway(WEB_CONCURRENCY="2").serving()
    config.write("main", "second")
    program.process.send_signal(signal.SIGHUP)
    eventually(lambda: names(program) == ["main", "second"], "both names")
    eventually(lambda: "has been read again: 2 PACS" in program.printed(), "a line in the log")
    assert ask(program, "second").status == 200


def test_a_broken_file_keeps_the_old_names_and_says_so(gateway, config, eventually):
    config.write("main")
    program = gateway().serving()
    former = program.children()
    config.path.write_text("[pacs.main]\nhost = 1\n")
    program.process.send_signal(signal.SIGHUP)
    eventually(lambda: set(program.children()).isdisjoint(former), "new workers")
    program.serving()
    assert names(program) == ["main"]
    assert ask(program, "main").status == 200
    line = f"PACS_CONFIG keeps its former content: {config.path}: pacs.main.host=1 is not accepted"
    assert line in program.printed()
    config.write("repaired")
    program.process.send_signal(signal.SIGHUP)
    eventually(lambda: names(program) == ["repaired"], "the repaired file")


@pytest.mark.parametrize("content", ["broken", None])
def test_a_worker_that_is_replaced_has_the_names_whatever_the_file_says(
    gateway, config, eventually, content
):
    config.write("main")
    program = gateway().serving()
    former = program.children()
    if content is None:
        config.path.unlink()
    else:
        config.path.write_text(content)
    os.kill(former[0], signal.SIGKILL)
    eventually(lambda: set(program.children()).isdisjoint(former), "another worker")
    program.serving()
    assert names(program) == ["main"]


def test_a_request_that_runs_while_the_file_is_read_again_is_answered(
    gateway, config, silent_pacs, eventually
):
    config.port = silent_pacs.port
    config.write("main")
    program = gateway(GRACEFUL_TIMEOUT="5").serving()
    with ThreadPoolExecutor(1) as background:
        answer = background.submit(ask, program, "main")
        silent_pacs.wait_for_a_connection()
        config.write("second")
        program.process.send_signal(signal.SIGHUP)
        eventually(lambda: names(program) == ["second"], "the new name")
        silent_pacs.connections[0].close()
        assert answer.result().json["error"] == "connection_lost"


def test_the_limit_of_a_pacs_holds_over_all_workers_and_names(gateway, config, silent_pacs):
    config.port = silent_pacs.port
    config.write("main", "second", max_associations=1)
    program = gateway(WEB_CONCURRENCY="2", QUEUE_TIMEOUT="0.2", ACSE_TIMEOUT="20").serving()
    by_address = {
        "pacs_ip": "127.0.0.1",
        "pacs_port": silent_pacs.port,
        "pacs_ae_title": "X",
        "c_find_ae_title": "X",
        "patient_id": "1",
    }
    with ThreadPoolExecutor(1) as background:
        first = background.submit(ask, program, "main")
        silent_pacs.wait_for_a_connection()
        for _ in range(4):
            assert ask(program, "second").json["error"] == "gateway_busy"
            assert program.client.post("/q", by_address).json["error"] == "gateway_busy"
        silent_pacs.connections[0].close()
        assert first.result().json["error"] == "connection_lost"


def test_the_sandbox_has_a_name_beside_those_of_the_file(start, free_port, eventually, config):
    config.write("main")
    port, pacs_port = free_port(), eventually(lambda: two_free_ports(free_port), "two free ports")
    command = [sys.executable, "-m", "dicom_qr_gateway.cli", "run", "--sandbox"]
    program = start(
        [*command, "--sandbox-port", str(pacs_port)],
        port,
        BIND=f"127.0.0.1:{port}",
        WEB_CONCURRENCY="1",
        PACS_CONFIG=str(config.path),
    ).serving()
    assert names(program) == ["main", "sandbox"]
    eventually(lambda: ask(program, "sandbox").status == 200, "an answer of the sandbox")
    config.write("second")
    gunicorn = eventually(lambda: master_of(program), "gunicorn's master")
    os.kill(gunicorn, signal.SIGHUP)
    eventually(lambda: names(program) == ["second", "sandbox"], "the new name")


def two_free_ports(free_port) -> int | None:
    port = free_port()
    try:
        socket.create_server(("127.0.0.1", port + 1)).close()
    except OSError:
        return None
    return port


def master_of(program) -> int | None:
    """Return the process of the two children that is gunicorn."""
    for pid in program.children():
        if b"gunicorn" in Path(f"/proc/{pid}/cmdline").read_bytes():
            return pid
    return None
