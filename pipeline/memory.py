"""Freed memory stays with the process."""

import ctypes

# glibc's malloc.h
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4
_GROWTH = 256 << 20


def keep_freed_memory() -> bool:
    """Tell glibc to keep what is freed for the next allocation; return whether it accepts that.

    A step of training, or a batch of inference, allocates gigabytes of activations and frees them
    again. By default glibc gives every large block back to the kernel, which then has to clear the
    same pages again for the next one: that cost a third of the time and kept the second core
    waiting. Other C libraries have no such switch and are left as they are.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    settings = ((_MMAP_MAX, 0), (_TRIM_THRESHOLD, -1), (_TOP_PAD, _GROWTH))
    return all([mallopt(name, value) for name, value in settings])
