"""What is written as LabelMe's JSON."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.formats.labelme.writer import write_labelme
from pipeline.formats.labels import LabelledBox, labels_of_boxes


def test_a_file_of_each_photo(tmp_path: Path) -> None:
    images = [
        {"file_name": name, "width": 40, "height": 30, "split": split}
        for name, split in (("a.jpg", None), ("cats/b.jpg", "val"))
    ]
    boxes = [LabelledBox(1, "cat", (1, 2, 3.5, 4), ignore=True)]
    labels = labels_of_boxes(Path("labels"), Path("photos"), images, boxes)
    labels = replace(labels, scores=np.array([0.25], np.float32))
    told = write_labelme([labels], tmp_path)
    assert told == ("1 split of a photo is left out, as LabelMe has none",)
    assert json.loads((tmp_path / "a.json").read_text())["shapes"] == []
    page = json.loads((tmp_path / "cats/b.json").read_text())
    assert (page["imagePath"], page["imageWidth"], page["imageHeight"]) == ("b.jpg", 40, 30)
    (shape,) = page["shapes"]
    assert shape["points"] == [[1, 2], [4.5, 6]]
    assert (shape["label"], shape["shape_type"]) == ("cat", "rectangle")
    assert (shape["flags"], shape["score"]) == ({"difficult": True}, 0.25)


def test_no_json_is_written_outside_the_folder(tmp_path: Path) -> None:
    outside = str(tmp_path / "elsewhere/x.jpg")
    images = [{"file_name": outside, "width": 40, "height": 30, "split": None}]
    labels = labels_of_boxes(Path("labels"), Path("photos"), images, [])
    with pytest.raises(InputError, match="its name leaves the folder; give a path inside it"):
        write_labelme([labels], tmp_path / "out")
    assert [path.name for path in tmp_path.rglob("*")] == ["out"]
