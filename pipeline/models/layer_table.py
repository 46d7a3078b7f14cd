"""A model on one page, like the lesson's `learn.summary()`."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

Recorder = Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]


@dataclass(frozen=True)
class LayerRow:
    """One layer: name, kind, output shape without the batch, parameters, and whether trainable."""

    name: str
    kind: str
    output_shape: tuple[int, ...]
    parameters: int
    trainable: bool


def summarize(model: nn.Module, image_size: int) -> list[LayerRow]:
    """Return a row for each layer that runs when `model` is given one image, in execution order.

    A layer that runs more than once (a head shared by the levels of a pyramid) gets a row each
    time; its parameters are counted in the first.
    """
    rows: list[LayerRow] = []
    seen: set[int] = set()
    hooks = [
        module.register_forward_hook(_recorder(name, rows, seen)) for name, module in _layers(model)
    ]
    modes = [(module, module.training) for module in model.modules()]
    device = next(model.parameters()).device
    try:
        with torch.no_grad():
            model.eval()(torch.zeros(1, 3, image_size, image_size, device=device))
    finally:
        for module, training in modes:  # frozen parts are in evaluation mode while others train
            module.training = training
        for hook in hooks:
            hook.remove()
    return rows


def _layers(module: nn.Module, name: str = "") -> Iterator[tuple[str, nn.Module]]:
    """Yield modules with parameters of their own (a norm with an activation) or without parts."""
    parts = list(module.named_children())
    if name and (not parts or list(module.parameters(recurse=False))):
        yield name, module
        return
    for part_name, part in parts:
        yield from _layers(part, f"{name}.{part_name}".lstrip("."))


def _recorder(name: str, rows: list[LayerRow], seen: set[int]) -> Recorder:
    def record(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        parameters = [] if id(module) in seen else list(module.parameters())
        seen.add(id(module))
        rows.append(
            LayerRow(
                name,
                type(module).__name__,
                tuple(output.shape[1:]),
                sum(parameter.numel() for parameter in parameters),
                any(parameter.requires_grad for parameter in module.parameters()),
            )
        )

    return record


def summary_text(model: nn.Module, image_size: int) -> str:
    """Return the rows of `summarize` as aligned text, with the totals below."""
    rows = summarize(model, image_size)
    lines = [f"{'layer':<44} {'kind':<22} {'output':<18} {'parameters':>12}  trainable"]
    for row in rows:
        shape = " x ".join(map(str, row.output_shape))
        learns = "yes" if row.trainable else ("no" if row.parameters else "")
        lines.append(f"{row.name:<44} {row.kind:<22} {shape:<18} {row.parameters:>12,}  {learns}")
    total = sum(parameter.numel() for parameter in model.parameters())
    trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
    lines.append(f"\n{total:,} parameters, {trainable:,} of them trainable")
    return "\n".join(lines) + "\n"
