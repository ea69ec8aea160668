"""What a worker does about memory: glibc's malloc and Python's collector of cycles.

Rule 1: a block of 128 KiB or more is a mapping of its own, which is gone as soon as it is freed. By
default glibc raises that bound each time a larger block is freed; the large texts of an answer then
leave holes between its rows, and a query of 64 MiB took 117 MiB instead of 67.
Rule 2: one arena serves all threads, which the interpreter lets allocate one at a time anyway. By
default each thread takes one of its own, and what one has freed the others cannot use.
Rule 3: what the application is made of stays until the end, so no collection looks through it: a
full one took 4 ms, in the middle of some request.
"""

import ctypes
import gc
import sys
from typing import Final

M_MMAP_THRESHOLD: Final = -3  # <malloc.h>
M_ARENA_MAX: Final = -8
OWN_MAPPING: Final = 128 * 1024  # bytes


def give_back_large_blocks() -> None:
    """Set malloc up so, before a thread is started; a C library without mallopt(3) stays alone."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(M_MMAP_THRESHOLD, OWN_MAPPING)
        libc.mallopt(M_ARENA_MAX, 1)


def keep_the_application() -> None:
    """Leave all objects that there are out of every later collection."""
    gc.collect()
    gc.freeze()
