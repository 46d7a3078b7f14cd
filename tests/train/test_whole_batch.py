"""Two ranks with a slice of a batch each get the gradients that one gets from all of it."""

import sys
from contextlib import nullcontext
from dataclasses import replace
from unittest.mock import patch

import pytest
import torch
import torch.distributed as dist
from torch import nn
from torch.testing import assert_close
from torch.utils._python_dispatch import TorchDispatchMode

from pipeline.data import ranks
from pipeline.data.batches import Batch
from pipeline.models.layer_groups import LayerGroups
from pipeline.rungs.registry import find_rung
from pipeline.train.averaging import average_of
from pipeline.train.learner import Learner
from pipeline.train.schedule import THAWED, Phase
from pipeline.train.whole_batch import _WholeBatch, whole_batch
from tests.on_gpu import DEVICES, waiting_is_an_error
from tests.rungs.making import SIDE, batch_of, model_of, params_of
from tests.train.making import params_of as training_params

FIRST, SECOND, NONE = [0.1, 0.1, 0.6, 0.7], [0.5, 0.4, 0.8, 0.9], [0.0] * 4
# Each family of rungs and each form of it, in the phases that differ in what learns.
CASES = [
    ("classifier", "ours", "late"),
    ("bbox", "ours", "all"),
    ("combined", "lesson", "late"),
    ("ssd_4x4", "ours", "head"),
    ("ssd_189", "lesson", "late"),
    ("ssd_fpn", None, "all"),
]


def five_photos(rung: str) -> Batch:
    """Return photos that two processes share as two and three; most objects are in the three."""
    if find_rung(rung).task.every_object:
        boxes = [[FIRST, NONE], [NONE, NONE], [SECOND, FIRST], [SECOND, NONE], [FIRST, SECOND]]
        labels = [[0, -1], [-1, -1], [1, 2], [1, -1], [0, 2]]
        ignore = [[False] * 2, [False] * 2, [False] * 2, [True, False], [False] * 2]
        return batch_of(SIDE, boxes, labels, ignore)
    boxes = [[FIRST], [SECOND], [FIRST], [SECOND], [FIRST]]
    return batch_of(SIDE, boxes, [[0], [2], [1], [1], [0]], [[False]] * 4 + [[True]])


def learn(rung: str, form: str | None, phase: str, dtype: torch.dtype, steps: int = 1):
    """Return losses, gradients and what is kept of the model after some steps."""
    changes = {"dropout": 0.3} | ({"form": form} if form else {})
    model = model_of(rung, **changes).to(dtype, memory_format=torch.channels_last)
    layers = LayerGroups(model, model.backbone)
    layers.thaw(THAWED[phase])
    shared, own = training_params(ema=0.9, grad_clip=1e9 if steps == 1 else 0.5)
    average = average_of(model, own.ema)
    learner = Learner(
        model,
        layers,
        find_rung(rung).criterion(model, params_of(rung, **changes)),
        average,
        Phase(phase, 1, 0.001),
        steps_per_epoch=10,
        steps_before=0,
        shared=shared,
        rung=own,
    )
    photos = five_photos(rung)
    part = photos.images[ranks.rank_slice(5)].to(dtype, memory_format=torch.channels_last)
    photos = replace(photos, images=part, boxes=photos.boxes.to(dtype))
    torch.manual_seed(1)
    # Heads and criteria leave bfloat16 by `float()`, and must not leave float64.
    with patch.object(torch.Tensor, "float", lambda tensor: tensor.to(dtype)):
        for _ in range(steps):
            losses = learner.step(photos)
    return {
        "losses": losses,
        "gradients": {n: p.grad for n, p in model.named_parameters() if p.grad is not None},
        "statistics": dict(model.named_buffers()),
        "weights": model.state_dict() | {f"mean {k}": v for k, v in average.state_dict().items()},
    }


def _apart(seen: dict, other: dict) -> float:
    """Return the distance of two gradients as a share of the second."""
    flat = [
        torch.cat([each["gradients"][name].double().flatten() for name in other["gradients"]])
        for each in (seen, other)
    ]
    return float((flat[0] - flat[1]).norm() / flat[1].norm())


@pytest.mark.parametrize(("rung", "form", "phase"), CASES)
def test_the_gradient_is_that_of_the_whole_batch(together, rung, form, phase):
    exact, alone = (learn(rung, form, phase, dtype) for dtype in (torch.float64, torch.float32))
    first, second = together(learn, rung, form, phase, torch.float64)
    assert first["gradients"].keys() == exact["gradients"].keys()
    assert _apart(first, exact) < 1e-11
    for kind in ("losses", "statistics"):
        for name, value in exact[kind].items():
            assert_close(first[kind][name], value, rtol=1e-9, atol=1e-12)
    for kind in ("losses", "statistics", "gradients"):
        for name, value in first[kind].items():
            assert torch.equal(value, second[kind][name]), name
    # In float32 one process alone is some millionths off, and two are no worse.
    rounded, _ = together(learn, rung, form, phase, torch.float32)
    assert _apart(rounded, exact) < 1e-6 + 3 * _apart(alone, exact)
    assert _apart(alone, exact) < 1e-4


