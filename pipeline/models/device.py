"""The device that a model runs on, and the names of device and processor."""

import platform
from pathlib import Path

import torch

from pipeline.errors import InputError


def choose_device(name: str) -> torch.device:
    """Return the device called `name`; `auto` is CUDA, else MPS, else the CPU."""
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError):
        raise InputError(
            f"train.shared.device = {name}: not usable here; use auto, cpu, cuda, cuda:N or mps"
        ) from None
    return device


def device_name(device: torch.device) -> str:
    """Return `cpu`, `mps`, or `cuda` and the model name of the GPU."""
    if device.type == "cuda":
        return f"cuda {torch.cuda.get_device_name(device)}"
    return device.type


def processor_name() -> str:
    """Return the model name of the processor; its architecture where that is unknown."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
