"""What is written as Pascal JSON."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from pipeline.formats.labels import LabelledBox, labels_of_boxes
from pipeline.formats.pascal.writer import write_pascal


def test_a_file_by_hand(tmp_path: Path) -> None:
    images = [
        {"file_name": "a.jpg", "width": 40, "height": 30, "split": None},
        {"file_name": "b.jpg", "width": 40, "height": 30, "split": "val"},
    ]
    boxes = [LabelledBox(1, "cat", (1, 2, 3.5, 4), ignore=True)]
    labels = labels_of_boxes(Path("labels"), Path("photos"), images, boxes)
    labels = replace(labels, scores=np.array([0.25], np.float32))
    assert write_pascal([labels], tmp_path / "a.json") == ()
    pascal = json.loads((tmp_path / "a.json").read_text())
    assert pascal["images"] == [
        {"id": 1, "file_name": "a.jpg", "width": 40, "height": 30},
        {"id": 2, "file_name": "b.jpg", "width": 40, "height": 30, "split": "val"},
    ]
    (annotation,) = pascal["annotations"]
    assert (annotation["image_id"], annotation["category_id"]) == (2, 1)
    assert (annotation["bbox"], annotation["area"]) == ([1, 2, 3.5, 4], 14)
    assert (annotation["ignore"], annotation["score"]) == (1, 0.25)
