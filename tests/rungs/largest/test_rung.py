"""The family of the largest object: it builds, loses, learns and decodes."""

import pytest
import torch

from pipeline.rungs.largest.criterion import box_loss, class_loss
from pipeline.rungs.largest.rung import LargestFamily
from tests.rungs.making import (
    CLASSES,
    PARAMS,
    all_learn,
    batch_of,
    largest_batch,
    model_of,
    scalar,
)

NAMES = ["classifier", "bbox", "combined"]
PARTS = {
    "classifier": {"class_loss"},
    "bbox": {"l1_px"},
    "combined": {"l1_px", "class_loss"},
}


@pytest.fixture(scope="module", params=NAMES)
def rung(request):
    return request.param, LargestFamily(request.param), model_of(request.param).train()


def test_finite_losses_and_gradients_everywhere(rung):
    name, family, model = rung
    batch = largest_batch(64)
    losses = family.losses(model, PARAMS)(model(batch.images), batch)
    assert losses.keys() == {"loss"} | PARTS[name]
    assert all(loss.isfinite() for loss in losses.values())
    model.zero_grad()
    losses["loss"].backward()
    assert all_learn(model)


def test_the_parts_and_their_sum(rung):
    name, family, model = rung
    batch = largest_batch(64)
    outputs = model.eval()(batch.images)
    losses = scalar(family.losses(model, PARAMS)(outputs, batch))
    asked = torch.tensor([True, True, False])  # the last object is hardly to be seen
    expected = {}
    if "boxes" in outputs:
        in_input = box_loss(outputs["boxes"], batch.boxes[:, 0], asked)
        expected["l1_px"] = in_input * 224 / 64
    if "cls_logits" in outputs:
        expected["class_loss"] = class_loss(outputs["cls_logits"], batch.labels[:, 0], asked)
    assert {part: losses[part] for part in PARTS[name]} == pytest.approx(scalar(expected))
    factor = 20 if name == "combined" else 1
    total = losses.get("l1_px", 0) + factor * losses.get("class_loss", 0)
    if name == "classifier":
        total = losses["class_loss"] * PARAMS["class_weight"]
    assert losses["loss"] == pytest.approx(total)


def test_without_a_weight_the_classes_count_once():
    model = model_of("classifier").eval()
    batch = largest_batch(64)
    losses = LargestFamily("classifier").losses(model, {"dropout": 0.1})(model(batch.images), batch)
    assert losses["loss"] == losses["class_loss"]


@pytest.mark.parametrize("name", NAMES)
def test_a_photo_without_objects_is_not_asked_about(name):
    model = model_of(name).eval()
    box, none = [[0.25, 0.5, 0.75, 1.0]], [[0.0] * 4]
    both = batch_of(64, [box, none], [[2], [-1]], [[False], [False]])
    losses = LargestFamily(name).losses(model, PARAMS)
    outputs = model(both.images)
    alone = batch_of(64, [box], [[2]], [[False]])
    first = {key: value[:1] for key, value in outputs.items()}
    assert scalar(losses(outputs, both)) == pytest.approx(scalar(losses(first, alone)))


def test_detections_have_the_documented_shapes(rung):
    name, family, model = rung
    with torch.no_grad():
        outputs = model.eval()(largest_batch(64).images)
    found = family.detect(outputs, image_size=64, score_threshold=0.9, max_detections=1)
    assert len(found) == 3
    for photo, one in enumerate(found):
        shapes = {key: tuple(value.shape) for key, value in one.items()}
        assert shapes == {"labels": (1,), "scores": (1,), "boxes": (1, 4)}
        if name == "classifier":
            assert one["boxes"].isnan().all()
        else:
            assert torch.equal(one["boxes"][0], outputs["boxes"][photo])
            assert one["boxes"].min() >= 0 and one["boxes"].max() <= 64
        if name == "bbox":
            assert (one["labels"].item(), one["scores"].item()) == (-1, 1.0)
        else:
            shares = outputs["cls_logits"][photo].softmax(0)
            assert one["labels"].item() == int(shares.argmax())
            assert one["scores"].item() == pytest.approx(float(shares.max()))


def test_options_are_what_rebuilds_the_model():
    assert LargestFamily("combined").head_options(PARAMS) == {"form": "ours", "dropout": 0.1}


@pytest.mark.parametrize("size", [64, 72])  # 72 / 32 is no whole number: the last map is 3 x 3
@pytest.mark.parametrize("form", ["ours", "lesson"])
@pytest.mark.parametrize("name", NAMES)
def test_every_input_size_fits(name, form, size):
    from pipeline.models.backbone import Backbone

    backbone = Backbone("mobilenetv3_small_050")
    options = {"form": form, "dropout": 0.0}
    model = LargestFamily(name).build(backbone, size, len(CLASSES), options).eval()
    outputs = model(torch.zeros(1, 3, size, size))
    wanted = {"cls_logits": 3, "boxes": 4}
    assert all(value.shape == (1, wanted[key]) for key, value in outputs.items())
