"""What malloc and the collector do in a worker; asked in processes, which it changes for good."""

import subprocess
import sys

# How many blocks are mappings of their own, after a larger one was freed.
SCRIPT = """
import ctypes, sys
from dicom_qr_gateway.memory import give_back_large_blocks

class Counts(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in (
        "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks",
        "fordblks", "keepcost")]

libc = ctypes.CDLL(None)
libc.mallinfo2.restype = Counts
libc.malloc.restype = ctypes.c_void_p
libc.free.argtypes = [ctypes.c_void_p]
if sys.argv[1] == "ours":
    give_back_large_blocks()
libc.free(libc.malloc(1 << 20))
before = libc.mallinfo2().hblks
libc.malloc(200 * 1024)
print(libc.mallinfo2().hblks - before)
"""


def mappings(how: str) -> int:
    command = [sys.executable, "-c", SCRIPT, how]
    return int(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


def test_a_large_block_stays_a_mapping_of_its_own_whatever_was_freed_before() -> None:
    assert mappings("as it is") == 0
    assert mappings("ours") == 1


FROZEN = """
import gc
from dicom_qr_gateway.memory import keep_the_application
before = [[]]
keep_the_application()
after = [[]]
print(*(any(each is one for each in gc.get_objects()) for one in (before, after)))
"""


def test_what_the_application_is_made_of_is_no_longer_looked_through() -> None:
    command = [sys.executable, "-c", FROZEN]
    answer = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    assert answer.split() == ["False", "True"]
