"""An exponential moving average of a model's weights, often better than the last ones."""

from timm.utils.model_ema import ModelEmaV3
from torch import nn

# Early on the decay is (1 + steps) / (10 + steps), as in TensorFlow's `ExponentialMovingAverage`;
# with the full decay, the average would long be dominated by the initial weights.
_WARM_UP_GAMMA, _WARM_UP_POWER = 9.0, 1.0


def average_of(model: nn.Module, decay: float) -> ModelEmaV3:
    """Return a moving average of a model's weights and buffers, held in its `module`.

    Args:
        model: copied as the initial average.
        decay: share of the old average that each update keeps, after the warm-up.
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
    average.update(model, step=steps + 2)  # timm subtracts 1, and at 0 would only copy
