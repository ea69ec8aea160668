"""What gunicorn is told."""

import os
import runpy
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from gunicorn.config import Config

from dicom_qr_gateway import gunicorn_config
from dicom_qr_gateway.config import Settings
from dicom_qr_gateway.connection_counts import ConnectionCounts
from dicom_qr_gateway.dicom.bulkheads import Bulkheads
from dicom_qr_gateway.dicom.types import Limits
from dicom_qr_gateway.lifecycle import Lifecycle
from dicom_qr_gateway.named_pacs import PacsDirectory

ROOT = Path(__file__).parents[2]


@pytest.fixture
def own_signals() -> Iterator[None]:
    former = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in former.items():
        signal.signal(number, handler)


class FakeWorker:
    """As much of gunicorn's worker as the hooks use."""

    def __init__(self, ppid: int = 1) -> None:
        self.ppid = ppid
        self.lifecycle = Lifecycle(drain_seconds=0, graceful_timeout=2)
        self.bulkheads = Bulkheads(Limits(), threads=2)
        self.cfg = SimpleNamespace(threads=64)
        self.wsgi = SimpleNamespace(
            extensions={"lifecycle": self.lifecycle, "bulkheads": self.bulkheads}
        )

        self.standby = SimpleNamespace(call=lambda: self.events.append("called"))
        self.sockets = []
        self.events = []
        self.method_queue = SimpleNamespace(defer=lambda hook, *given: hook(*given))

    def set_accept_enabled(self, enabled):
        self.events.append(("accept", enabled))

    def handle_exit(self, sig, frame):
        self.events.append(("exit", sig))


class FakeLog:
    """As much of gunicorn's log as the hooks use."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def info(self, text, *values):
        self.lines.append(("info", text % values))

    def error(self, text, *values):
        self.lines.append(("error", text % values))


class FakeMaster:
    """As much of gunicorn's master as the hooks use."""

    def __init__(self) -> None:
        self.signals: list[int] = []
        self.LISTENERS = []
        self.log = FakeLog()

    def signal(self, sig, frame):
        self.signals.append(sig)


def test_the_file_in_the_checkout_hands_over_the_settings_of_the_package():
    handed_over = runpy.run_path(str(ROOT / "gunicorn.conf.py"))
    for name in gunicorn_config.__all__:
        assert handed_over[name] == getattr(gunicorn_config, name)


def test_every_setting_is_known_to_gunicorn():
    config = Config()
    for name in gunicorn_config.__all__:
        config.set(name, getattr(gunicorn_config, name))


def test_the_environment_reaches_gunicorn(monkeypatch):
    monkeypatch.setenv("BIND", "127.0.0.1:9999")
    monkeypatch.setenv("WEB_CONCURRENCY", "7")
    monkeypatch.setenv("WEB_THREADS", "9")
    monkeypatch.setenv("GRACEFUL_TIMEOUT", "77")
    settings = runpy.run_path(gunicorn_config.__file__)
    assert settings["bind"] == "127.0.0.1:9999"
    assert settings["workers"] == 7
    assert settings["threads"] == 9
    assert settings["graceful_timeout"] == 77


@pytest.mark.parametrize(
    ("descriptors", "threads", "connections"),
    [(64, 16, 6), (256, 16, 160), (1024, 16, 928), (10**6, 1000, 1000), (20, 16, 1)],
)
def test_no_more_clients_are_taken_than_there_are_descriptors_for(
    descriptors, threads, connections
):
    assert gunicorn_config.connections_for(descriptors, threads) == connections


def test_a_bad_value_ends_the_start_with_one_line(monkeypatch):
    monkeypatch.setenv("WEB_THREADS", "many")
    with pytest.raises(SystemExit) as ended:
        gunicorn_config.read_settings()
    assert str(ended.value) == (
        "dicom-qr-gateway cannot start: WEB_THREADS='many' is not accepted: "
        "give a whole number from 1 to 1024"
    )


