"""With cached features a head learns what it learns from images."""

import torch
from torch.testing import assert_close

from benchmarks.batches import our_batches
from benchmarks.frozen import cached, head_phase
from benchmarks.photos import stored
from benchmarks.train_step import learner


class SameViews:
    """Serves the batches of one pass again and again, as cached features do without shuffling."""

    def __init__(self, source):
        self.batches = list(source.epoch(0))

    def epoch(self, seed):
        return iter(self.batches)


def test_equal_heads(tmp_path, monkeypatch):
    monkeypatch.setattr("benchmarks.batches.BATCH", 2)
    monkeypatch.setattr("benchmarks.frozen.FOLDER", tmp_path)
    source = our_batches(stored(4, tmp_path))
    mine, other = (learner("classifier", 2, phase="head", precision="float32") for _ in range(2))
    before = mine.model.head.pooled.weight.clone()
    features = cached(source, mine)
    features.shuffled = False
    head_phase(mine, features)
    head_phase(other, SameViews(source))
    assert not torch.equal(before, mine.model.head.pooled.weight)
    for a, b in zip(mine.model.parameters(), other.model.parameters(), strict=True):
        assert_close(a, b, rtol=0, atol=1e-5)
