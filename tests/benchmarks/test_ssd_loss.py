"""The benchmark's lesson loop and ours give the same loss and gradients."""

import pytest
from torch.testing import assert_close

from benchmarks.ssd_loss import (
    anchors_189,
    anchors_8732,
    inputs,
    lesson_loop,
    ours,
    torchvision_loss,
)


@pytest.mark.parametrize("anchors", [anchors_189(), anchors_8732()], ids=len)
def test_equal_loss_and_gradients(anchors):
    tensors = inputs(anchors, 4)
    loss, *gradients = ours(*tensors, anchors)
    expected_loss, *expected = lesson_loop(*tensors, anchors)
    assert_close(loss, expected_loss, rtol=1e-6, atol=1e-6)
    for mine, other in zip(gradients, expected, strict=True):
        assert other.abs().max() > 0
        assert_close(mine, other, rtol=0, atol=1e-6)


def test_torchvision_reads_the_same_inputs():
    anchors = anchors_189()
    loss, *gradients = torchvision_loss(*inputs(anchors, 4), anchors)
    assert loss > 0
    assert all(gradient.abs().max() > 0 for gradient in gradients)
