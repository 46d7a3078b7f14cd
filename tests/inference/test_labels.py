"""What a detector finds becomes Pascal JSON in pixels of each photo."""

import json

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.formats.pascal_checks import check_pascal
from pipeline.inference.detections import Detections
from pipeline.inference.labels import read_label_scores, thresholds, write_pascal

CLASSES = ["cat", "dog"]
HALF = np.array([0.5, 0.5], np.float32)


def found(size_wh, *rows):
    """Return the detections of a photo from (box, label, score) of each."""
    boxes, labels, scores = zip(*rows, strict=True) if rows else ((), (), ())
    return Detections(
        "photo.jpg",
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(labels, np.int64),
        np.array(scores, np.float32),
        size_wh,
        CLASSES,
    )


def test_the_file_is_pascal_json_that_is_read_again(tmp_path):
    photos = [
        ("a.jpg", found((100, 50), ([10, 5, 40.5, 25], 1, 0.75), ([0, 0, 9, 9], 0, 0.625))),
        ("sub/b.jpg", found((30, 30))),
        ("c.jpg", found((60, 80), ([-4, 70, 10, 95], 0, 0.875))),
    ]
    path = tmp_path / "labels.json"
    assert write_pascal(path, photos, CLASSES, HALF, refuse=pytest.fail) == (3, 3)
    pascal = json.loads(path.read_text())
    check_pascal(pascal, path)
    assert pascal["categories"] == [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]
    assert pascal["images"] == [
        {"id": 1, "file_name": "a.jpg", "width": 100, "height": 50},
        {"id": 2, "file_name": "sub/b.jpg", "width": 30, "height": 30},
        {"id": 3, "file_name": "c.jpg", "width": 60, "height": 80},
    ]
    boxes = [(a["image_id"], a["category_id"], a["bbox"]) for a in pascal["annotations"]]
    assert boxes == [
        (1, 2, [10, 5, 30.5, 20]),
        (1, 1, [0, 0, 9, 9]),
        (3, 1, [0, 70, 10, 10]),  # cut to the photo
    ]
    assert [a["area"] for a in pascal["annotations"]] == [610, 81, 100]
    assert [a["score"] for a in pascal["annotations"]] == [0.75, 0.625, 0.875]


def annotations(path, detections, min_scores):
    write_pascal(path, [("a.jpg", detections)], CLASSES, min_scores, pytest.fail)
    return json.loads(path.read_text())["annotations"]


def test_every_class_has_a_score_of_its_own(tmp_path):
    box = [0, 0, 5, 5]
    photo = found((9, 9), (box, 0, 0.75), (box, 1, 0.75), (box, 0, 0.5), (box, 1, 0.25))
    kept = annotations(tmp_path / "l.json", photo, thresholds(CLASSES, {"cat": 0.5, "dog": 0.75}))
    assert [(a["category_id"], a["score"]) for a in kept] == [(1, 0.75)]  # above, not at


def test_a_class_without_a_score_has_the_usual_one():
    assert thresholds(CLASSES, {"dog": 0.5, "owl": 0.9}).tolist() == pytest.approx([0.3, 0.5])


def test_a_box_without_area_is_no_label(tmp_path):
    outside = found((20, 20), ([-9, 2, 0, 8], 0, 0.9), ([5, 5, 5, 9], 0, 0.8))
    assert annotations(tmp_path / "l.json", outside, HALF) == []


def test_no_photos_make_an_empty_file(tmp_path):
    assert write_pascal(tmp_path / "l.json", [], CLASSES, HALF, pytest.fail) == (0, 0)
    assert json.loads((tmp_path / "l.json").read_text())["images"] == []


def test_a_photo_that_is_left_out_is_told(tmp_path):
    told, bad = [], InputError("x.jpg: bad")
    photos = [("x.jpg", bad), ("y.jpg", found((5, 5)))]
    assert write_pascal(tmp_path / "l.json", photos, CLASSES, HALF, told.append) == (1, 0)
    assert told == [bad]
    assert json.loads((tmp_path / "l.json").read_text())["images"][0]["id"] == 1


def test_label_scores_are_read(tmp_path):
    path = tmp_path / "label_scores.json"
    assert read_label_scores(path) == {}
    path.write_text('{"cat": 0.5, "dog": 0}')
    assert read_label_scores(path) == {"cat": 0.5, "dog": 0.0}


@pytest.mark.parametrize("text", ["{", "[0.5]", '{"cat": "high"}', '{"cat": null}'])
def test_another_file_has_no_label_scores(tmp_path, text):
    path = tmp_path / "label_scores.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"label_scores\.json: not label scores by class"):
        read_label_scores(path)
