"""From SIGTERM to the end of a process."""

import os
import select
import signal
import subprocess
import sys
import threading

import pytest

from dicom_qr_gateway.lifecycle import Lifecycle, die_with_parent

BOUND = 10.0


class Stop:
    """Notes that the server was told to stop accepting, and what was true then."""

    def __init__(self, lifecycle: Lifecycle) -> None:
        self.lifecycle = lifecycle
        self.calls: list[tuple[bool, bool]] = []
        self.called = threading.Event()

    def __call__(self) -> None:
        self.calls.append((self.lifecycle.draining, self.lifecycle.stop.is_set()))
        self.called.set()


def ended(lifecycle: Lifecycle) -> bool:
    """Wait until the stop signal is set."""
    poll = select.poll()
    poll.register(lifecycle.stop)
    return bool(poll.poll(BOUND * 1000))


def test_nothing_happens_before_the_stop_begins():
    lifecycle = Lifecycle(drain_seconds=0, graceful_timeout=2)
    stop = Stop(lifecycle)
    lifecycle.arm(stop)
    assert not lifecycle.draining
    assert not lifecycle.stop.is_set()
    assert stop.calls == []
    lifecycle.begin()
    assert ended(lifecycle)


def test_the_server_stops_accepting_before_running_requests_are_ended():
    lifecycle = Lifecycle(drain_seconds=0, graceful_timeout=2)
    stop = Stop(lifecycle)
    lifecycle.arm(stop)
    lifecycle.begin()
    assert ended(lifecycle)
    assert stop.calls == [(True, False)]


def test_while_draining_everything_is_still_served():
    lifecycle = Lifecycle(drain_seconds=3600, graceful_timeout=7200)
    stop = Stop(lifecycle)
    lifecycle.arm(stop)
    lifecycle.begin()
    assert lifecycle.draining
    assert stop.calls == []
    assert not lifecycle.stop.is_set()


def test_draining_counts_within_the_graceful_timeout():
    lifecycle = Lifecycle(drain_seconds=3600, graceful_timeout=2)
    stop = Stop(lifecycle)
    lifecycle.arm(stop)
    lifecycle.begin()
    assert ended(lifecycle)
    assert stop.calls == [(True, False)]


def test_running_requests_have_until_two_seconds_before_the_graceful_timeout():
    lifecycle = Lifecycle(drain_seconds=0, graceful_timeout=3600)
    stop = Stop(lifecycle)
    lifecycle.arm(stop)
    lifecycle.begin()
    assert stop.called.wait(BOUND)
    assert not lifecycle.stop.is_set()


def test_a_second_sigterm_changes_nothing():
    lifecycle = Lifecycle(drain_seconds=0, graceful_timeout=2)
    stop = Stop(lifecycle)
    lifecycle.arm(stop)
    lifecycle.begin()
    lifecycle.begin()
    assert ended(lifecycle)
    assert len(stop.calls) == 1


def test_a_signal_handler_may_begin_the_stop_while_its_thread_holds_a_lock():
    lifecycle = Lifecycle(drain_seconds=0, graceful_timeout=2)
    lifecycle.arm(Stop(lifecycle))
    former = signal.signal(signal.SIGUSR1, lambda _number, _frame: lifecycle.begin())
    try:
        with threading._active_limbo_lock:  # what Thread.start() takes
            signal.raise_signal(signal.SIGUSR1)
    finally:
        signal.signal(signal.SIGUSR1, former)
    assert ended(lifecycle)


PARENT = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", sys.argv[1]])
time.sleep(3600)
"""
CHILD = """
import os, sys, time
from dicom_qr_gateway.lifecycle import die_with_parent
die_with_parent(os.getppid())
print("tied", flush=True)
time.sleep(3600)
"""


def test_a_child_dies_when_its_parent_is_killed():
    command = [sys.executable, "-c", PARENT, CHILD]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"tied\n"
        parent.kill()
        # The end of the file comes when the last process that holds it has ended.
        assert parent.stdout.read() == b""


def test_a_child_whose_parent_is_gone_already_ends_at_once():
    code = "from dicom_qr_gateway.lifecycle import die_with_parent; die_with_parent(-1)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == -signal.SIGKILL


def test_the_signal_of_a_parents_death_can_be_taken_back():
    die_with_parent(os.getppid(), 0)


def test_a_kernel_that_refuses_is_not_ignored():
    with pytest.raises(OSError, match="prctl"):
        die_with_parent(os.getppid(), 9999)


def test_elsewhere_than_on_linux_nothing_is_asked_of_the_kernel(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    die_with_parent(-1)
