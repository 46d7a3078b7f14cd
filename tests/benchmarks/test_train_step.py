"""The benchmark's reference loop and ours take the same step."""

import torch
from torch.testing import assert_close

from benchmarks.train_step import CLASSES, learner, reference_step
from pipeline.data.batches import Batch


def test_equal_steps():
    chance = torch.Generator().manual_seed(0)
    batch = Batch(
        torch.randn(4, 3, 224, 224, generator=chance),
        torch.tensor([[[10.0, 20.0, 100.0, 120.0]]]).expand(4, -1, -1),
        torch.randint(CLASSES, (4, 1), generator=chance),
        torch.zeros(4, 1, dtype=torch.bool),
        torch.ones(4, 1),
        torch.arange(4),
    )
    # The reference does not clip gradients.
    mine, other = (learner("classifier", 1, precision="float32", grad_clip=1e9) for _ in range(2))
    before = mine.model.head.pooled.weight.clone()
    for step in (mine.step, lambda batch: reference_step(other, batch)):
        torch.manual_seed(1)  # of dropout
        step(batch)
    assert not torch.equal(before, mine.model.head.pooled.weight)
    for a, b in zip(mine.model.parameters(), other.model.parameters(), strict=True):
        assert_close(a, b, rtol=0, atol=1e-6)