def test_after_some_steps_both_have_the_same_weights(together):
    first, second = together(learn, "ssd_4x4", "ours", "all", torch.float32, 4)
    assert first["weights"].keys() == second["weights"].keys()
    for name, value in first["weights"].items():
        assert torch.equal(value, second["weights"][name]), name


def _layers(dtype: torch.dtype):
    generator = torch.Generator().manual_seed(2)
    inputs = torch.randn(5, 4, 3, 2, generator=generator, dtype=torch.float64) * 3 + 50
    flat = nn.BatchNorm1d(4, affine=False)
    last = nn.Sequential(nn.Dropout(0.5), nn.Dropout2d(0.5), nn.BatchNorm2d(4))
    if dtype != torch.bfloat16:  # in which autocast leaves weights in float32
        flat, last = flat.to(dtype), last.to(dtype)
    mine = inputs[ranks.rank_slice(5)].to(dtype)
    torch.manual_seed(3)
    with whole_batch(5):
        outputs = {
            "flat": flat(mine[..., 0, 0]),
            "rows first": last(mine),
            "channels last": last(mine.contiguous(memory_format=torch.channels_last)),
            "evaluated": last.eval()(mine),
        }
    outputs = {name: ranks.gather_rows(value, 5).detach() for name, value in outputs.items()}
    return outputs, dict(last.named_buffers()) | dict(flat.named_buffers(prefix="flat"))


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-9), (torch.bfloat16, 0.02)]
)
def test_layers_that_know_of_the_batch(together, dtype, tolerance):
    outputs, statistics = _layers(dtype)
    for seen, kept in together(_layers, dtype):
        for name, value in outputs.items():
            assert seen[name].dtype == dtype
            assert_close(seen[name], value, rtol=tolerance, atol=tolerance)
        for name, value in statistics.items():
            assert_close(kept[name], value, rtol=1e-5, atol=1e-5)


class AsOnGpu(TorchDispatchMode):
    """Refuses what the gradient of a batch norm refuses on a GPU but not on a CPU."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if func is torch.ops.aten.native_batch_norm_backward.default:
            assert all(saved is not None for saved in args[5:7]), "saved statistics are needed"
        return func(*args, **(kwargs or {}))


def _norm_and_gradients(norm: nn.Module, inputs: torch.Tensor, context) -> list[torch.Tensor]:
    """Return the outputs of a norm, its new statistics, and the gradients."""
    inputs = inputs.detach().requires_grad_()
    with context:
        outputs = norm.train()(inputs)
    wanted = torch.arange(outputs.numel(), device=inputs.device).view_as(outputs).cos()
    gradients = torch.autograd.grad((outputs * wanted).sum(), [inputs, *norm.parameters()])
    return [outputs.detach(), norm.running_mean, norm.running_var, *gradients]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-4), (torch.bfloat16, 0.05)])
def test_one_process_has_the_batch_norm_of_torch(monkeypatch, device, layout, dtype, tolerance):
    # It stands for all, so that a single GPU can show that its kernels take what they are given.
    monkeypatch.setattr(ranks, "all_gather_stacked", lambda mine: mine[None])
    monkeypatch.setattr(ranks, "all_reduce_sum_", lambda tensor: tensor)
    generator = torch.Generator().manual_seed(2)
    inputs = torch.randn(5, 4, 3, 2, generator=generator) * 3 + 5
    inputs = inputs.to(device, dtype).contiguous(memory_format=layout)
    ours, torchs = (nn.BatchNorm2d(4, device=device) for _ in range(2))
    _norm_and_gradients(ours, inputs, nullcontext())  # a GPU picks its kernels
    ours.load_state_dict(torchs.state_dict())
    with waiting_is_an_error() if device == "cuda" else AsOnGpu():
        found = _norm_and_gradients(ours, inputs, _WholeBatch(5))
    for mine, theirs in zip(found, _norm_and_gradients(torchs, inputs, nullcontext()), strict=True):
        assert_close(mine, theirs, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("device", DEVICES)
def test_what_one_rank_exchanges_with_itself(monkeypatch, device):
    # NCCL wants a GPU for each process: a single one shows that it starts, works and ends. The last
    # test, as it may hang.
    store = dist.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    told = {"RANK": 0, "LOCAL_RANK": 0, "WORLD_SIZE": 1, "MASTER_ADDR": "127.0.0.1"}
    told |= {"MASTER_PORT": store.port, "TORCHELASTIC_USE_AGENT_STORE": True}
    told |= {"GLOO_SOCKET_IFNAME": "lo"} if sys.platform == "linux" else {}
    for name, value in told.items():
        monkeypatch.setenv(name, str(value))
    with ranks.joined():
        numbers = torch.arange(3.0, device=device)
        assert ranks.all_gather_stacked(numbers).tolist() == [[0, 1, 2]]
        assert ranks.all_reduce_sum_(numbers).tolist() == [0, 1, 2]
        objects = [None]
        dist.all_gather_object(objects, "of any kind")
        assert objects == ["of any kind"]
    assert not dist.is_initialized()
