"""Places that worker processes share, and what becomes of those of a process that is killed."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable

import pytest

from dicom_qr_gateway.dicom.slots import ProcessSlots, SharedSlots


@pytest.fixture(params=[SharedSlots, ProcessSlots], ids=["over all processes", "in one process"])
def slots(request: pytest.FixtureRequest) -> SharedSlots | ProcessSlots:
    made: SharedSlots | ProcessSlots = request.param()
    return made


def test_there_are_as_many_places_as_asked_for(slots: SharedSlots | ProcessSlots) -> None:
    held = [slots.take("pacs", 3) for _ in range(3)]
    assert None not in held
    assert slots.take("pacs", 3) is None
    for slot in held:
        slot.close()


def test_a_place_that_is_given_back_is_free_again(slots: SharedSlots | ProcessSlots) -> None:
    for _ in range(3):
        slot = slots.take("pacs", 1)
        assert slot is not None
        assert slots.take("pacs", 1) is None
        slot.close()


def test_keys_do_not_share_places(slots: SharedSlots | ProcessSlots) -> None:
    first, second = slots.take("one", 1), slots.take("another", 1)
    assert first is not None
    assert second is not None
    first.close()
    second.close()


def test_a_larger_number_of_places_counts_those_already_held(
    slots: SharedSlots | ProcessSlots,
) -> None:
    first, second = slots.take("pacs", 1), slots.take("pacs", 2)
    assert first is not None
    assert second is not None
    assert slots.take("pacs", 2) is None
    first.close()
    second.close()


def in_a_child(work: Callable[[], bool]) -> tuple[int, socket.socket]:
    """Fork a child that says whether its work succeeded and then lives until it is killed."""
    ours, theirs = socket.socketpair()
    child = os.fork()
    if child == 0:
        theirs.send(b"1" if work() else b"0")
        theirs.recv(1)
        os._exit(0)
    theirs.close()
    return child, ours


def test_a_process_that_is_killed_gives_its_place_back() -> None:
    slots = SharedSlots()
    kept = []

    def take() -> bool:
        kept.append(slots.take("pacs", 1))
        return kept[0] is not None

    child, said = in_a_child(take)
    with said:
        assert said.recv(1) == b"1"
        assert slots.take("pacs", 1) is None
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    slot = slots.take("pacs", 1)
    assert slot is not None
    slot.close()


def test_a_descriptor_is_used_again_and_again() -> None:
    slots = SharedSlots()
    held = slots.take("pacs", 1)
    assert held is not None
    assert slots.take("pacs", 1) is None
    before = os.listdir("/proc/self/fd")
    for _ in range(3):
        assert slots.take("pacs", 1) is None
        again = slots.take("other", 1)
        assert again is not None
        again.close()
    assert len(os.listdir("/proc/self/fd")) == len(before)
    held.close()


FORKS = """
import os
from dicom_qr_gateway.dicom.slots import SharedSlots
slots = SharedSlots()
slots.take("pacs", 1).close()
is_taken, tell = os.pipe()
child = os.fork()
if child == 0:
    os.read(is_taken, 1)
    os._exit(slots.take("pacs", 1) is None)
held = slots.take("pacs", 1)
os.write(tell, b"1")
print(held is not None, os.waitpid(child, 0)[1] >> 8)
"""


def test_a_child_shares_no_opening_with_its_parent() -> None:
    command = [sys.executable, "-c", FORKS]
    answer = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    assert answer.split() == ["True", "1"]
