"""A running average of a model's weights, which is often better than the last ones."""

from timm.utils.model_ema import ModelEmaV3
from torch import nn

# Early on a share (1 + steps) / (10 + steps) of the average is old, as TensorFlow's
# `ExponentialMovingAverage` has it; with the full decay it would be one of random weights.
_WARM_UP_GAMMA, _WARM_UP_POWER = 9.0, 1.0


def average_of(model: nn.Module, decay: float) -> ModelEmaV3:
    """Return the running average of a model's weights and statistics; its `module` has them.

    Args:
        model: is copied.
        decay: how much of the average is old at each step, once it has warmed up.
    """
    return ModelEmaV3(
        model,
        decay,
        use_warmup=True,
        warmup_gamma=_WARM_UP_GAMMA,
        warmup_power=_WARM_UP_POWER,
    )


def update_average(average: ModelEmaV3, model: nn.Module, steps: int) -> None:
    """Update the average with a model's weights, after `steps` earlier updates."""
    average.update(model, step=steps + 2)  # timm counts from 1 and lets the first one warm up
