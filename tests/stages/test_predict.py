"""Stage `predict`: what a trained rung says of every photo outside train."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from pipeline.demo.painter import CLASSES
from pipeline.inference.detector import Detector
from pipeline.predictions import PREDICTIONS_SCHEMA, read_predictions
from pipeline.rungs.registry import find_rung
from pipeline.schemas import box_columns
from stages import predict
from stages.entry import run_stage
from tests.data.making import save_store
from tests.stages.conftest import TRAINED
from tests.stages.small_project import (
    move_split,
    predictions,
    rename_class,
    run_main,
    write_params,
)

pytestmark = pytest.mark.slow  # the project is trained first


def images():
    return {row["image_id"]: row for row in pq.read_table("data/tables/images.parquet").to_pylist()}


@pytest.mark.parametrize("rung", TRAINED)
def test_predictions_are_of_the_photos_of_val_and_test(trained_project, rung):
    table, photos = predictions(rung), images()
    assert table.schema == PREDICTIONS_SCHEMA
    asked = [image_id for image_id, row in photos.items() if row["split"] != "train"]
    answered = table["image_id"].to_pylist()
    if "ssd" not in rung:
        assert answered == asked  # one answer for each, in the order of the table
    assert set(answered) <= set(asked)
    for row in table.to_pylist():
        photo = photos[row["image_id"]]
        assert (row["file_name"], row["split"]) == (photo["file_name"], photo["split"])
        assert 0 < row["score"] <= 1
        if rung == "bbox":
            assert (row["label"], row["name"], row["score"]) == (-1, None, 1.0)
        else:
            assert row["name"] == CLASSES[row["label"]]
        if rung == "classifier":
            assert np.isnan(row["xmin"]) and np.isnan(row["ymax"])
        else:
            assert 0 <= row["xmin"] <= photo["width"] and 0 <= row["ymax"] <= photo["height"]


@pytest.mark.parametrize("rung", TRAINED)
def test_task_and_classes_go_with_the_predictions(trained_project, rung):
    read = read_predictions(Path("predictions", f"{rung}.parquet"))
    assert (read.task, read.classes) == (find_rung(rung).task, list(CLASSES))


def test_it_says_what_a_detector_says_of_the_photo_files(trained_project):
    # A photo of the demo is 64 pixels wide; the store has squashed it to 64 x 64 before.
    table = predictions("bbox")
    paths = [Path("data/source/photos", name) for name in table["file_name"].to_pylist()]
    found = Detector.load("models/bbox", device="cpu").predict(paths)
    expected = np.concatenate([one.boxes for one in found])
    np.testing.assert_allclose(box_columns(table), expected, atol=0.05)


def test_the_parameters_are_obeyed(trained_project):
    write_params(trained_project, predict__max_detections=3, predict__min_score=0.001)
    run_main(predict, "ssd_fpn")
    found = predictions("ssd_fpn")["image_id"].to_pylist()
    assert {found.count(image_id) for image_id in found} == {3}
    assert len(set(found)) == 7  # the photo without objects as well
    write_params(trained_project, predict__min_score=1.0)
    run_main(predict, "ssd_fpn")
    assert len(predictions("ssd_fpn")) == 0


def test_twice_is_byte_for_byte_the_same(trained_project):
    file = Path("predictions/ssd_fpn.parquet")
    write_params(trained_project)
    before = file.read_bytes()
    run_main(predict, "ssd_fpn")
    assert file.read_bytes() == before


def test_as_a_command_it_imports_neither_mlflow_nor_training_nor_evaluation(trained_project):
    write_params(trained_project)
    command = [sys.executable, "-X", "importtime", "-m", "stages.predict", "classifier"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "predictions/classifier.parquet: 7 detections\n"
    told = done.stderr.splitlines()
    imported = {line.rpartition("|")[2].strip() for line in told if line.startswith("import time:")}
    [progress] = [line for line in told if not line.startswith("import time:")]
    assert progress.startswith("classifier: 7/7 photos, ")
    assert "pipeline.inference.detector" in imported
    kept_out = ("mlflow", "matplotlib", "pipeline.train", "pipeline.evaluate", "pipeline.report")
    assert not [name for name in imported if name.startswith(kept_out)]


def _nothing():
    pass


def _other_classes():
    rename_class()


def _no_photo():
    for split in ("val", "test"):
        move_split(split, "train")


def _no_model():
    Path("models/classifier/model.safetensors").unlink()


def _damaged_model():
    file = Path("models/classifier/model.json")
    file.write_text(json.dumps(json.loads(file.read_text()) | {"rung": "other"}))


def _no_pixels():
    Path("data/pixels/photos.npy").unlink()


def _fewer_pixels():
    save_store(Path("data/pixels/photos.npy"), np.zeros((3, 64, 64, 3), np.uint8))


@pytest.mark.parametrize(
    ("rung", "spoil", "line"),
    [
        ("ssd", _nothing, "ssd: no such rung; there are classifier, bbox, "),
        ("combined", _nothing, "models/combined/model.json: no model there; train it first"),
        ("classifier", _no_model, "models/classifier/model.safetensors: no model there; "),
        ("classifier", _damaged_model, "models/classifier/model.json: other: no such rung; "),
        (
            "classifier",
            _other_classes,
            "models/classifier: was trained on other classes than the tables; ",
        ),
        ("classifier", _no_photo, "data/tables: no photo in val or test to predict; "),
        ("classifier", _no_pixels, "data/pixels/photos.npy: no such file; "),
        ("classifier", _fewer_pixels, "data/pixels/photos.npy: has 3 photos, data/tables/images"),
    ],
)
def test_bad_input_is_one_line_and_leaves_the_earlier_predictions(
    trained_project, monkeypatch, capsys, rung, spoil, line
):
    write_params(trained_project)
    spoil()
    before = Path("predictions/classifier.parquet").read_bytes()
    monkeypatch.setattr("sys.argv", ["predict", rung])
    capsys.readouterr()
    with pytest.raises(SystemExit) as end:
        run_stage(predict.main)
    shown = capsys.readouterr()
    assert (end.value.code, shown.out) == (1, "")
    assert shown.err.startswith(f"error: {line}") and shown.err.count("\n") == 1
    assert Path("predictions/classifier.parquet").read_bytes() == before


def test_the_device_is_checked(trained_project, monkeypatch, capsys):
    write_params(trained_project, train__shared__device="tpu")
    monkeypatch.setattr("sys.argv", ["predict", "classifier"])
    with pytest.raises(SystemExit):
        run_stage(predict.main)
    assert capsys.readouterr().err.startswith("error: train.shared.device = tpu: not usable here")
