"""Freed memory stays with the process: the kernel zeroes each page once, not at every step."""

import platform
import subprocess
import sys

import pytest

from pipeline.memory import keep_freed_memory

_PAGES_OF_TEN_BLOCKS = """
import ctypes, resource
from pipeline.memory import keep_freed_memory

if {keep}:
    keep_freed_memory()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
size = 64 << 20

def touch_a_block():
    block = ctypes.c_void_p(libc.malloc(ctypes.c_size_t(size)))
    libc.memset(block, 1, ctypes.c_size_t(size))
    libc.free(block)

touch_a_block()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    touch_a_block()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def _new_pages(keep: bool) -> int:
    done = subprocess.run(
        [sys.executable, "-c", _PAGES_OF_TEN_BLOCKS.format(keep=keep)],
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has the switch")
def test_ten_blocks_in_turn_are_one_block():
    # 64 MB are 16384 pages of 4 kB, or 32 of 2 MB where the kernel gives huge ones unasked.
    assert _new_pages(keep=False) >= 10 * 32
    assert _new_pages(keep=True) < 10


def test_it_says_whether_the_c_library_listens():
    assert keep_freed_memory() == (platform.libc_ver()[0] == "glibc")
