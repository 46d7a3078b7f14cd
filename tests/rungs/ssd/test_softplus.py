"""The fast softplus: against torch's own in float64, at extreme values, and its gradient."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from pipeline.rungs.ssd.softplus import softplus


def test_by_hand():
    got = softplus(torch.tensor([0.0, -1e4, 1e4, torch.inf, -torch.inf]))
    assert got.tolist() == pytest.approx([0.6931472, 0.0, 1e4, float("inf"), 0.0])


@given(st.lists(st.floats(-120, 120, width=32), min_size=1, max_size=40))
def test_values_and_gradients_as_torch_has_them(numbers):
    quick = torch.tensor(numbers, requires_grad=True)
    exact = quick.detach().double().requires_grad_()
    got, expected = softplus(quick), F.softplus(exact, threshold=1000)
    torch.testing.assert_close(got.double(), expected, rtol=1e-6, atol=1e-7)
    weights = torch.arange(1.0, len(numbers) + 1)
    (slope,) = torch.autograd.grad((got * weights).sum(), quick)
    (wanted,) = torch.autograd.grad((expected * weights.double()).sum(), exact)
    torch.testing.assert_close(slope.double(), wanted, rtol=1e-6, atol=1e-30)


def test_leaves_its_input_as_it_was():
    logits = torch.tensor([-2.0, 3.0], requires_grad=True)
    softplus(logits).sum().backward()
    assert logits.tolist() == [-2.0, 3.0]


def test_an_empty_batch():
    logits = torch.zeros(0, 5, 2, requires_grad=True)
    softplus(logits).sum().backward()
    assert logits.grad.shape == (0, 5, 2)
