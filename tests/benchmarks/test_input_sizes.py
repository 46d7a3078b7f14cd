"""The same weights at several sizes of the input."""

import json
from pathlib import Path

import pytest

from benchmarks import input_sizes
from benchmarks.input_sizes import DECODING, at_size
from pipeline.data.inputs import read_inputs
from pipeline.evaluate.score import score_objects
from pipeline.inference.detector import Detector
from pipeline.predictions import predictions_table
from pipeline.schemas import of_split
from pipeline.tasks import Task
from stages import train
from tests.stages.small_project import run_main


@pytest.fixture
def model(painted_project) -> Path:
    """Work in a project with a model."""
    run_main(train, "ssd_fpn")
    return painted_project / "models" / "ssd_fpn"


def test_at_its_own_size_a_model_scores_as_it_does(model):
    inputs = read_inputs(Task.DETECT)
    row = at_size(model, Detector.load(model).spec.image_size, inputs)
    photos = of_split(inputs.images, "val")
    files = [Path("data/source", photo) for photo in photos["photo"].to_pylist()]
    found = Detector.load(model, decoding=DECODING).predict(files)
    predictions = predictions_table(photos, found, classes=inputs.classes, task=Task.DETECT)
    truth, ids = of_split(inputs.objects, "val"), photos["image_id"].to_numpy()
    known = score_objects(truth, predictions, ids, len(inputs.classes)).metrics
    assert len(predictions) > 0 and row.photos_per_second > 0
    assert (row.voc_map_50, row.coco_map) == (known["voc_map_50"], known["coco_map"])


def test_each_size_is_a_row(model, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(input_sizes, "RESULT", tmp_path / "sizes.json")
    monkeypatch.setattr("sys.argv", ["input_sizes", "--sizes", "64", "128"])
    input_sizes.main()
    rows = json.loads((tmp_path / "sizes.json").read_text())["rows"]
    assert [row["size"] for row in rows] == [64, 128]
    lines = capsys.readouterr().out.splitlines()[-2:]
    assert [line.split(" | ")[0] for line in lines] == ["| 64", "| 128"]
