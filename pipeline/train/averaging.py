"""Step 6: a running average of a model's weights, which is often better than the last ones."""

from timm.utils import ModelEmaV3
from torch import nn

# Early on the average is a short one, (1 + steps) / (10 + steps) of it old, as in TensorFlow's
# `ExponentialMovingAverage`, or it would be one of random weights.
_WARM_UP = {"use_warmup": True, "warmup_gamma": 9.0, "warmup_power": 1.0}


def average_of(model: nn.Module, decay: float) -> ModelEmaV3:
    """Return the running average of a model's weights and statistics; its `module` has them.

    Args:
        model: is copied.
        decay: how much of the average is old at each step, once it has warmed up.
    """
    return ModelEmaV3(model, decay, **_WARM_UP)


def update_average(average: ModelEmaV3, model: nn.Module, steps: int) -> None:
    """Take in a model's weights after `steps` earlier updates."""
    average.update(model, step=steps + 2)  # timm counts from 1 and lets the first one warm up
