"""Stage `evaluate`: predictions and metrics of a trained rung."""

import csv
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from pipeline.demo.painter import CLASSES
from pipeline.predictions import PREDICTIONS_SCHEMA
from pipeline.rungs.registry import find_rung
from pipeline.schemas import box_columns
from stages import evaluate
from stages.entry import run_stage
from tests.stages.conftest import TRAINED
from tests.stages.small_project import (
    command,
    contents,
    history,
    move_split,
    predictions,
    rename_class,
    rewrite_tables,
    run_main,
    write_params,
)

OUTPUTS = ("predictions", "metrics", "figures", "plots")


def outputs():
    return {name: contents(Path(name)) for name in OUTPUTS}


def metrics(rung):
    return json.loads(Path("metrics", f"{rung}.json").read_text())


@pytest.mark.parametrize("rung", TRAINED)
def test_metrics_are_nested_under_rung_and_split(trained_project, rung):
    values = metrics(rung)
    assert list(values) == [rung]
    assert list(values[rung]) == ["val", "test"]
    for scores in values[rung].values():
        assert tuple(scores) == find_rung(rung).metrics
        for name, value in scores.items():
            assert 0 <= value <= (224 if name == "l1_px" else 1)


@pytest.mark.parametrize("rung", TRAINED)
def test_predictions_are_of_the_photos_of_val_and_test(trained_project, rung):
    table = predictions(rung)
    assert table.schema == PREDICTIONS_SCHEMA
    images = pq.read_table("data/tables/images.parquet").to_pylist()
    photos = {row["file_name"]: row for row in images}
    seen = [row["file_name"] for row in table.to_pylist()]
    if "ssd" not in rung:
        assert len(set(seen)) == len(seen) == 6  # the photo without objects is left out
    for row in table.to_pylist():
        photo = photos[row["file_name"]]
        assert row["image_id"] == photo["image_id"]
        assert row["split"] == photo["split"] and row["split"] in ("val", "test")
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
def test_twice_is_byte_for_byte_the_same(trained_project, rung):
    before = outputs()
    write_params(trained_project)
    run_main(evaluate, rung)
    assert outputs() == before


def test_l1_is_in_pixels_of_the_lessons_side(trained_project):
    table = predictions("bbox").filter(np.asarray(predictions("bbox")["split"]) == "val")
    truth = {r["image_id"]: r for r in pq.read_table("data/tables/largest.parquet").to_pylist()}
    distances = []
    for box, image_id in zip(box_columns(table), table["image_id"].to_pylist(), strict=True):
        row = truth[image_id]
        sides = np.array([row["width"], row["height"]] * 2)
        expected = [row[side] for side in ("xmin", "ymin", "xmax", "ymax")]
        distances.append(np.abs(box - expected) / sides * 224)
    assert metrics("bbox")["bbox"]["val"]["l1_px"] == pytest.approx(np.mean(distances), abs=1e-4)


def test_val_loss_and_val_metric_agree(trained_project):
    # Nothing is augmented in val, and no epoch averages weights; folded layers round otherwise.
    assert metrics("bbox")["bbox"]["val"]["l1_px"] == pytest.approx(
        history("bbox")[-1]["val"]["l1_px"], abs=0.05
    )


def test_the_options_are_obeyed(trained_project):
    write_params(trained_project, evaluate__max_detections=3, evaluate__score_threshold=0.001)
    run_main(evaluate, "ssd_fpn")
    found = [row["file_name"] for row in predictions("ssd_fpn").to_pylist()]
    assert {found.count(name) for name in found} == {3}
    assert len(set(found)) == 7  # the empty photo is looked at, too
    write_params(trained_project, evaluate__score_threshold=1.0)
    run_main(evaluate, "ssd_fpn")
    assert len(predictions("ssd_fpn")) == 0
    assert set(metrics("ssd_fpn")["ssd_fpn"]["val"].values()) == {0.0}


