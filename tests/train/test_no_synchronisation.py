"""On a GPU a training step asks the device for nothing, so that it is never waited for."""

import pytest
import torch

from pipeline.ladder import RUNGS, find_rung
from pipeline.models.layer_groups import LayerGroups
from pipeline.train.averaging import RunningAverage
from pipeline.train.learner import Learner
from pipeline.train.schedule import THAWED, Phase
from tests.ladder.making import PARAMS, largest_batch, model_of, objects_batch
from tests.train.making import RECIPE


def learner_of(name: str) -> Learner:
    model = model_of(name).to("cuda", memory_format=torch.channels_last)
    layers = LayerGroups(model)
    layers.thaw(THAWED["late"])
    losses = find_rung(name).family().losses(model, PARAMS)
    average = RunningAverage(model, 0.9)
    return Learner(model, layers, losses, average, Phase("late", 1, 1e-3), 10, RECIPE)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("name", [rung.name for rung in RUNGS])
def test_a_step_never_waits(name):
    largest = find_rung(name).table == "largest"
    batch = largest_batch(64) if largest else objects_batch(64 if name == "ssd_fpn" else 128)
    for field in ("images", "boxes", "labels", "ignore"):
        object.__setattr__(batch, field, getattr(batch, field).cuda())
    learner = learner_of(name)
    learner.step(batch)  # builds its state and picks its kernels
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        learner.step(batch)
    finally:
        torch.cuda.set_sync_debug_mode("default")
