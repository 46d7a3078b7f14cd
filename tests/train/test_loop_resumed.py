"""The training loop after a kill: the same weights and history as without one."""

from dataclasses import replace

import pytest
import torch

from tests.on_gpu import ON_GPU
from tests.train.making import (
    KilledAfterEpoch,
    KilledError,
    Photos,
    Quiet,
    Tiny,
    same_weights,
    train,
)


class KilledAfterStep(Quiet):
    def __init__(self, step):
        super().__init__()
        self.last = step

    def step(self, photos, losses):
        super().step(photos, losses)
        if len(self.steps) == self.last:
            raise KilledError


@pytest.mark.parametrize("schedule", ["one_cycle", "cosine"])
@pytest.mark.parametrize("ema", [0.0, 0.9])
@pytest.mark.parametrize("killed_after", [1, 2, 3, 4, 5])
def test_killed_and_resumed_is_as_unbroken(tmp_path, schedule, ema, killed_after):
    changes = {"schedule": schedule, "ema": ema}
    model, history = train(tmp_path / "unbroken.pt", **changes)
    with pytest.raises(KilledError):
        train(tmp_path / "c.pt", watch=KilledAfterEpoch(killed_after), **changes)
    watch = Quiet()
    # Other weights to begin with: everything has to come from the checkpoint.
    resumed, rows = train(tmp_path / "c.pt", Tiny(seed=99), watch=watch, **changes)
    assert rows == history
    assert watch.epochs == history[killed_after:]
    assert watch.resumed == [killed_after]
    assert same_weights(resumed, model)


@pytest.mark.parametrize("killed_in", [1, 4, 5, 10])  # step; an epoch has two
def test_killed_within_an_epoch_goes_on_from_its_start(tmp_path, killed_in):
    model, history = train(tmp_path / "unbroken.pt", ema=0.9)
    with pytest.raises(KilledError):
        train(tmp_path / "c.pt", watch=KilledAfterStep(killed_in), ema=0.9)
    watch = Quiet()
    resumed, rows = train(tmp_path / "c.pt", watch=watch, ema=0.9)
    assert rows == history
    assert watch.epochs == history[(killed_in - 1) // 2 :]
    assert same_weights(resumed, model)


def test_killed_twice(tmp_path):
    model, history = train(tmp_path / "unbroken.pt")
    for epoch in (1, 3):
        with pytest.raises(KilledError):
            train(tmp_path / "c.pt", watch=KilledAfterEpoch(epoch))
    resumed, rows = train(tmp_path / "c.pt")
    assert rows == history
    assert same_weights(resumed, model)


def test_half_a_checkpoint_is_a_fresh_start(tmp_path):
    model, history = train(tmp_path / "c.pt")
    whole = (tmp_path / "c.pt").read_bytes()
    (tmp_path / "c.pt").write_bytes(whole[: len(whole) // 2])
    again, rows = train(tmp_path / "c.pt")
    assert rows == history
    assert same_weights(again, model)


class PhotosOnGpu(Photos):
    """Photos of which batches are made on the GPU; what they are of stays here, as in training."""

    def batch(self, chosen, noise=0.0):
        batch = super().batch(chosen, noise)
        known = {key: value.cuda() for key, value in vars(batch).items() if key != "photo"}
        return replace(batch, **known)


@pytest.mark.gpu
@ON_GPU
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("killed_after", [1, 3, 4])
def test_killed_and_resumed_on_a_gpu_is_as_unbroken(tmp_path, monkeypatch, precision, killed_after):
    # Or cuDNN may pick kernels that add in another order each time.
    monkeypatch.setattr(torch.backends.cudnn, "deterministic", True)
    sources = {"source": PhotosOnGpu(noisy=True), "val": PhotosOnGpu(5, 4)}
    changes = sources | {"ema": 0.9, "precision": precision}
    model, history = train(tmp_path / "unbroken.pt", Tiny().cuda(), **changes)
    with pytest.raises(KilledError):
        train(tmp_path / "c.pt", Tiny().cuda(), watch=KilledAfterEpoch(killed_after), **changes)
    resumed, rows = train(tmp_path / "c.pt", Tiny(seed=99).cuda(), **changes)
    assert rows == history
    assert same_weights(resumed, model)
