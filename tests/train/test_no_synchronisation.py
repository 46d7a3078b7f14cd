"""A training step asks the device for nothing, so that a GPU is never waited for.

Where there is no GPU, the operations of outputs, losses and gradients are watched instead.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode

from pipeline.data.batches import Batch, Batches
from pipeline.data.photos import Photos
from pipeline.models.layer_groups import LayerGroups
from pipeline.params.train import AugmentParams
from pipeline.rungs.registry import RUNGS
from pipeline.rungs.rung import Rung
from pipeline.rungs.ssd import matching
from pipeline.train.averaging import average_of
from pipeline.train.learner import Learner
from pipeline.train.schedule import THAWED, Phase
from tests.on_gpu import ON_GPU, waiting_is_an_error
from tests.rungs.making import example_batch, model_of, params_of
from tests.train.making import params_of as training_params

EACH = pytest.mark.parametrize("rung", RUNGS, ids=lambda rung: rung.name)
# What needs a number from the device: to return it, or to know how large a result is.
ASKING = {"_local_scalar_dense", "nonzero", "masked_select", "is_nonzero", "equal", "_unique2"}


class Asking(TorchDispatchMode):
    """Collects the names of the operations that synchronise, in the backward pass as well."""

    def __init__(self):
        super().__init__()
        self.names: set[str] = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.overloadpacket.__name__
        masks = name.startswith("index") and _has_a_mask(args)
        if name in ASKING or masks:
            self.names.add(name)
        return func(*args, **(kwargs or {}))


def _has_a_mask(args: tuple) -> bool:
    chosen = [one for arg in args if isinstance(arg, list | tuple) for one in arg]
    return any(isinstance(one, torch.Tensor) and one.dtype == torch.bool for one in chosen)


def test_what_asks_is_seen():
    numbers = torch.arange(3.0, requires_grad=True)
    for ask in (
        lambda: numbers.sum().item(),
        lambda: numbers[numbers > 1],
        lambda: numbers.clone()[numbers > 1].sum().backward(),
    ):
        with Asking() as asking:
            ask()
        assert asking.names


@EACH
def test_outputs_losses_and_gradients_ask_nothing(rung, monkeypatch):
    # As on a GPU, which gets the whole batch.
    monkeypatch.setattr(matching, "_photos_at_once", lambda anchors, *batch: [batch])
    params = params_of(rung.name)
    model, batch = model_of(rung.name), example_batch(rung.name, params.size_in_training)
    criterion = rung.criterion(model, params)
    with Asking() as asking:
        criterion(model(batch.images), batch)["loss"].backward()
    assert not asking.names


def batches_on(device: str) -> Batches:
    """Return augmented batches of eight photos with three objects each."""
    generator = torch.Generator().manual_seed(1)
    rows = 8 * 3 + 1
    photos = Photos(
        np.random.default_rng(1).integers(256, size=(8, 64, 64, 3), dtype=np.uint8),
        np.arange(8),
        3,
        torch.arange(0, rows, 3),
        torch.rand(rows, 4, generator=generator).sort(-1).values,
        torch.zeros(rows, dtype=torch.int16),
        torch.zeros(rows, dtype=torch.bool),
        torch.ones(rows),
    )
    return Batches(
        photos,
        image_size=48,
        batch_size=4,
        mean=(0.5, 0.4, 0.3),
        std=(0.2, 0.2, 0.2),
        device=torch.device(device),
        augment=AugmentParams(flip=0.5, rotate=3, crop=0.5, zoom_out=1.5, lighting=0.2),
    )


class Moving(TorchDispatchMode):
    """Collects the names of operations that wait to bring a tensor from one device to another."""

    def __init__(self):
        super().__init__()
        self.names: list[str] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        made = func(*args, **(kwargs or {}))
        given = [one.device for one in args if isinstance(one, torch.Tensor)]
        moved = isinstance(made, torch.Tensor) and any(device != made.device for device in given)
        if moved and not (kwargs or {}).get("non_blocking"):
            self.names.append(func.overloadpacket.__name__)
        return made


def test_making_a_batch_moves_nothing_that_waits(monkeypatch):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (1 << 40, 1 << 40))
    with FakeTensorMode(allow_non_fake_inputs=True):  # a GPU need not be there
        source = batches_on("cuda:0")
        with Moving() as moving:
            batch = next(source.epoch(0))
            assert batch.images.device.type == "cuda" and not moving.names
            batch.images[[0, 1]]
    assert moving.names == ["_to_copy"]


def learner_of(rung: Rung) -> Learner:
    model = model_of(rung.name).to("cuda", memory_format=torch.channels_last)
    layers = LayerGroups(model, model.backbone)
    layers.thaw(THAWED["late"])
    params = params_of(rung.name)
    return Learner(
        model,
        layers,
        rung.criterion(model, params),
        average_of(model, 0.9),
        Phase("late", 1, 1e-3),
        steps_per_epoch=10,
        steps_before=0,
        shared=training_params()[0],
        rung=params,
    )


def on_gpu(batch: Batch) -> Batch:
    return replace(batch, **{key: value.cuda() for key, value in vars(batch).items()})


@pytest.mark.gpu
@ON_GPU
@EACH
def test_a_step_never_waits(rung):
    learner, batch = learner_of(rung), on_gpu(example_batch(rung.name))
    learner.step(batch)  # builds its state and picks its kernels
    with waiting_is_an_error():
        losses = learner.step(batch)
        with pytest.raises(RuntimeError, match="synchroniz"):  # the mode does see one that waits
            losses["loss"].item()
    assert losses["loss"].isfinite()


@pytest.mark.gpu
@ON_GPU
def test_making_a_batch_never_waits():
    source = batches_on("cuda")
    assert len(list(source.epoch(0))) == 2  # picks its kernels
    with waiting_is_an_error():
        made = list(source.epoch(1))
    expected = list(batches_on("cpu").epoch(1))
    for ours, theirs in zip(made, expected, strict=True):
        assert ours.images.device.type == "cuda"
        torch.testing.assert_close(ours.images.cpu(), theirs.images, rtol=1e-3, atol=1e-3)
        torch.testing.assert_close(ours.boxes.cpu(), theirs.boxes, rtol=1e-4, atol=1e-3)
