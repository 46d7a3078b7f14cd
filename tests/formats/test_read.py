"""The labels of a folder, JSON or XML."""

import json
from pathlib import Path

import pytest

from pipeline.formats.read import read_labels
from tests.data.making import CAT, SIZE, SMALL, pascal, voc


def test_json(tmp_path: Path) -> None:
    (tmp_path / "labels.json").write_text(json.dumps(pascal(SMALL)))
    labels = read_labels(tmp_path)
    assert (labels.file, labels.photos) == (tmp_path / "labels.json", tmp_path)
    assert len(labels.ids) == 4


def test_splits_are_called_by_their_own_names(tmp_path: Path) -> None:
    source = pascal(SMALL, splits=("Train", "validation", None))
    (tmp_path / "labels.json").write_text(json.dumps(source))
    assert read_labels(tmp_path).images["split"].to_pylist() == ["train", "val", None]


def test_xml(tmp_path: Path) -> None:
    folder = voc(tmp_path / "set", {"a": SIZE + CAT})
    labels = read_labels(tmp_path)
    assert (labels.file, labels.photos) == (folder / "Annotations", folder / "JPEGImages")
    assert labels.classes == ["cat"]


COCO = {
    "images": [{"id": 1, "file_name": "café.jpg", "width": 9, "height": 9}],
    "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4]}],
    "categories": [{"id": 1, "name": "cat"}],
}
LABELME = {
    "shapes": [{"label": "cat", "points": [[1, 2], [4, 6]], "shape_type": "rectangle"}],
    "imagePath": "café.jpg",
}
REGION = {
    "type": "rectanglelabels",
    "value": {"x": 1, "y": 2, "width": 3, "height": 4, "rectanglelabels": ["cat"]},
    "original_width": 100,
    "original_height": 100,
}
STUDIO = [{"id": 1, "annotations": [{"result": [REGION]}], "data": {"image": "café.jpg"}}]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("content", [COCO, LABELME, STUDIO], ids=["coco", "labelme", "studio"])
def test_json_is_read_in_any_unicode(tmp_path: Path, content: object, encoding: str) -> None:
    text = json.dumps(content, ensure_ascii=False)
    (tmp_path / "labels.json").write_text(text, encoding=encoding)
    labels = read_labels(tmp_path)
    assert labels.images["file_name"].to_pylist() == ["café.jpg"]
    assert labels.boxes.tolist() == [[1, 2, 3, 4]]


def test_spaces_and_the_way_to_write_accents_make_no_other_class(tmp_path: Path) -> None:
    names = ["dog", "caf\u00e9", "cafe\u0301 ", " cat"]
    shapes = [
        {"label": name, "points": [[0, 0], [4, 6]], "shape_type": "rectangle"} for name in names
    ]
    (tmp_path / "a.json").write_text(json.dumps(LABELME | {"shapes": shapes}))
    labels = read_labels(tmp_path)
    assert labels.classes == ["cat", "caf\u00e9", "dog"]
    assert labels.labels.tolist() == [2, 1, 1, 0]
    assert labels.notes == ("classes in several spellings, read as one: caf\u00e9",)
