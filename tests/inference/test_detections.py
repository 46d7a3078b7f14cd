"""What was found in a photo, as names, as Pascal JSON and as a picture."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import pipeline
from pipeline.errors import InputError
from pipeline.formats.pascal.checks import check_pascal
from pipeline.inference.detections import Detections
from pipeline.inference.detector import Detector


def found(photo, *rows, size_wh=(60, 40)) -> Detections:
    """Return detections from (box, label, score) of each."""
    boxes, labels, scores = zip(*rows, strict=True) if rows else ((), (), ())
    return Detections(
        photo,
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(labels, np.int64),
        np.array(scores, np.float32),
        size_wh,
        ["cat", "dog"],
    )


def test_nothing_found(tmp_path: Path) -> None:
    Image.new("RGB", (60, 40), "blue").save(tmp_path / "a.png")
    nothing = found(tmp_path / "a.png")
    assert (len(nothing), nothing.names) == (0, [])
    assert nothing.to_pascal()["annotations"] == []
    assert nothing.draw().tobytes() == Image.open(tmp_path / "a.png").tobytes()


def test_names_and_a_minimum_score() -> None:
    some = found("a.jpg", ([0, 0, 9, 9], 1, 0.75), ([1, 1, 4, 4], 0, 0.5), ([1, 1, 2, 2], -1, 0.25))
    assert some.names == ["dog", "cat", ""]
    assert some.above(0.5).names == ["dog"]
    assert some.above(0.5).size_wh == (60, 40)


def test_pascal_json_is_rounded_and_leaves_out_what_has_no_box_or_class() -> None:
    nan = [np.nan] * 4
    some = found(
        "in/a.jpg", ([1, 2, 31.123456, 22], 1, 0.75), (nan, 0, 0.5), ([0, 0, 1, 1], -1, 0.25)
    )
    pascal = check_pascal(some.to_pascal(), Path("a.json"))
    assert pascal["images"] == [{"id": 1, "file_name": "a.jpg", "width": 60, "height": 40}]
    [annotation] = pascal["annotations"]
    assert annotation["bbox"] == [1, 2, 30.12, 20]
    assert (annotation["category_id"], annotation["score"]) == (2, 0.75)


def test_pascal_json_leaves_out_boxes_without_area_and_cuts_others_to_the_photo() -> None:
    some = found(
        "a.jpg", ([1, 2, 1.001, 22], 1, 0.75), ([50, 2, 70, 22], 1, 0.5), ([70, 2, 80, 9], 0, 0.25)
    )
    [annotation] = some.to_pascal()["annotations"]
    assert (annotation["id"], annotation["bbox"]) == (1, [50, 2, 10, 20])


def test_boxes_are_drawn_on_the_photo_whatever_size_they_refer_to() -> None:
    pixels = np.zeros((40, 60, 3), np.uint8)
    half = found(pixels, ([5, 5, 25, 15], 1, 0.75), size_wh=(30, 20)).draw()
    assert half.size == (60, 40)
    assert half.getpixel((50, 28)) == (255, 0, 0)  # the lower right corner, at twice the size
    assert half.getpixel((55, 35)) == (0, 0, 0)
    with pytest.raises(InputError, match=r"gone.jpg"):
        found("gone.jpg").draw()


def test_the_library_offers_both_by_name() -> None:
    assert pipeline.Detector is Detector
    assert pipeline.Detections is Detections
    with pytest.raises(AttributeError, match="no attribute 'Detektor'"):
        pipeline.Detektor  # noqa: B018
