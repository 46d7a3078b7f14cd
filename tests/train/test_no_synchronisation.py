"""On a GPU a training step asks the device for nothing, so that it is never waited for."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
import torch

from pipeline.data.batches import Batch
from pipeline.ladder import RUNGS, find_rung
from pipeline.models.layer_groups import LayerGroups
from pipeline.train.averaging import RunningAverage
from pipeline.train.learner import Learner
from pipeline.train.schedule import THAWED, Phase
from tests.ladder.making import PARAMS, SIZES, largest_batch, model_of, objects_batch
from tests.train.making import RECIPE


def learner_of(name: str) -> Learner:
    model = model_of(name).to("cuda", memory_format=torch.channels_last)
    layers = LayerGroups(model)
    layers.thaw(THAWED["late"])
    losses = find_rung(name).family().losses(model, PARAMS)
    average = RunningAverage(model, 0.9)
    return Learner(model, layers, losses, average, Phase("late", 1, 1e-3), 10, RECIPE)


def batch_on_gpu(name: str) -> Batch:
    size = SIZES.get(name, 64)
    batch = largest_batch(size) if find_rung(name).table == "largest" else objects_batch(size)
    return replace(batch, **{key: value.cuda() for key, value in vars(batch).items()})


@contextmanager
def waiting_is_an_error() -> Iterator[None]:
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("name", [rung.name for rung in RUNGS])
def test_a_step_never_waits(name):
    learner, batch = learner_of(name), batch_on_gpu(name)
    learner.step(batch)  # builds its state and picks its kernels
    with waiting_is_an_error():
        losses = learner.step(batch)
        with pytest.raises(RuntimeError, match="synchroniz"):  # the mode does see one that waits
            losses["loss"].item()
    assert learner.averaged.steps == 2
    assert losses["loss"].isfinite()
