"""Finds layers that follow each other, whatever the code between them."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

# Of a tensor; another one after a layer, such as an activation, has written to it in place.
_Identity = tuple[int, int]


@dataclass(frozen=True)
class _Call:
    """One run of a layer: what it read and what it returned."""

    name: str
    layer: nn.Module
    read: _Identity
    returned: _Identity


@torch.no_grad()
def layer_pairs(
    model: nn.Module,
    image_size: int,
    first: type[nn.Module],
    second: type[nn.Module] | tuple[type[nn.Module], ...],
) -> list[tuple[str, str]]:
    """Return the names of two layers each, of which the second reads what the first returns.

    One forward pass shows which layer reads what. Layers that run more than once, such as those of
    heads shared by several maps, are left out.

    Args:
        model: in evaluation mode.
        image_size: side S of its input, in pixels.
        first: class of the first layers.
        second: classes of the second ones.
    """
    seconds = second if isinstance(second, tuple) else (second,)
    calls = _calls(model, image_size, (first, *seconds))
    names = [call.name for call in calls]
    once = [call for call in calls if names.count(call.name) == 1]
    returned = {call.returned: call.name for call in once if isinstance(call.layer, first)}
    return [
        (returned[call.read], call.name)
        for call in once
        if isinstance(call.layer, seconds) and call.read in returned
    ]


def _calls(model: nn.Module, image_size: int, kinds: tuple[type[nn.Module], ...]) -> list[_Call]:
    """Return every run of a layer of some kinds in one forward pass."""
    calls: list[_Call] = []
    kept: list[Tensor] = []  # so that no other tensor gets the same id
    reads: list[_Identity] = []

    def before(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        kept.append(inputs[0])
        reads.append(_identity(inputs[0]))

    def after(name: str) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
        def note(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            kept.append(output)
            calls.append(_Call(name, layer, reads.pop(), _identity(output)))

        return note

    handles = []
    for name, layer in model.named_modules():
        if isinstance(layer, kinds):
            handles.append(layer.register_forward_pre_hook(before))
            handles.append(layer.register_forward_hook(after(name)))
    weight = next(model.parameters())
    model(torch.zeros(1, 3, image_size, image_size, device=weight.device, dtype=weight.dtype))
    for handle in handles:
        handle.remove()
    return calls


def _identity(tensor: Tensor) -> _Identity:
    return id(tensor), tensor._version
