"""Batch norms that no longer learn become part of the convolutions before them."""

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from pipeline.models.fused_conv import FusedConv, can_fuse


@torch.no_grad()
def fold_batch_norms(model: nn.Module, images: Tensor) -> nn.Module:
    """Return `model`, changed in place, with fewer layers and the same outputs but for rounding.

    At rest a batch norm is a factor and a shift of each channel, and so are a convolution's
    weights and bias. What else a norm layer does, such as timm's activation, becomes part of a
    `FusedConv` where it can. A forward pass of `ssd_fpn` takes two thirds to three quarters
    of the time then, on a CPU (`docs/performance.md`).

    Args:
        model: at rest.
        images: `(1, 3, S, S)` for it to look at: that shows which layer reads what.
    """
    for conv_name, norm_name in _pairs(model, images):
        conv, norm = model.get_submodule(conv_name), model.get_submodule(norm_name)
        conv = fuse_conv_bn_eval(conv, norm)
        rest = [layer for layer in norm.children() if not isinstance(layer, nn.Identity)]
        if len(rest) == 1 and can_fuse(conv, rest[0]):
            conv, rest = FusedConv(conv, rest[0]), []
        model.set_submodule(conv_name, conv)
        model.set_submodule(norm_name, nn.Sequential(*rest))
    return model


def _pairs(model: nn.Module, images: Tensor) -> list[tuple[str, str]]:
    """Return the names of each batch norm and of the convolution that it alone reads.

    Layers that are used more than once, such as those of heads over several maps, are left out.
    """
    calls: list[tuple[str, nn.Module, tuple, tuple]] = []
    kept: list[Tensor] = []  # or another tensor could get the same id

    def note(name: str):
        def after(layer: nn.Module, inputs: tuple[Tensor], output: Tensor) -> None:
            kept.extend((inputs[0], output))
            calls.append((name, layer, _identity(inputs[0]), _identity(output)))

        return after

    handles = [
        layer.register_forward_hook(note(name))
        for name, layer in model.named_modules()
        if isinstance(layer, nn.Conv2d | nn.BatchNorm2d)
    ]
    model(images)
    for handle in handles:
        handle.remove()
    names = [name for name, *_ in calls]
    convs = {made: name for name, layer, _, made in calls if isinstance(layer, nn.Conv2d)}
    return [
        (convs[read], name)
        for name, layer, read, _ in calls
        if isinstance(layer, nn.BatchNorm2d)
        and read in convs
        and names.count(name) == names.count(convs[read]) == 1
    ]


def _identity(tensor: Tensor) -> tuple[int, int]:
    """Return what changes when a layer between, such as an activation in place, writes into it."""
    return id(tensor), tensor._version
