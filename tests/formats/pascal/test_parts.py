"""What is written as Pascal JSON can be read again."""

import json
from pathlib import Path

from pipeline.formats.pascal.parts import new_annotation, new_pascal
from pipeline.formats.pascal.reader import read_pascal


def test_nothing_at_all() -> None:
    assert new_pascal([], [], [], "none") == {
        "images": [],
        "annotations": [],
        "categories": [],
        "type": "instances",
    }


def test_it_is_read_again(tmp_path: Path) -> None:
    image = {"id": 3, "file_name": "a.jpg", "width": 20, "height": 10}
    annotation = new_annotation(1, 3, 2, [1.5, 2, 3, 4], 1)
    assert annotation["area"] == 12
    file = tmp_path / "labels.json"
    file.write_text(json.dumps(new_pascal([image], [annotation], ["cat", "dog"], "pet")))
    labels = read_pascal(file, tmp_path)
    assert labels.classes == ["cat", "dog"]
    assert (labels.labels.tolist(), labels.ignore.tolist()) == ([1], [True])
    assert labels.boxes.tolist() == [[1.5, 2, 3, 4]]
