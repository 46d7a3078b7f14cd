"""In which numbers a model computes: bfloat16 where the device has units for it."""

from contextlib import AbstractContextManager, nullcontext

import torch


def autocast(device: torch.device, precision: str) -> AbstractContextManager:
    """Return the context of a forward pass.

    Args:
        device: the model's.
        precision: `float32`, `bfloat16`, or `auto`: bfloat16 where the device computes it in
            hardware, since anywhere else it would be slower than float32.
    """
    if precision == "float32" or (precision == "auto" and not _has_bfloat16(device)):
        return nullcontext()
    return torch.autocast(device.type, torch.bfloat16)


def _has_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        with torch.cuda.device(device):
            return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "cpu" and hasattr(torch.cpu, "get_capabilities"):  # not in torch 2.11
        known = torch.cpu.get_capabilities()
        return known.get("avx512_bf16", False) or known.get("amx_bf16", False)
    return False
