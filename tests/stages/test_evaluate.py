"""Stage `evaluate`: predictions made of the truth and noise become metrics and tables."""

import csv
import json
import subprocess
import sys
from itertools import zip_longest
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from pipeline.demo.painter import CLASSES
from pipeline.evaluate.error_kinds import KINDS
from pipeline.schemas import box_columns
from stages import evaluate
from stages.entry import run_stage
from tests.stages.answers import TASKS, answer, rename_classes
from tests.stages.small_project import contents, predictions, rewrite_tables, run_main

FILES = {
    "classifier": {"intervals.csv", "history.csv", "confusion.csv"},
    "bbox": {"intervals.csv", "history.csv"},
    "combined": {"intervals.csv", "history.csv", "confusion.csv"},
    "ssd_fpn": {
        *("intervals.csv", "history.csv", "confusion.csv", "label_scores.json"),
        *("ap_by_class.csv", "pr_curves.csv", "ap_by_size.csv", "errors.csv", "worst_photos.csv"),
        *("anchor_fit.csv", "anchor_iou.csv", "found_by_epoch.csv"),
    },
}
RUNGS = tuple(FILES)


@pytest.fixture
def project(painted_project):
    """The painted project with answers of every rung."""
    for rung in RUNGS:
        answer(rung)
    return painted_project


def outputs():
    return {name: contents(Path(name)) for name in ("metrics", "evaluation")}


def metrics(rung):
    return json.loads(Path("metrics", f"{rung}.json").read_text())


def rows_of(table):
    return pq.read_table(f"data/tables/{table}.parquet").to_pylist()


def keep_rows(chosen, *tables):
    """Leave in these tables only the rows that are chosen."""
    for name in tables:
        path = Path(f"data/tables/{name}.parquet")
        table = pq.read_table(path)
        pq.write_table(table.filter([chosen(row) for row in table.to_pylist()]), path)


