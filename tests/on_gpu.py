"""What tests on a GPU share."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch

ON_GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
# For tests that a CPU can pass, too.
DEVICES = ["cpu", pytest.param("cuda", marks=[pytest.mark.gpu, ON_GPU])]


@contextmanager
def waiting_is_an_error() -> Iterator[None]:
    """Let whatever waits for the GPU in the block raise an error."""
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")
