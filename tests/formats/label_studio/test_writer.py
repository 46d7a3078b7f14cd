"""What is written for Label Studio."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from pipeline.formats.label_studio.writer import write_label_studio
from pipeline.formats.labels import LabelledBox, labels_of_boxes


def test_tasks_by_hand(tmp_path: Path) -> None:
    images = [
        {"file_name": "a.jpg", "width": 200, "height": 100, "split": None},
        {"file_name": "cats/b c.jpg", "width": 200, "height": 100, "split": "val"},
    ]
    boxes = [LabelledBox(1, "cat", (20, 20, 100, 50), ignore=True)]
    labels = labels_of_boxes(Path("labels"), Path("photos"), images, boxes)
    assert write_label_studio([labels], tmp_path / "a.json") == ()
    empty, full = json.loads((tmp_path / "a.json").read_text())
    assert empty == {
        "data": {"image": "/data/local-files/?d=a.jpg"},
        "annotations": [{"result": []}],
    }
    assert full["data"] == {"image": "/data/local-files/?d=cats/b%20c.jpg", "split": "val"}
    (region,) = full["annotations"][0]["result"]
    assert region["value"] == {
        "x": 10,
        "y": 20,
        "width": 50,
        "height": 50,
        "rotation": 0,
        "rectanglelabels": ["cat"],
    }
    assert (region["original_width"], region["meta"]) == (200, {"text": ["ignore"]})
    write_label_studio([replace(labels, scores=np.array([0.25], np.float32))], tmp_path / "b.json")
    empty, full = json.loads((tmp_path / "b.json").read_text())
    assert [empty["predictions"][0]["score"], full["predictions"][0]["score"]] == [1, 0.25]
    assert full["predictions"][0]["result"][0]["score"] == 0.25
    assert full["predictions"][0]["model_version"] == "detection-ladder"
    assert "annotations" not in full
