"""Precision by name, and what `auto` chooses on which device."""

from contextlib import contextmanager, nullcontext

import pytest
import torch

from pipeline.models.precision import autocast

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


def kind_of(device, precision):
    with autocast(device, precision):
        return (torch.ones(2, 2) @ torch.ones(2, 2)).dtype


def test_float32_and_bfloat16_are_taken_at_their_word():
    assert kind_of(CPU, "float32") == torch.float32
    assert kind_of(CPU, "bfloat16") == torch.bfloat16


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        ({"avx512_bf16": True}, torch.bfloat16),
        ({"amx_bf16": True}, torch.bfloat16),
        ({"avx2": True, "avx512_bf16": False}, torch.float32),
        ({}, torch.float32),
    ],
)
def test_auto_asks_a_cpu_for_its_units(monkeypatch, units, expected):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: units, raising=False)
    assert kind_of(CPU, "auto") == expected


@pytest.mark.filterwarnings("ignore:CUDA is not available")
@pytest.mark.parametrize("units", [True, False])
def test_auto_asks_a_gpu_for_its_units(monkeypatch, units):
    current = ["cuda:0"]  # of several GPUs it is the chosen one that is asked

    @contextmanager
    def device(chosen):
        before, current[0] = current[0], str(chosen)
        yield
        current[0] = before

    def supported(including_emulation):
        return units if current == ["cuda:1"] else not units

    monkeypatch.setattr(torch.cuda, "device", device)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", supported)
    plain = isinstance(autocast(torch.device("cuda:1"), "auto"), nullcontext)
    assert plain != units


def test_an_older_torch_and_other_devices_stay_at_float32(monkeypatch):
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert kind_of(CPU, "auto") == torch.float32
    assert isinstance(autocast(torch.device("mps"), "auto"), nullcontext)
