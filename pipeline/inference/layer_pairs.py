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
_Classes = type[nn.Module] | tuple[type[nn.Module], ...]


@dataclass(frozen=True)
class _Call:
    """One run of a layer: what it read and what it returned."""

    name: str
    layer: nn.Module
    read: _Identity
    returned: _Identity


@torch.no_grad()
def layer_pairs(
    model: nn.Module, image_size: int, first: type[nn.Module], second: _Classes
) -> list[tuple[str, str]]:
    """Return the names of two layers each: the second alone reads what the first returns.

    One forward pass shows what reads what. Layers that run more than once, such as those of heads
    shared by several maps, are left out.

    Args:
        model: in evaluation mode.
        image_size: side S of its input, in pixels.
        first: class of the first layers.
        second: class or classes of the second ones.
    """
    calls, readers = _calls(model, image_size, (first, second))
    names = [call.name for call in calls]
    once = [call for call in calls if names.count(call.name) == 1]
    returned = {call.returned: call.name for call in once if isinstance(call.layer, first)}
    return [
        (returned[call.read], call.name)
        for call in once
        if isinstance(call.layer, second) and call.read in returned and readers[call.read] == 1
    ]


class _Reads(TorchDispatchMode):
    """Counts the operations that read each tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.readers: Counter[_Identity] = Counter()
        self.kept: list[Tensor] = []  # so that no other tensor gets the same id

    def note(self, values: object) -> None:
        """Count one more reader of each tensor in nested lists, tuples and dicts."""
        tensors = [leaf for leaf in tree_leaves(values) if isinstance(leaf, Tensor)]
        self.readers.update({_identity(tensor) for tensor in tensors})
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
    model: nn.Module, image_size: int, kinds: tuple[type[nn.Module], _Classes]
) -> tuple[list[_Call], Counter[_Identity]]:
    """Return each run of a layer of some kinds in a forward pass, and how many read each map.

    Who called the model counts as a reader of what it returns.
    """
    calls: list[_Call] = []
    started: list[_Identity] = []
    reads = _Reads()

    def before(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        reads.kept.append(inputs[0])
        started.append(_identity(inputs[0]))

    def after(name: str) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
        def note(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            reads.kept.append(output)
            calls.append(_Call(name, layer, started.pop(), _identity(output)))

        return note

    handles = []
    for name, layer in model.named_modules():
        if isinstance(layer, kinds):
            handles.append(layer.register_forward_pre_hook(before))
            handles.append(layer.register_forward_hook(after(name)))
    weight = next(model.parameters())
    images = torch.zeros(1, 3, image_size, image_size, device=weight.device, dtype=weight.dtype)
    try:
        with reads:
            reads.note(model(images))
    finally:
        for handle in handles:
            handle.remove()
    return calls, reads.readers


def _identity(tensor: Tensor) -> _Identity:
    return id(tensor), tensor._version
