"""The pictures of stage `evaluate`, and their numbers as tables."""

import csv
import re
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from pipeline.demo.painter import CLASSES
from stages import evaluate
from tests.stages.conftest import TRAINED
from tests.stages.small_project import (
    contents,
    history,
    predictions,
    run_main,
    write_params,
)

OF_ALL_OBJECTS = {"anchors.png", "pr_curves.png", "errors.png", "confusion.png", "val_worst.png"}


def images():
    return pq.read_table("data/tables/images.parquet").to_pylist()


def objects():
    return pq.read_table("data/tables/objects.parquet").to_pylist()


def read_csv(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("rung", TRAINED)
def test_pictures_can_be_looked_at(trained_project, rung):
    names = {"val_grid.png", "history.png"} | (OF_ALL_OBJECTS if "ssd" in rung else set())
    assert set(contents(Path("figures", rung))) == names
    for name in names:
        with Image.open(Path("figures", rung, name)) as picture:
            picture.load()
            assert min(picture.size) > 100
            assert len(set(picture.convert("L").get_flattened_data())) > 10


@pytest.mark.parametrize("rung", TRAINED)
def test_curves_as_tables(trained_project, rung):
    rows = read_csv(Path("plots", rung, "history.csv"))
    for row, expected in zip(rows, history(rung), strict=True):
        assert float(row["train_loss"]) == expected["train"]["loss"]
        assert float(row["val_loss"]) == expected["val"]["loss"]
        assert (int(row["epoch"]), float(row["lr"])) == (expected["epoch"], expected["lr"])
    path = Path("plots", rung, "ap_by_class.csv")
    assert path.exists() == ("ssd" in rung)
    if path.exists():
        rows = read_csv(path)
        assert [row["class"] for row in rows] == list(CLASSES)
        of_val = [row["name"] for row in objects() if row["split"] == "val" and not row["ignore"]]
        assert [int(row["objects"]) for row in rows] == [of_val.count(name) for name in CLASSES]


@pytest.mark.parametrize("rung", [rung for rung in TRAINED if "ssd" in rung])
def test_the_fit_of_anchors_is_of_what_was_learnt(trained_project, rung):
    every, *by_size = read_csv(Path("plots", rung, "anchor_fit.csv"))
    learnt = [row for row in objects() if row["split"] == "train" and not row["ignore"]]
    assert int(every["objects"]) == sum(int(row["objects"]) for row in by_size) == len(learnt)
    assert 0 <= float(every["fitting"]) <= 1


@pytest.mark.parametrize("rung", [rung for rung in TRAINED if "ssd" in rung])
def test_errors_as_tables(trained_project, rung):
    names = {"errors.csv", "ap_by_size.csv", "confusion.csv"}
    rows = {name: read_csv(Path("plots", rung, name)) for name in names}
    truth = [row for row in objects() if row["split"] == "val" and not row["ignore"]]
    assert sum(int(row["objects"]) for row in rows["ap_by_size.csv"]) == len(truth)
    actual = [row["actual"] for row in rows["confusion.csv"]]
    assert [actual.count(name) for name in CLASSES] == [
        [row["name"] for row in truth].count(name) for name in CLASSES
    ]
    errors = {row["kind"]: row for row in rows["errors.csv"]}
    assert int(errors["missed"]["count"]) <= len(truth)
    wrong = sum(int(row["count"]) for kind, row in errors.items() if kind != "missed")
    assert wrong <= np.count_nonzero(np.asarray(predictions(rung)["split"]) == "val")
    assert all(0 <= float(row["d_ap"]) <= 1 for row in errors.values())


def test_the_worst_photos_come_first_and_say_what_is_wrong(trained_project, monkeypatch):
    drawn = {}

    def note(path, photos, truths, found, *, captions, **rest):
        drawn[path.name] = zip(truths, found, captions, strict=True)

    monkeypatch.setattr("pipeline.report.rung_pictures.photo_grid", note)
    write_params(trained_project, evaluate__grid_score=0.05)
    run_main(evaluate, "ssd_fpn")
    files, totals = [], []
    for truth, found, caption in drawn["val_worst.png"]:
        file, words = caption.split("\n")
        files.append(file)
        totals.append(sum(int(number) for number in re.findall(r"\d+", words)))
        assert len(truth.boxes) == sum(row["file_name"] == file for row in objects())
        assert totals[-1] <= len(truth.boxes) + len(found.boxes)
    assert totals == sorted(totals, reverse=True) and totals[0] > 0
    val = [row["file_name"] for row in images() if row["split"] == "val"]
    assert sorted(files) == sorted(val)  # fewer than twelve: all of them
