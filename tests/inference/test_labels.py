"""What a rung sees becomes Pascal JSON in pixels of each photo."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from pipeline.inference.photo_stream import PhotoBatch
from torch import nn

from pipeline.errors import InputError
from pipeline.formats.pascal import read_pascal
from pipeline.inference.labels import detect_photos, write_pascal
from pipeline.rungs.saved_model import ModelSpec

CLASSES = ["cat", "dog"]
THRESHOLDS = {"score": 0.3, "nms_threshold": 0.5, "max_detections": 10}


def spec_of(rung: str, **label_scores: float) -> ModelSpec:
    plain = {"mean": (0.5,) * 3, "std": (0.5,) * 3, "options": {}, "params": {}}
    return ModelSpec(
        rung, "tf_efficientnet_lite0", 100, CLASSES, label_scores=label_scores, **plain
    )


class Brightest(nn.Module):
    """Stands for a trained rung: a dog where it is light, in the same place of every photo."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        box = torch.tensor([10.0, 20, 60, 120]).expand(len(images), 4)
        light = images.mean((1, 2, 3)) * 6
        return {"boxes": box, "cls_logits": torch.stack([-light, light], 1)}


def solid(path: Path, size: tuple[int, int], grey: int) -> Path:
    Image.new("RGB", size, (grey,) * 3).save(path)
    return path


def test_boxes_are_scaled_to_each_photo(tmp_path):
    paths = [solid(tmp_path / "a.png", (200, 50), 255), solid(tmp_path / "b.png", (100, 400), 0)]
    detected = detect_photos(paths, Brightest(), spec_of("combined"), batch_size=8, **THRESHOLDS)
    [(batch, (first, second))] = list(detected)
    assert batch.paths == paths
    assert first["boxes"].tolist() == [[20, 10, 120, 60]]
    assert second["boxes"].tolist() == [[10, 80, 60, 480]]
    assert (first["labels"].tolist(), second["labels"].tolist()) == ([1], [0])


@pytest.mark.parametrize(
    ("scores", "labels"),
    [({"dog": 0.999999}, []), ({"dog": 0.99}, [1]), ({"cat": 0.999999}, [1]), ({}, [1])],
)
def test_every_class_has_a_score_of_its_own(tmp_path, scores, labels):
    path = solid(tmp_path / "a.png", (50, 50), 255)  # a dog, as sure as 0.99999
    card, options = spec_of("combined", **scores), THRESHOLDS | {"score": None}
    [(_, [found])] = list(detect_photos([path], Brightest(), card, batch_size=1, **options))
    assert found["labels"].tolist() == labels


def test_what_is_not_sure_enough_is_no_label(tmp_path):
    path = solid(tmp_path / "a.png", (50, 50), 128)  # both classes near 1/2
    options = THRESHOLDS | {"score": 0.6}
    detected = detect_photos([path], Brightest(), spec_of("combined"), batch_size=1, **options)
    [(_, [found])] = list(detected)
    assert found["boxes"].shape == (0, 4) and not len(found["labels"])


def test_a_batch_without_a_photo_has_no_detections(tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"")
    [(batch, found)] = list(
        detect_photos([bad], Brightest(), spec_of("combined"), batch_size=1, **THRESHOLDS)
    )
    assert found == [] and len(batch.refused) == 1


@pytest.mark.parametrize("rung", ["classifier", "bbox"])
def test_a_rung_without_class_or_box_cannot_label(tmp_path, rung):
    with pytest.raises(InputError, match=f"{rung}: says not both what and where"):
        next(detect_photos([tmp_path], Brightest(), spec_of(rung), batch_size=1, **THRESHOLDS))


def batch_of(folder: Path, sizes: dict[str, tuple[int, int]], refused=()) -> PhotoBatch:
    paths = [folder / name for name in sizes]
    return PhotoBatch(
        torch.zeros(len(paths), 3, 4, 4), paths, np.array([*sizes.values()]), list(refused)
    )


def found(*rows):
    """Rows of (box, label, score)."""
    boxes, labels, scores = zip(*rows, strict=True) if rows else ((), (), ())
    return {
        "boxes": torch.tensor(boxes).reshape(-1, 4).float(),
        "labels": torch.tensor(labels, dtype=torch.int64),
        "scores": torch.tensor(scores),
    }


def test_the_file_is_pascal_json_that_is_read_again(tmp_path):
    batches = [
        (
            batch_of(tmp_path, {"a.jpg": (100, 50), "sub/b.jpg": (30, 30)}),
            [found(([10, 5, 40.5, 25], 1, 0.75), ([0, 0, 9, 9], 0, 0.5)), found()],
        ),
        (batch_of(tmp_path, {"c.jpg": (60, 80)}), [found(([-4, 70, 10, 95], 0, 0.9))]),
    ]
    path = tmp_path / "labels.json"
    assert write_pascal(path, batches, CLASSES, tmp_path, refuse=pytest.fail) == (3, 3)
    pascal = read_pascal(path)
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
    assert [a["score"] for a in pascal["annotations"]] == [0.75, 0.5, 0.9]


def test_a_box_without_area_is_no_label(tmp_path):
    outside = found(([-9, 2, 0, 8], 0, 0.9), ([5, 5, 5, 9], 0, 0.8))
    batches = [(batch_of(tmp_path, {"a.jpg": (20, 20)}), [outside])]
    assert write_pascal(tmp_path / "l.json", batches, CLASSES, tmp_path, pytest.fail) == (1, 0)
    assert json.loads((tmp_path / "l.json").read_text())["annotations"] == []


def test_what_is_left_out_is_told(tmp_path):
    heard = []
    batches = [(batch_of(tmp_path, {}, refused=["x.jpg: bad"]), [])]
    assert write_pascal(tmp_path / "l.json", batches, CLASSES, tmp_path, heard.append) == (0, 0)
    assert heard == ["x.jpg: bad"]
