"""YOLO's label files, and what they cannot express."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.errors import InputError
from pipeline.formats.labels import LabelledBox, Labels, labels_of_boxes
from pipeline.formats.read import read_labels
from pipeline.formats.yolo.writer import write_yolo
from pipeline.tables.photos import with_photos
from pipeline.yaml_file import read_yaml


def labels(boxes: list[LabelledBox], *splits: str | None) -> Labels:
    images = [
        {"file_name": f"{stem}.jpg", "width": 200, "height": 100, "split": split}
        for stem, split in zip("abc", splits, strict=False)
    ]
    return labels_of_boxes(Path("labels"), Path("photos"), images, boxes, classes=("cat", "dog"))


def test_an_empty_text_tells_that_a_photo_has_no_objects(tmp_path: Path) -> None:
    assert write_yolo([labels([], None)], tmp_path / "out") == ()
    assert (tmp_path / "out/labels/a.txt").read_text() == ""
    assert read_yaml(tmp_path / "out/data.yaml") == {
        "train": "images",
        "val": "images",
        "names": {0: "cat", 1: "dog"},
    }


def test_a_text_by_hand_in_the_folder_of_its_split(tmp_path: Path) -> None:
    boxes = [LabelledBox(1, "dog", (50, 25, 100, 50)), LabelledBox(0, "cat", (0, 0, 200, 1))]
    assert write_yolo([labels(boxes, "train", "test")], tmp_path) == ()
    text = "1 0.50000000 0.50000000 0.50000000 0.50000000\n"
    assert (tmp_path / "labels/test/b.txt").read_text() == text
    assert (tmp_path / "labels/train/a.txt").read_text().startswith("0 0.5")
    yaml = read_yaml(tmp_path / "data.yaml")
    assert isinstance(yaml, dict)
    places = {split: yaml[split] for split in ("train", "val", "test")}
    assert places == {split: f"images/{split}" for split in places}


def test_texts_are_found_again_where_photos_lie_in_a_folder_images(tmp_path: Path) -> None:
    names = ("images/a.jpg", "day/Images/b.jpg", "c.jpg")
    images = [{"file_name": name, "width": 200, "height": 100, "split": None} for name in names]
    boxes = [LabelledBox(row, "cat", (50, 25, 100, 50)) for row in range(3)]
    write_yolo([labels_of_boxes(Path("l"), Path("p"), images, boxes)], tmp_path)
    for name in names:
        photo = tmp_path / "images" / name
        photo.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (200, 100)).save(photo)
    again = with_photos(read_labels(tmp_path), tmp_path)
    assert len(again.images) == 3 and again.boxes.tolist() == [[50, 25, 100, 50]] * 3


def test_what_is_left_out_is_told(tmp_path: Path) -> None:
    boxes = [
        LabelledBox(0, "cat", (3, 4, 0, 0)),
        LabelledBox(0, "cat", (-5, 0, 15, 10)),
        LabelledBox(0, "cat", (300, 0, 5, 5)),
        LabelledBox(0, "cat", (1, 2, 3, 4), ignore=True),
    ]
    found = replace(labels(boxes, "val", None), scores=np.ones(4, np.float32))
    assert write_yolo([found], tmp_path) == (
        "1 object to ignore is left out, as YOLO cannot mark them",
        "2 objects without area in their photo are left out",
        "1 object is cut to its photo",
        "4 scores are left out, as YOLO's labels have none",
        "1 photo without a split is in train",
    )
    text = "0 0.02500000 0.05000000 0.05000000 0.10000000\n"
    assert (tmp_path / "labels/val/a.txt").read_text() == text
    assert (tmp_path / "labels/train/b.txt").read_text() == ""


def test_photos_that_would_share_a_text_are_refused(tmp_path: Path) -> None:
    images = [{"file_name": f"a.{end}", "width": 9, "height": 9} for end in ("jpg", "png")]
    both = labels_of_boxes(Path("labels"), Path("photos"), images, [])
    with pytest.raises(InputError, match=r"a.png: would share a.txt with a.jpg; rename one"):
        write_yolo([both], tmp_path)
