"""The model that MLflow serves returns what the detector does, photo by photo."""

import base64
import io
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from PIL import ExifTags, Image

from pipeline.errors import InputError
from pipeline.inference.detections import Detections
from pipeline.inference.pyfunc_model import LadderModel, answer
from tests.inference.making import EVERYTHING, pixels_of, saved


def encoded(image: Image.Image, **options) -> str:
    file = io.BytesIO()
    image.save(file, "PNG", **options)
    return base64.b64encode(file.getvalue()).decode()


def photos(*texts: str) -> pd.DataFrame:
    return pd.DataFrame({"image": texts})


def loaded(folder: Path, rung: str = "ssd_fpn") -> LadderModel:
    model = LadderModel()
    model.load_context(SimpleNamespace(artifacts={"model": str(saved(folder / rung, rung))}))
    model.detector.decoding = EVERYTHING  # random weights find nothing with confidence
    return model


def test_boxes_are_in_pixels_of_the_photo_as_a_viewer_shows_it(tmp_path: Path) -> None:
    model = loaded(tmp_path)
    image = Image.fromarray(pixels_of(60, 40))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    asked = photos(encoded(image), encoded(image, exif=exif))
    upright, turned = model.predict(None, asked, {"min_score": 0.0})
    assert (upright["width"], upright["height"]) == (60, 40)
    assert (turned["width"], turned["height"]) == (40, 60)
    (found,) = model.detector.predict([image])
    assert [one["label"] for one in upright["detections"]] == found.names
    boxes = [one["box"] for one in upright["detections"]]
    np.testing.assert_allclose(boxes, found.boxes, atol=0.005)
    json.dumps([upright, turned])  # numbers of Python's own


def test_each_class_has_its_score_unless_one_is_given(tmp_path: Path) -> None:
    (tmp_path / "label_scores.json").write_text(json.dumps({"cat": 1, "dog": 1, "owl": 0.001}))
    model = loaded(tmp_path)
    asked = photos(encoded(Image.fromarray(pixels_of(60, 40))))
    (chosen,) = model.predict(None, asked)
    assert {one["label"] for one in chosen["detections"]} <= {"owl"}
    (everything,) = model.predict(None, asked, {"min_score": 0.0})
    (nothing,) = model.predict(None, asked, {"min_score": 0.99})
    assert len(everything["detections"]) > len(chosen["detections"]) >= 0
    assert nothing["detections"] == []


def test_a_rung_without_boxes_and_one_without_classes() -> None:
    nan = np.full((1, 4), np.nan, np.float32)
    one = np.ones(1, np.float32)
    found = Detections("a.jpg", nan, np.array([0]), one, (6, 4), ["cat"])
    told = {"label": "cat", "score": 1.0, "box": []}
    assert answer(found, {"cat": 0.5}) == {"width": 6, "height": 4, "detections": [told]}
    box = np.array([[0, 1, 2, 3.456]], np.float32)
    found = Detections("a.jpg", box, np.array([-1]), one * 0.25, (6, 4), ["cat"])
    told = {"label": "", "score": 0.25, "box": [0, 1, 2, 3.46]}
    assert answer(found, {"cat": 0.5})["detections"] == [told]


def test_no_photos(tmp_path: Path) -> None:
    assert loaded(tmp_path).predict(None, photos()) == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("no base64!", "image 1: is not in base64"),
        (base64.b64encode(b"text").decode(), "image 1: is not a photo"),
        (None, "image 1: is not in base64"),
    ],
)
def test_a_broken_photo_is_named_by_its_row(tmp_path: Path, text: str, reason: str) -> None:
    good = encoded(Image.fromarray(pixels_of(60, 40)))
    with pytest.raises(InputError, match=reason):
        loaded(tmp_path).predict(None, photos(good, text))
