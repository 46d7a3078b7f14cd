"""The rungs for the largest object: they build, train and decode."""

import pytest
import torch

from pipeline.models.backbone import Backbone
from pipeline.rungs.largest.criterion import accuracy, box_loss, class_loss
from pipeline.rungs.largest.rung import RUNGS
from tests.rungs.making import (
    BACKBONE,
    CLASSES,
    all_learn,
    batch_of,
    largest_batch,
    model_of,
    params_of,
    scalar,
)

EACH = pytest.mark.parametrize("rung", RUNGS, ids=lambda rung: rung.name)


@pytest.fixture(scope="module", params=RUNGS, ids=lambda rung: rung.name)
def trained(request):
    """A rung, its model, and its criterion."""
    rung = request.param
    model = model_of(rung.name).train()
    return rung, model, rung.criterion(model, params_of(rung.name))


def parts_of(rung):
    parts = {"class_loss", "accuracy"} if rung.task.answers_class else set()
    return parts | ({"l1_px"} if rung.task.answers_box else set())


def test_finite_losses_and_gradients_everywhere(trained):
    rung, model, criterion = trained
    batch = largest_batch(64)
    losses = criterion(model(batch.images), batch)
    assert losses.keys() == {"loss"} | parts_of(rung)
    assert all(loss.isfinite() for loss in losses.values())
    model.zero_grad()
    losses["loss"].backward()
    assert all_learn(model)


def test_the_parts_and_their_sum(trained):
    rung, model, criterion = trained
    batch = largest_batch(64)
    outputs = model.eval()(batch.images)
    losses = scalar(criterion(outputs, batch))
    valid = torch.tensor([True, True, False])  # the last object is ignored
    expected = {}
    if "boxes" in outputs:
        in_input = box_loss(outputs["boxes"], batch.boxes[:, 0], valid)
        expected["l1_px"] = in_input * 224 / 64
    if "cls_logits" in outputs:
        answers = (outputs["cls_logits"], batch.labels[:, 0], valid)
        expected |= {"class_loss": class_loss(*answers), "accuracy": accuracy(*answers)}
    assert {part: losses[part] for part in parts_of(rung)} == pytest.approx(scalar(expected))
    weight = 20 if rung.task.answers_box else 1  # of the class, beside a distance in pixels
    total = losses.get("l1_px", 0) + weight * losses.get("class_loss", 0)
    assert losses["loss"] == pytest.approx(total)


@EACH
def test_a_photo_without_objects_does_not_count(rung):
    model = model_of(rung.name).eval()
    box, none = [[0.25, 0.5, 0.75, 1.0]], [[0.0] * 4]
    both = batch_of(64, [box, none], [[2], [-1]], [[False], [False]])
    losses = rung.criterion(model, params_of(rung.name))
    outputs = model(both.images)
    alone = batch_of(64, [box], [[2]], [[False]])
    first = {key: value[:1] for key, value in outputs.items()}
    assert scalar(losses(outputs, both)) == pytest.approx(scalar(losses(first, alone)))


def test_detections_have_the_documented_shapes(trained):
    rung, model, _ = trained
    with torch.no_grad():
        outputs = model.eval()(largest_batch(64).images)
    found = rung.decode(outputs, image_size=64, min_score=0.9, nms_threshold=0.5, max_detections=1)
    assert len(found) == 3
    for photo, one in enumerate(found):
        assert [tuple(part.shape) for part in vars(one).values()] == [(1, 4), (1,), (1,)]
        if rung.task.answers_box:
            assert torch.equal(one.boxes[0], outputs["boxes"][photo])
            assert one.boxes.min() >= 0 and one.boxes.max() <= 64
        else:
            assert one.boxes.isnan().all()
        if rung.task.answers_class:
            shares = outputs["cls_logits"][photo].softmax(0)
            assert one.labels.item() == int(shares.argmax())
            assert one.scores.item() == pytest.approx(float(shares.max()))
        else:
            assert (one.labels.item(), one.scores.item()) == (-1, 1.0)


@EACH
def test_options_are_what_rebuilds_the_model(rung):
    params = params_of(rung.name, form="lesson", dropout=0.3)
    assert rung.options(params) == {"form": "lesson", "dropout": 0.3}


@pytest.mark.parametrize("size", [64, 72])  # 72 / 32 is no whole number: the last map is 3 x 3
@pytest.mark.parametrize("form", ["ours", "lesson"])
@EACH
def test_every_input_size_fits(rung, form, size):
    backbone = Backbone(BACKBONE)
    options = {"form": form, "dropout": 0.0}
    model = rung.build(backbone, size, len(CLASSES), options).eval()
    outputs = model(torch.zeros(1, 3, size, size))
    wanted = {"cls_logits": 3, "boxes": 4}
    assert all(value.shape == (1, wanted[key]) for key, value in outputs.items())
