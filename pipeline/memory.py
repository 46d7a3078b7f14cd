"""Makes glibc keep freed memory instead of returning it to the kernel."""

import ctypes

# glibc's malloc.h
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4
_GROWTH = 256 << 20


def keep_freed_memory() -> bool:
    """Make glibc keep freed memory for later allocations; return whether it accepted.

    Each training step or inference batch allocates and frees gigabytes of activations. By default
    glibc returns every large block to the kernel, which must then zero the same pages for the next
    one: that took a third of the time and stalled the second core. Other C libraries have no such
    switch and are left alone.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    settings = ((_MMAP_MAX, 0), (_TRIM_THRESHOLD, -1), (_TOP_PAD, _GROWTH))
    return all([mallopt(name, value) for name, value in settings])
