"""Where tensors live."""

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
