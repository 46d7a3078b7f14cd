"""Finds layers that follow each other, whatever the code between them."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

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
    """Return the names of two layers each: the second alone reads what the first returns.

    One forward pass shows what reads what. Layers that run more than once, such as those of heads
    shared by several maps, are left out.

    Args:
        model: in evaluation mode.
        image_size: side S of its input, in pixels.
        first: class of the first layers.
        second: classes of the second ones.
    """
    seconds = second if isinstance(second, tuple) else (second,)
    calls, reads = _calls(model, image_size, (first, *seconds))
    names = [call.name for call in calls]
    once = [call for call in calls if names.count(call.name) == 1]
    returned = {call.returned: call.name for call in once if isinstance(call.layer, first)}
    return [
        (returned[call.read], call.name)
        for call in once
        if isinstance(call.layer, seconds) and call.read in returned and reads[call.read] == 1
    ]


class _Reads(TorchDispatchMode):
    """Counts the operations that read a tensor, and keeps it so that no other gets its id."""

    def __init__(self) -> None:
        super().__init__()
        self.of: Counter[_Identity] = Counter()
        self.kept: list[Tensor] = []

    def note(self, values: object) -> None:
        """Count one more reader of each tensor in nested lists, tuples and dicts."""
        tensors = [leaf for leaf in tree_leaves(values) if isinstance(leaf, Tensor)]
        self.of.update({_identity(tensor) for tensor in tensors})
        self.kept.extend(tensors)

    def __torch_dispatch__(
        self,
        func: Callable[..., object],
        types: object,
        args: tuple[object, ...] = (),
        kwargs: dict[str, object] | None = None,
    ) -> object:
        """Run an operation."""
        self.note((args, kwargs))
        return func(*args, **(kwargs or {}))


def _calls(
    model: nn.Module, image_size: int, kinds: tuple[type[nn.Module], ...]
) -> tuple[list[_Call], Counter[_Identity]]:
    """Return each run of a layer of some kinds in a forward pass, and how often a map is read.

    Who called the model counts as a reader of what it returns.
    """
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
    images = torch.zeros(1, 3, image_size, image_size, device=weight.device, dtype=weight.dtype)
    try:
        with _Reads() as counted:
            counted.note(model(images))
    finally:
        for handle in handles:
            handle.remove()
    return calls, counted.of


def _identity(tensor: Tensor) -> _Identity:
    return id(tensor), tensor._version