def read_csv(rung, name):
    with Path("evaluation", rung, f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("rung", RUNGS)
def test_metrics_are_nested_under_rung_and_split_and_say_what_made_them(project, rung):
    run_main(evaluate, rung)
    values = metrics(rung)
    assert list(values) == [rung, "processor"]
    assert values["processor"] == "abacus"
    assert list(values[rung]) == ["val", "test"]
    for scores in values[rung].values():
        assert tuple(scores) == TASKS[rung].metrics
        for name, value in scores.items():
            assert 0 <= value <= (224 if name == "l1_px" else 1)


@pytest.mark.parametrize("rung", RUNGS)
def test_each_rung_leaves_what_fits_its_task(project, rung):
    run_main(evaluate, rung)
    assert contents(Path("evaluation", rung)).keys() == FILES[rung]


@pytest.mark.parametrize("rung", ["classifier", "ssd_fpn"])
def test_twice_is_byte_for_byte_the_same(project, rung):
    run_main(evaluate, rung)
    before = outputs()
    run_main(evaluate, rung)
    assert outputs() == before


def test_l1_is_in_pixels_of_the_lessons_side(project):
    run_main(evaluate, "bbox")
    table = predictions("bbox").filter(np.asarray(predictions("bbox")["split"]) == "val")
    truth = {row["image_id"]: row for row in rows_of("largest")}
    distances = []
    for box, image_id in zip(box_columns(table), table["image_id"].to_pylist(), strict=True):
        if image_id in truth:
            row = truth[image_id]
            sides = np.array([row["width"], row["height"]] * 2)
            expected = [row[side] for side in ("xmin", "ymin", "xmax", "ymax")]
            distances.append(np.abs(box - expected) / sides * 224)
    assert metrics("bbox")["bbox"]["val"]["l1_px"] == pytest.approx(np.mean(distances), abs=1e-4)


def test_intervals_hold_the_metric_and_name_the_split(project):
    run_main(evaluate, "combined")
    rows = read_csv("combined", "intervals")
    names = ("accuracy", "l1_px", "mean_iou")
    assert [(row["split"], row["metric"]) for row in rows] == [
        (split, name) for split in ("val", "test") for name in names
    ]
    for row in rows:
        assert float(row["low"]) <= float(row["value"]) <= float(row["high"])
        assert row["note"] == ""


def test_of_one_class_it_says_that_accuracy_is_trivial(painted_project):
    def one_class(pascal):
        pascal["categories"] = pascal["categories"][:1]
        for annotation in pascal["annotations"]:
            annotation["category_id"] = pascal["categories"][0]["id"]

    rewrite_tables(one_class)
    answer("classifier")
    run_main(evaluate, "classifier")
    assert metrics("classifier")["classifier"]["val"] == {"accuracy": 1.0}
    assert {row["note"] for row in read_csv("classifier", "intervals")} == {"one class: always 1"}


def test_curves_of_the_training(project):
    run_main(evaluate, "ssd_fpn")
    rows = read_csv("ssd_fpn", "history")
    lines = Path("models/ssd_fpn/history.jsonl").read_text().splitlines()
    for row, expected in zip(rows, map(json.loads, lines), strict=True):
        assert float(row["train_loss"]) == expected["train"]["loss"]
        assert float(row["val_loss"]) == expected["val"]["loss"]
        assert (int(row["epoch"]), float(row["lr"])) == (expected["epoch"], expected["lr"])
        assert row["phase"] == expected["phase"]


def test_what_was_found_by_epoch_in_pixels_of_the_photo(project):
    path = Path("models/ssd_fpn/history.jsonl")
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    # Nothing in the first photo after the first epoch; then a box on its left half.
    for row, found in zip_longest(rows, ([[]], [[[2, 0.5, 0.0, 0.0, 0.5, 1.0]], []])):
        row["found"] = found or []
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    run_main(evaluate, "ssd_fpn")
    (row,) = read_csv("ssd_fpn", "found_by_epoch")
    photo = next(row for row in rows_of("images") if row["split"] == "val")
    assert (row["epoch"], row["label"], row["score"]) == ("2", "2", "0.5")
    assert int(row["image_id"]) == photo["image_id"]
    box = [float(row[side]) for side in ("xmin", "ymin", "xmax", "ymax")]
    assert box == [0, 0, photo["width"] / 2, photo["height"]]


def test_objects_are_counted_by_class_size_and_confusion(project):
    run_main(evaluate, "ssd_fpn")
    truth = [r for r in rows_of("objects") if r["split"] == "val" and not r["ignore"]]
    of_class = [[row["name"] for row in truth].count(name) for name in CLASSES]
    rows = read_csv("ssd_fpn", "ap_by_class")
    assert [row["name"] for row in rows] == list(CLASSES)
    assert [int(row["objects"]) for row in rows] == of_class
    assert sum(int(row["objects"]) for row in read_csv("ssd_fpn", "ap_by_size")) == len(truth)
    actual = [row["actual"] for row in read_csv("ssd_fpn", "confusion")]
    assert [actual.count(name) for name in CLASSES] == of_class


def test_errors_are_those_of_the_labels_not_of_every_box(project):
    run_main(evaluate, "ssd_fpn")
    scores = json.loads(Path("evaluation/ssd_fpn/label_scores.json").read_text())
    assert list(scores) == list(CLASSES)
    boxes = [row for row in predictions("ssd_fpn").to_pylist() if row["split"] == "val"]
    labels = [row for row in boxes if row["score"] > scores[row["name"]]]
    errors = {row["kind"]: row for row in read_csv("ssd_fpn", "errors")}
    assert tuple(errors) == KINDS
    wrong = sum(int(row["count"]) for kind, row in errors.items() if kind != "missed")
    assert wrong <= len(labels) < len(boxes)
    predicted = [row["predicted"] for row in read_csv("ssd_fpn", "confusion")]
    assert len(predicted) - predicted.count("(missed)") <= len(labels)
    assert all(0 <= float(row["d_ap"]) <= 1 for row in errors.values())


def test_the_worst_photos_come_first_and_have_errors(painted_project):
    answer("ssd_fpn", wrong=0.5)
    run_main(evaluate, "ssd_fpn")
    rows = read_csv("ssd_fpn", "worst_photos")
    counts = [int(row["errors"]) for row in rows]
    assert counts == sorted(counts, reverse=True) and counts[-1] > 0
    val = {row["image_id"]: row["file_name"] for row in rows_of("images") if row["split"] == "val"}
    for row in rows:
        assert val[int(row["image_id"])] == row["file_name"]
        words = row["words"].replace(",", "").split()
        assert sum(int(word) for word in words if word.isdigit()) == int(row["errors"])


def test_the_fit_of_anchors_is_of_what_was_learnt(project):
    run_main(evaluate, "ssd_fpn")
    every, *by_size = read_csv("ssd_fpn", "anchor_fit")
    learnt = [row for row in rows_of("objects") if row["split"] == "train" and not row["ignore"]]
    assert int(every["objects"]) == sum(int(row["objects"]) for row in by_size) == len(learnt)
    objects = read_csv("ssd_fpn", "anchor_iou")
    fitting = np.mean([float(row["best_iou"]) >= 0.5 for row in objects])
    assert float(every["fitting"]) == pytest.approx(fitting, abs=1e-5)


def test_where_there_is_nothing_to_measure_it_says_null(painted_project):
    keep_rows(lambda row: row["split"] == "train", "objects")
    answer("ssd_fpn")
    run_main(evaluate, "ssd_fpn")
    nulls = dict.fromkeys(TASKS["ssd_fpn"].metrics)
    assert metrics("ssd_fpn")["ssd_fpn"] == {"val": nulls, "test": nulls}
    for row in read_csv("ssd_fpn", "intervals"):
        assert (row["value"], row["low"], row["high"]) == ("nan", "nan", "nan")


def test_as_a_command_it_prints_metrics_and_intervals_and_imports_no_torch(project):
    code = (
        "import sys; from stages import evaluate; evaluate.main(); "
        "print(sorted({'torch', 'mlflow', 'matplotlib'} & sys.modules.keys()), file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, "classifier"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr.strip() == "[]"
    accuracy = metrics("classifier")["classifier"]
    lines = done.stdout.splitlines()
    assert lines[0] == f"classifier val: accuracy {accuracy['val']['accuracy']}"
    assert lines[1].endswith("(95 % interval over the photos)")
    assert len(lines) == 4


def _nothing():
    pass


def _no_history():
    Path("models/ssd_fpn/history.jsonl").unlink()


def _half_a_history():
    path = Path("models/ssd_fpn/history.jsonl")
    path.write_bytes(path.read_bytes()[:-9])


def _other_classes():
    rename_classes(["submarine", *CLASSES[1:]])


def _no_photos():
    keep_rows(lambda row: row["split"] == "train", "images", "objects", "largest")


def _no_answer():
    table = predictions("bbox")
    pq.write_table(table.slice(0, 1), "predictions/bbox.parquet")


def _no_table():
    Path("data/tables/objects.parquet").unlink()


@pytest.mark.parametrize(
    ("rung", "spoil", "line"),
    [
        ("ssd", _nothing, "predictions/ssd.parquet: no such file; run the predict stage first"),
        ("ssd_fpn", _no_history, "[Errno 2] No such file or directory: 'models/ssd_fpn/history"),
        ("ssd_fpn", _half_a_history, "models/ssd_fpn/history.jsonl: line 6: not an epoch; train "),
        ("ssd_fpn", _other_classes, "predictions/ssd_fpn.parquet: has other classes than "),
        ("ssd_fpn", _no_photos, "data/tables: no photo in val or test for ssd_fpn; "),
        ("ssd_fpn", _no_table, "data/tables/objects.parquet: no such file; run the tables "),
        ("bbox", _no_answer, "predictions: none for "),
    ],
)
def test_bad_input_is_one_line_and_leaves_the_earlier_outputs(
    project, monkeypatch, capsys, rung, spoil, line
):
    run_main(evaluate, "ssd_fpn")
    spoil()
    before = outputs()
    monkeypatch.setattr("sys.argv", ["evaluate", rung])
    capsys.readouterr()
    with pytest.raises(SystemExit) as end:
        run_stage(evaluate.main)
    shown = capsys.readouterr()
    assert end.value.code == 1
    assert shown.out == ""
    assert shown.err.startswith(f"error: {line}") and shown.err.count("\n") == 1
    assert outputs() == before
