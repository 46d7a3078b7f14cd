"""Where stages run: on a share of the processor's cores, and on a GPU if GPUs are named."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import InputError
from pipeline.processes import usable_cores

_THREADS = "OMP_NUM_THREADS"


@dataclass(frozen=True)
class Slot:
    """A place for one stage at a time.

    Attributes:
        name: for people; empty if all slots are alike.
        environment: variables for a stage that runs here.
    """

    name: str
    environment: dict[str, str]


def cpu_slots(jobs: int) -> list[Slot]:
    """Return this many slots, each with its share of the cores."""
    return [Slot("", _threads(jobs)) for _ in range(jobs)]


def gpu_slots(gpus: Sequence[str]) -> list[Slot]:
    """Return a slot for each GPU, named as for CUDA_VISIBLE_DEVICES; one may be named twice.

    Raises:
        InputError: one is not here; `train.shared.device: auto` would silently use the CPU.
    """
    named = f"--gpus {','.join(gpus)}"
    if not _has_driver():
        raise InputError(f"{named}: no NVIDIA driver here; --jobs N runs stages on the cores")
    for gpu in gpus:
        if _is_missing(gpu):
            raise InputError(f"{named}: there is no GPU {gpu} here; `nvidia-smi -L` lists them")
    threads = _threads(len(gpus))
    return [Slot(f"GPU {gpu}", threads | {"CUDA_VISIBLE_DEVICES": gpu}) for gpu in gpus]


def _has_driver() -> bool:
    # A container may have only one of the two. PyTorch would know, but takes seconds to load.
    return bool(shutil.which("nvidia-smi")) or Path("/dev/nvidiactl").exists()


def _is_missing(gpu: str) -> bool:
    """Return whether nvidia-smi knows no GPU of this number; others have names of several kinds."""
    command = shutil.which("nvidia-smi")
    if not command or not gpu.isdecimal():
        return False
    found = subprocess.run([command, f"--id={gpu}"], capture_output=True, check=False)
    return found.returncode != 0


def _threads(jobs: int) -> dict[str, str]:
    """Return the number of threads of a stage, the same even if it happens to run alone.

    Only with the same number are weights equal byte for byte.
    """
    return {_THREADS: os.environ.get(_THREADS) or str(max(1, usable_cores() // jobs))}