@pytest.mark.usefixtures("own_signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_asked_to_end_begins_its_stop(number):
    worker = FakeWorker()
    gunicorn_config.post_worker_init(worker)
    signal.raise_signal(number)
    assert worker.lifecycle.draining
    assert worker.bulkheads.half == 32


def test_a_stop_closes_the_listeners_before_gunicorn_waits_for_the_requests():
    worker = FakeWorker()
    gunicorn_config._stop(worker)
    assert worker.events == [("accept", False), ("exit", signal.SIGTERM)]


def test_a_worker_that_was_killed_is_counted_no_more(monkeypatch):
    counts = ConnectionCounts()
    monkeypatch.setattr(gunicorn_config, "COUNTS", counts)
    counts.tell(1, 0)
    counts.tell(2, 7)
    gunicorn_config.child_exit(None, SimpleNamespace(age=1))
    assert counts.beyond_the_least(2) == 0


def test_a_listener_that_was_handed_over_admits_newcomers(monkeypatch):
    admitted = []
    monkeypatch.setattr(gunicorn_config, "admit_newcomers", admitted.append)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    master = FakeMaster()
    master.LISTENERS = [object()]
    gunicorn_config.when_ready(master)
    assert admitted == master.LISTENERS


def test_an_immediate_stop_answers_what_still_runs():
    worker = FakeWorker()
    gunicorn_config.worker_int(worker)
    assert worker.lifecycle.stop.is_set()
    assert worker.events == ["called"]


@pytest.mark.usefixtures("own_signals")
def test_the_first_ctrl_c_stops_gracefully_and_the_second_at_once():
    master = FakeMaster()
    gunicorn_config.when_ready(master)
    signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGINT)
    assert master.signals == [signal.SIGTERM, signal.SIGINT]


def test_a_worker_is_tied_to_its_master_and_gets_the_pacs_that_it_read(monkeypatch):
    parents, handed_down = [], []
    monkeypatch.setattr(gunicorn_config, "die_with_parent", parents.append)
    monkeypatch.setattr(gunicorn_config, "hand_down", handed_down.append)
    gunicorn_config.post_fork(FakeMaster(), FakeWorker(ppid=42))
    assert parents == [42]
    assert handed_down == [gunicorn_config.pacs]


@pytest.fixture
def master_with_pacs(monkeypatch, tmp_path):
    """A master whose PACS_CONFIG names a file, and the file."""
    path = tmp_path / "pacs.toml"
    settings = Settings.from_environ({"PACS_CONFIG": str(path)})
    monkeypatch.setattr(gunicorn_config, "_settings", settings)
    monkeypatch.setattr(gunicorn_config, "pacs", PacsDirectory())
    return FakeMaster(), path


def test_a_reload_reads_the_named_pacs_again(master_with_pacs):
    master, path = master_with_pacs
    path.write_text('[pacs.main]\nhost = "192.0.2.1"\nport = 104\nae_title = "PACS"\n')
    gunicorn_config.on_reload(master)
    assert gunicorn_config.pacs.names == ("main",)
    assert master.log.lines == [("info", "PACS_CONFIG has been read again: 1 PACS")]


def test_a_reload_of_a_broken_file_changes_nothing_and_tells_each_fault(master_with_pacs):
    master, path = master_with_pacs
    path.write_text('[pacs.main]\nhost = "192.0.2.1"\nport = 104\nae_title = "PACS"\n')
    gunicorn_config.on_reload(master)
    path.write_text('[pacs.other]\nhost = "192.0.2.1"\n')
    gunicorn_config.on_reload(master)
    assert gunicorn_config.pacs.names == ("main",)
    former = f"PACS_CONFIG keeps its former content: {path}: pacs.other"
    assert master.log.lines[1:] == [
        ("error", f"{former}.port is missing: give a whole number from 1 to 65535"),
        ("error", f"{former}.ae_title is missing: give an AE title of 1 to 16 characters"),
    ]


def test_a_gateway_that_runs_beside_a_sandbox_is_tied_to_the_command(monkeypatch):
    from dicom_qr_gateway.cli import gunicorn_child

    tied = []
    monkeypatch.setenv("SANDBOX_PORT", "11112")
    monkeypatch.setattr(gunicorn_child, "die_with_parent", lambda *args: tied.append(args))
    gunicorn_child.on_starting(FakeMaster())
    assert tied == [(os.getppid(), signal.SIGTERM)]


def test_workers_keep_their_heartbeat_in_memory_where_there_is_such_a_place():
    expected = "/dev/shm" if sys.platform == "linux" else None
    assert gunicorn_config.worker_tmp_dir == expected
