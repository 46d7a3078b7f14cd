"""Every way in which a label file can be wrong, each reported in one line."""

import copy
from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.formats.pascal.checks import check_pascal

FILE = Path("labels.json")


def pascal() -> dict:
    """Return one photo with two objects, one without, two classes."""
    return {
        "images": [
            {"id": 1, "file_name": "a.jpg", "width": 10, "height": 8},
            {"id": 2, "file_name": "sub/b.jpg", "width": 10, "height": 8},
        ],
        "annotations": [
            {"id": 7, "image_id": 1, "category_id": 3, "bbox": [1, 2, 3, 4]},
            {"id": 8, "image_id": 1, "category_id": 5, "bbox": [-1.5, 2, 30, 0], "iscrowd": 1},
        ],
        "categories": [{"id": 3, "name": "cat"}, {"id": 5, "name": "dog"}],
    }


def changed(path: str, value: object) -> dict:
    """Return the labels with one value replaced; `path` is like `annotations.0.bbox`."""
    data = copy.deepcopy(pascal())
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    node = data
    for part in parents:
        node = node[part]
    node[last] = value
    return data


def removed(path: str) -> dict:
    """Return the labels without one key."""
    data = changed(path, None)
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    node = data
    for part in parents:
        node = node[part]
    del node[last]
    return data


def test_photos_without_any_object_are_legal() -> None:
    assert check_pascal(changed("annotations", []), FILE)["annotations"] == []


def test_zero_area_and_boxes_outside_pass_for_the_tables_to_report() -> None:
    boxes = [item["bbox"] for item in check_pascal(pascal(), FILE)["annotations"]]
    assert boxes == [[1, 2, 3, 4], [-1.5, 2, 30, 0]]


def test_missing_fields_get_defaults_and_the_argument_stays() -> None:
    data = pascal()
    first, crowd = check_pascal(data, FILE)["annotations"]
    assert (first["iscrowd"], first["ignore"]) == (0, 0)
    assert (crowd["iscrowd"], crowd["ignore"]) == (1, 1)
    assert data == pascal()


def test_fields_that_are_there_and_unknown_ones_are_kept() -> None:
    data = pascal()
    data["annotations"][0] |= {"area": 5, "ignore": True, "score": 0.5}
    data["images"][0]["split"] = "val"
    got = check_pascal(data, FILE)
    assert got["annotations"][0] == data["annotations"][0] | {"iscrowd": 0, "ignore": 1}
    assert got["images"] == data["images"]


WRONG = [
    ([], "top level: not an object"),
    (removed("images"), "key 'images': missing"),
    (removed("annotations"), "key 'annotations': missing"),
    (removed("categories"), "key 'categories': missing"),
    (changed("images", {}), "key 'images': not a list"),
    (changed("images", []), "key 'images': empty"),
    (changed("images.1", 3), "images[1]: not an object"),
    (removed("images.1.id"), "images[1]: misses the key 'id'"),
    (removed("images.0.file_name"), "images[0]: misses the key 'file_name'"),
    (removed("annotations.1.bbox"), "annotations[1]: misses the key 'bbox'"),
    (removed("annotations.1.image_id"), "annotations[1]: misses the key 'image_id'"),
    (removed("categories.0.name"), "categories[0]: misses the key 'name'"),
    (changed("images.1.id", 1), "images[1]: id 1 occurs twice"),
    (changed("annotations.1.id", 7), "annotations[1]: id 7 occurs twice"),
    (changed("categories.1.id", 3), "categories[1]: id 3 occurs twice"),
    (changed("images.0.id", "1"), "images[0]: id '1' is not an integer"),
    (changed("images.0.id", 2**63), "images[0]: id 9223372036854775808 is beyond 64 bits; give"),
    (changed("images.0.id", 2.0**64), "images[0]: id 1.8446744073709552e+19 is beyond 64 bits"),
    (changed("images.0.id", 1.5), "images[0]: id 1.5 is not an integer; number it"),
    (changed("annotations.0.category_id", True), "annotations[0]: category_id True"),
    (changed("annotations.0.category_id", 9), "annotations[0]: category_id 9 is not among"),
    (changed("annotations.0.image_id", 9), "annotations[0]: image_id 9 is not among"),
    (changed("images.1.file_name", "a.jpg"), "images[1]: file_name 'a.jpg' occurs twice"),
    (changed("images.1.file_name", "./a.jpg"), "images[1]: file_name 'a.jpg' occurs twice"),
    (changed("categories.1.name", "cat"), "categories[1]: name 'cat' occurs twice"),
    (changed("categories.1.name", 4), "categories[1]: name 4 is not a name"),
    (changed("categories.1.name", "\ud83d"), r"name '\ud83d' is not text in UTF-8"),
    (changed("images.0.file_name", "\ud83d.jpg"), r"file_name '\ud83d.jpg' is not text in"),
    (changed("images.0.file_name", " "), "images[0]: file_name ' ' is not a name"),
    (changed("images.0.file_name", "."), "images[0]: file_name '.' names no file"),
    (changed("images.0.file_name", "x/.."), "images[0]: file_name 'x/..' names no file"),
    (changed("images.0.width", 0), "images[0]: width 0 is not a positive integer"),
    (changed("images.0.height", "8"), "images[0]: height '8' is not a positive integer"),
    (changed("annotations.0.bbox", [1, 2, 3]), "annotations[0]: bbox [1, 2, 3] is not four"),
    (changed("annotations.0.bbox", None), "annotations[0]: bbox None is not four"),
    (changed("annotations.1.bbox", [1, 2, "3", 4]), "annotations[1]: bbox [1, 2, '3', 4] is"),
    (changed("annotations.1.bbox", [1, 2, True, 4]), "annotations[1]: bbox"),
    (changed("annotations.1.bbox", [1, 2, float("nan"), 4]), "annotations[1] (id 8): bbox"),
    (changed("annotations.1.bbox", [float("inf"), 2, 3, 4]), "has NaN or infinite numbers"),
    (changed("categories.1.name", "a\x01"), r"name 'a\x01' holds a control character, which XML"),
    (changed("categories.1.name", "cat "), "categories[1]: name 'cat' occurs twice"),
    (changed("annotations.1.ignore", "no"), "annotation 8: ignore 'no' is neither 0 nor 1"),
]


@pytest.mark.parametrize(("data", "message"), WRONG)
def test_wrong_labels_are_named_in_one_line(data: object, message: str) -> None:
    with pytest.raises(InputError) as caught:
        check_pascal(data, FILE)
    text = str(caught.value)
    assert text.startswith("labels.json: ")
    assert message in text
    assert ";" in text, "a remedy follows"
    assert "\n" not in text
