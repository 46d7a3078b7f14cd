"""Step 6: a running average of a model's weights, which is often better than the last ones.

torch's `AveragedModel` counts its steps in a tensor on the device and asks for it in every step,
for which a GPU has to be waited for; this one counts them in Python.
"""

import copy
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn


class RunningAverage:
    """The average, `decay` of it old at each step, of weights and statistics of a model.

    Early on it is shorter, `(1 + steps) / (10 + steps)`, or it would be one of random weights.

    Attributes:
        module: a copy of the model that has the averages.
    """

    def __init__(self, model: nn.Module, decay: float):
        self.module = copy.deepcopy(model)
        self.decay = decay
        self.steps = 0

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Take in the weights of `model`; of the first step they are the average."""
        pairs = list(zip(_tensors(self.module), _tensors(model), strict=True))
        floating = [pair for pair in pairs if pair[0].is_floating_point()]
        counts = [pair for pair in pairs if not pair[0].is_floating_point()]
        old = min(self.decay, (1 + self.steps) / (10 + self.steps)) if self.steps else 0.0
        torch._foreach_lerp_(*map(list, zip(*floating, strict=True)), 1 - old)
        for average, current in counts:
            average.copy_(current)
        self.steps += 1

    def state_dict(self) -> dict[str, Any]:
        """Return everything that `load_state_dict` needs."""
        return {"steps": self.steps, "module": self.module.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Become the average that `state` came from."""
        self.steps = state["steps"]
        self.module.load_state_dict(state["module"])


def _tensors(model: nn.Module) -> Iterator[Tensor]:
    yield from model.parameters()
    yield from model.buffers()
