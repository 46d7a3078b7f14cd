"""An epoch of a training as metrics of MLflow, whose step is the epoch."""

import re
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow.entities import Metric

# MLflow's pages sort their charts by prefix: the final numbers (test, val) come before the curves.
CURVES = "while_training"
_NOT_IN_A_KEY = re.compile(r"[^\w.\- :/]")


def curve_metrics(row: Mapping[str, object]) -> list["Metric"]:
    """Return the numbers of an epoch, nested ones joined by a slash, at the step `row["epoch"]`."""
    from mlflow.entities import Metric

    now, epoch = int(time.time() * 1000), int(str(row["epoch"]))
    return [Metric(metric_key(f"{CURVES}/{k}"), v, now, epoch) for k, v in _numbers(row)]


def metric_key(name: str) -> str:
    """Return a name without what MLflow refuses in one.

    >>> metric_key("val/ap/tv@home (old)")
    'val/ap/tv_home _old_'
    """
    return _NOT_IN_A_KEY.sub("_", name)[:250]


def _numbers(row: Mapping[str, object]) -> Iterator[tuple[str, float]]:
    for name, value in row.items():
        if isinstance(value, Mapping):
            yield from ((f"{name}/{inner}", number) for inner, number in _numbers(value))
        elif isinstance(value, int | float) and not isinstance(value, bool) and name != "epoch":
            yield name, value
