"""An epoch of a training as MLflow metrics, with the epoch as the step."""

import re
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow.entities import Metric

# MLflow's pages sort charts by prefix; this one puts the final numbers (test, val) first.
CURVES = "while_training"
_NOT_IN_A_KEY = re.compile(r"[^\w.\- :/]")


def curve_metrics(row: Mapping[str, object]) -> list["Metric"]:
    """Return an epoch's numbers at the step `row["epoch"]`; nested names are joined by a slash."""
    from mlflow.entities import Metric

    now, epoch = int(time.time() * 1000), int(str(row["epoch"]))
    return [Metric(metric_key(f"{CURVES}/{k}"), v, now, epoch) for k, v in _numbers(row)]


def metric_key(name: str) -> str:
    """Return a name in which characters that MLflow refuses are replaced.

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
