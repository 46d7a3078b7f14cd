"""Folds batch norms for faster inference; the model predicts as before but cannot be trained."""

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

Model = TypeVar("Model", bound=nn.Module)
# A layer's name, the layer, and the identities of its input and its output.
_Call = tuple[str, nn.Module, tuple[int, int], tuple[int, int]]


@torch.no_grad()
def prepare_for_inference(model: Model, image_size: int) -> Model:
    """Return `model`, changed in place to fewer layers with the same outputs up to rounding.

    In evaluation mode a batch norm is a factor and a shift of each channel, and so are the weights
    and the bias of the convolution before it, into which it is folded
    (`docs/performance.md` has the speed-up).

    Args:
        model: in evaluation mode.
        image_size: side S of its input, in pixels.
    """
    weight = next(model.parameters())
    images = torch.zeros(1, 3, image_size, image_size, device=weight.device, dtype=weight.dtype)
    for conv_name, norm_name in _pairs(model, images):
        conv, norm = model.get_submodule(conv_name), model.get_submodule(norm_name)
        assert isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d)
        model.set_submodule(conv_name, fuse_conv_bn_eval(conv, norm))
        # timm's norm layers have an activation inside.
        model.set_submodule(norm_name, nn.Sequential(*norm.children()))
    return model


def _pairs(model: nn.Module, images: Tensor) -> list[tuple[str, str]]:
    """Return the names of each batch norm and of the convolution whose output it alone reads.

    One forward pass shows which layer reads what. Layers that run more than once, such as those of
    heads shared by several maps, are left out.
    """
    calls: list[_Call] = []
    kept: list[Tensor] = []  # so that no other tensor gets the same id

    def note(name: str) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
        def after(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
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
    convs = {output: name for name, layer, _, output in calls if isinstance(layer, nn.Conv2d)}
    return [
        (convs[read], name)
        for name, layer, read, _ in calls
        if isinstance(layer, nn.BatchNorm2d)
        and read in convs
        and names.count(name) == names.count(convs[read]) == 1
    ]


def _identity(tensor: Tensor) -> tuple[int, int]:
    """Return an identity that changes when a layer, such as an activation, writes in place."""
    return id(tensor), tensor._version