def test_where_there_is_nothing_to_measure_it_says_null(trained_project):
    def only_the_empty_photo(pascal):
        full = {annotation["image_id"] for annotation in pascal["annotations"]}
        for image in pascal["images"]:
            in_val = image["split"] == "val" and image["id"] not in full
            image["split"] = "val" if in_val else "train"

    rewrite_tables(only_the_empty_photo)
    run_main(evaluate, "ssd_fpn")
    values = metrics("ssd_fpn")["ssd_fpn"]
    assert values == {"val": dict.fromkeys(find_rung("ssd_fpn").metrics)}


def test_as_a_command(trained_project):
    before = outputs()
    process = command("evaluate", "classifier")
    out, err = process.communicate()
    assert process.returncode == 0, err
    accuracy = metrics("classifier")["classifier"]
    with open("plots/classifier/intervals.csv") as file:
        ends = {row["split"]: row for row in csv.DictReader(file)}
    assert list(ends) == ["val", "test"]
    assert out == "".join(
        f"classifier {split}: accuracy {accuracy[split]['accuracy']}\n"
        f"  accuracy: {float(row['low']):g} to {float(row['high']):g} "
        "(95 % interval over the photos)\n"
        for split, row in ends.items()
    )
    assert outputs().keys() == before.keys()
    assert outputs()["metrics"] == before["metrics"]


def _nothing(root):
    pass


def _no_model(root):
    Path("models/ssd_fpn/model.safetensors").unlink()


def _no_history(root):
    Path("models/ssd_fpn/history.jsonl").unlink()


def _half_a_history(root):
    path = Path("models/ssd_fpn/history.jsonl")
    path.write_bytes(path.read_bytes()[:-9])


def _other_classes(root):
    rename_class()


def _nothing_to_look_at(root):
    move_split("val", "train")
    move_split("test", "train")


def _fewer_pixels(root):
    np.save("data/pixels/photos.npy", np.zeros((3, 64, 64, 3), np.uint8))


def _no_table(root):
    Path("data/tables/objects.parquet").unlink()


def _impossible(root):
    write_params(root, evaluate__nms_threshold=1.5)


@pytest.mark.parametrize(
    ("rung", "spoil", "line"),
    [
        ("ssd", _nothing, "ssd: no such rung; there are classifier, bbox, "),
        ("combined", _nothing, "models/combined/model.json: no model there; train it first"),
        ("ssd_fpn", _no_model, "models/ssd_fpn: no model there; train it first"),
        ("ssd_fpn", _no_history, "[Errno 2] No such file or directory: 'models/ssd_fpn/history"),
        ("ssd_fpn", _half_a_history, "models/ssd_fpn/history.jsonl: line 2: not an epoch; train "),
        ("ssd_fpn", _other_classes, "models/ssd_fpn: learnt other classes than the tables"),
        ("ssd_fpn", _nothing_to_look_at, "data/tables: no photo in val or test for ssd_fpn; "),
        ("ssd_fpn", _fewer_pixels, "data/pixels/photos.npy: has 3 photos, data/tables/images"),
        ("ssd_fpn", _no_table, "data/tables/objects.parquet: no such file; run the tables "),
        ("ssd_fpn", _impossible, "params.yaml: evaluate.nms_threshold = 1.5: "),
    ],
)
def test_bad_input_is_one_line_and_leaves_the_earlier_outputs(
    trained_project, monkeypatch, capsys, rung, spoil, line
):
    spoil(trained_project)
    before = outputs()
    monkeypatch.setattr("sys.argv", ["evaluate", rung])
    capsys.readouterr()
    with pytest.raises(SystemExit) as end:
        run_stage(evaluate.main)
    shown = capsys.readouterr()
    assert end.value.code == 1
    assert shown.out == ""
    problems = [row for row in shown.err.splitlines() if " batches, " not in row]  # progress
    assert len(problems) == 1 and problems[0].startswith(f"error: {line}")
    assert outputs() == before
