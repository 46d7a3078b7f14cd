"""The charts with which MLflow's comparison of runs opens: headline metrics, curves, pictures.

MLflow keeps a shared view as a tag of the experiment: JSON, here deflated, as a tag holds 5000
characters. The fields are those of its own pages, version 3.17 (`compareRunCharts` and
`compareRunSections` in the state of the experiment page); omitted fields get MLflow's defaults.
"""

import base64
import json
import zlib
from collections.abc import Sequence

from pipeline.tracking.live.curves import CURVES

SHARE_KEY = "ladder"
LAYOUT_TAG = f"mlflow.sharedViewState.{SHARE_KEY}"
_RUNS = 20  # in one chart
# MLflow makes a section of its own for each prefix of metrics: folded, as they would bury ours.
_FOLDED = ("best", "test", "val", "val/ap", CURVES, f"{CURVES}/train", f"{CURVES}/val")
_SYSTEM, _REST = "System metrics", "Model metrics"  # MLflow's own names of two sections

_HEADLINES = ("voc_map_50", "coco_map", "accuracy", "mean_iou", "l1_px")
_LEARNING_CURVES = tuple(
    f"{CURVES}/{name}" for name in ("val/voc_map_50", "val/accuracy", "val/loss", "train/loss")
)
PROGRESS = "progress"  # its steps are percent of the training
_PICTURES = ("val_grid", "val_worst", "score_curves", "curves", "confusion")

Chart = dict[str, object]


def layout_tag() -> str:
    """Return the value of the tag `LAYOUT_TAG` of the experiment."""
    sections = [
        _section("Headline metrics", [_bars(f"val/{name}") for name in _HEADLINES] + [_minutes()]),
        _section("Learning curves", [_lines(name) for name in _LEARNING_CURVES]),
        _section("Predictions", [_picture(name) for name in _PICTURES]),
        _section("Predictions during training", [_picture(PROGRESS, 100)]),
        *(_section(name, [], unfolded=False) for name in (*_FOLDED, _REST, _SYSTEM)),
    ]
    state = {
        "compareRunSections": [section for section, _ in sections],
        "compareRunCharts": [chart for _, charts in sections for chart in charts],
        "isAccordionReordered": True,  # sections stay in this order
        "runsHiddenMode": "FIRST_20_RUNS",
    }
    deflated = zlib.compress(json.dumps(state, separators=(",", ":")).encode(), 9)
    return f"deflate;{base64.b64encode(deflated).decode()}"


def _section(
    name: str, charts: Sequence[Chart], *, unfolded: bool = True
) -> tuple[Chart, list[Chart]]:
    """Return a section and its charts."""
    section: Chart = {"uuid": f"ladder-{name}", "name": name, "display": unfolded}
    section |= {"isReordered": True, "deleted": False, "isGenerated": False}
    common = {"metricSectionId": section["uuid"], "deleted": False, "isGenerated": False}
    return section, [
        {"uuid": f"{section['uuid']}-{number}", "runsCountToCompare": _RUNS, **common, **chart}
        for number, chart in enumerate(charts)
    ]


def _bars(metric: str) -> Chart:
    return {"type": "BAR", "metricKey": metric, "displayName": metric}


def _lines(metric: str) -> Chart:
    return {
        "type": "LINE",
        "metricKey": metric,
        "selectedMetricKeys": [metric],
        "displayName": metric.removeprefix(f"{CURVES}/"),
        "lineSmoothness": 0,
        "xAxisKey": "step",
        "xAxisScaleType": "linear",
        "scaleType": "linear",
        "range": {},
        "yAxisKey": "metric",
        "yAxisExpressions": [],
        "selectedXAxisMetricKey": "",
        "ignoreOutliers": False,
        "useGlobalXaxisKey": True,
        "useGlobalLineSmoothing": True,
    }


def _minutes() -> Chart:
    x, y = f"{CURVES}/minutes", f"val/{_HEADLINES[0]}"
    axes = {"xaxis": {"key": x, "type": "METRIC"}, "yaxis": {"key": y, "type": "METRIC"}}
    return {"type": "SCATTER", "displayName": "minutes of training, mAP", **axes}


def _picture(key: str, step: int = 0) -> Chart:
    """Return a panel without the run's parameters, which would fill it."""
    return {"type": "IMAGE", "imageKeys": [key], "step": step, "showRunParams": False}
