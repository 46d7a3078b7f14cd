"""The metrics on val are those of the evaluate stage."""

import json

import pytest

from pipeline.data.inputs import read_inputs
from pipeline.export.quality import val_metrics
from pipeline.inference.detector import Detector
from pipeline.params.params import load_params
from pipeline.tasks import Task
from stages import evaluate, predict, train
from tests.stages.small_project import run_main

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("rung", "names"), [("combined", ["accuracy", "mean_iou"]), ("ssd_fpn", ["voc_map_50"])]
)
def test_they_are_those_of_the_stages(painted_project, rung, names):
    for stage in (train, predict, evaluate):
        run_main(stage, rung)
    metrics = json.loads((painted_project / "metrics" / f"{rung}.json").read_text())[rung]["val"]
    decoding = load_params(painted_project / "params.yaml").predict
    detector = Detector.load(f"models/{rung}", device="cpu", decoding=decoding)
    found = val_metrics(detector, read_inputs(Task(detector.spec.task)))
    assert list(found) == names
    assert found == {name: pytest.approx(metrics[name], abs=1e-4) for name in names}
