"""The SSD family: it builds, loses with an empty photo in the batch, learns and decodes."""

from dataclasses import replace

import pytest
import torch

from pipeline.rungs.ssd.criterion import grid_ssd_losses, pyramid_ssd_losses
from pipeline.rungs.ssd.matching import match_atss, match_iou
from pipeline.rungs.ssd.rung import SsdFamily
from tests.rungs.making import PARAMS, all_learn, model_of, objects_batch, scalar, spec_of

ANCHORS = {"ssd_4x4": 16, "ssd_189": 189, "ssd_fpn": 64 + 16 + 4 + 1 + 1}
DETECT = {"score_threshold": 0.0, "nms_threshold": 0.5, "max_detections": 7}


@pytest.fixture(scope="module", params=list(ANCHORS))
def rung(request):
    name = request.param
    size = spec_of(name).image_size
    return name, SsdFamily(name), model_of(name).train(), objects_batch(size)


def test_outputs_have_a_row_for_each_anchor(rung):
    name, _, model, batch = rung
    outputs = model(batch.images)
    assert outputs["cls_logits"].shape == (3, ANCHORS[name], 3)
    assert outputs["boxes"].shape == (3, ANCHORS[name], 4)
    assert model.anchors.shape == (ANCHORS[name], 4)


def test_finite_losses_and_gradients_everywhere(rung):
    _, family, model, batch = rung
    losses = family.losses(model, PARAMS)(model(batch.images), batch)
    assert losses.keys() == {"loss", "class_loss", "box_loss"}
    assert all(loss.isfinite() and loss > 0 for loss in losses.values())
    values = scalar(losses)
    expected = values["class_loss"] + PARAMS["box_weight"] * values["box_loss"]
    assert values["loss"] == pytest.approx(expected)
    model.zero_grad()
    losses["loss"].backward()
    assert all_learn(model)


def test_a_batch_of_empty_photos_teaches_background(rung):
    _, family, model, batch = rung
    empty = replace(
        batch,
        boxes=torch.zeros_like(batch.boxes),
        labels=torch.full_like(batch.labels, -1),
        ignore=torch.zeros_like(batch.ignore),
    )
    losses = family.losses(model, PARAMS)(model(batch.images), empty)
    assert losses["class_loss"].isfinite() and losses["class_loss"] > 0
    assert losses["box_loss"] == 0
    model.zero_grad()
    losses["loss"].backward()
    biases = [p for name, p in model.named_parameters() if name.endswith("cls.bias")]
    assert biases and all((p.grad > 0).all() for p in biases)  # every score falls


def test_what_is_ignored_is_background_to_the_lesson():
    faithful = PARAMS | {"form": "lesson"}
    model, batch = model_of("ssd_4x4", form="lesson").eval(), objects_batch(128)
    present = torch.tensor([[True, True], [False, False], [False, False]])
    matched = match_iou(batch.boxes, present, model.anchors, PARAMS["match_iou"])
    outputs = model(batch.images)
    expected = grid_ssd_losses(
        **outputs,
        gt_boxes=batch.boxes,
        labels=batch.labels,
        matched_idxs=matched,
        image_size=128,
        focal_gamma=0.0,
    )
    got = scalar(SsdFamily("ssd_4x4").losses(model, faithful)(outputs, batch))
    assert {part: got[part] for part in expected} == pytest.approx(scalar(expected))
    summed = 64 * (got["class_loss"] + got["box_loss"])  # a batch of 64 summed, as fastai prints it
    assert got["loss_fastai_sum64"] == pytest.approx(summed)


def test_what_is_ignored_teaches_our_form_nothing():
    model, batch = model_of("ssd_4x4").eval(), objects_batch(128)
    outputs = {name: value.detach().requires_grad_() for name, value in model(batch.images).items()}
    SsdFamily("ssd_4x4").losses(model, PARAMS)(outputs, batch)["loss"].backward()
    taught = outputs["cls_logits"].grad.abs().sum(2) > 0
    assert taught[:2].all()
    ignored = match_iou(batch.boxes, batch.ignore, model.anchors, PARAMS["match_iou"])[2] >= 0
    assert ignored.any() and not ignored.all()
    assert torch.equal(~taught[2], ignored)


def test_what_a_crop_left_outside_takes_no_anchor():
    model, batch = model_of("ssd_4x4").eval(), objects_batch(128)
    outside = replace(batch, boxes=batch.boxes.clone())
    outside.boxes[2, 0] = torch.tensor([128.0, 30, 128, 60])
    outputs = {name: value.detach().requires_grad_() for name, value in model(batch.images).items()}
    SsdFamily("ssd_4x4").losses(model, PARAMS)(outputs, outside)["loss"].backward()
    assert (outputs["cls_logits"].grad.abs().sum(2) > 0).all()


@pytest.mark.parametrize("name", ["ssd_4x4", "ssd_189"])
def test_the_lessons_form_has_its_decoder_biases_and_dropouts(name):
    model = model_of(name, form="lesson")
    assert model.tanh and not model_of(name).tanh
    assert {b for out in model.outs for b in out.cls.bias.tolist()} == {
        {"ssd_4x4": -3.0, "ssd_189": -4.0}[name]
    }


def test_the_lessons_4x4_drops_less_in_its_blocks():
    for form, share in (("lesson", 0.1), ("ours", 0.25)):
        model = model_of("ssd_4x4", form=form, dropout=0.25)
        assert model.stem[1].p == 0.25
        assert {block[3].p for block in model.blocks} == {share}


def test_the_pyramid_leaves_out_what_is_ignored():
    model, batch = model_of("ssd_fpn").eval(), objects_batch(64)
    there = batch.labels >= 0
    matched = match_atss(batch.boxes, there, batch.ignore, model.anchors, model.level_sizes)
    assert (matched[2] == -2).any()
    outputs = model(batch.images)
    expected = pyramid_ssd_losses(
        **outputs, gt_boxes=batch.boxes, labels=batch.labels, matched_idxs=matched
    )
    got = scalar(SsdFamily("ssd_fpn").losses(model, PARAMS)(outputs, batch))
    assert {part: got[part] for part in expected} == pytest.approx(scalar(expected))


@pytest.mark.parametrize("name", ["ssd_4x4", "ssd_189"])
def test_focal_is_a_switch(name):
    model, batch = model_of(name), objects_batch(128)
    outputs = model(batch.images)
    plain, focal = (
        SsdFamily(name).losses(model, PARAMS | {"focal_gamma": gamma})(outputs, batch)
        for gamma in (0.0, 2.0)
    )
    assert focal["class_loss"] < 0.75 * plain["class_loss"]
    assert focal["box_loss"] == plain["box_loss"]
    focal["loss"].backward()
    assert all_learn(model)


def test_detections_have_the_documented_shapes(rung):
    _, family, model, batch = rung
    size = batch.images.shape[-1]
    with torch.no_grad():
        outputs = model.eval()(batch.images)
    found = family.detect(outputs, image_size=size, **DETECT)
    assert len(found) == 3
    for one in found:
        shapes = {key: tuple(value.shape) for key, value in one.items()}
        assert shapes == {"labels": (7,), "scores": (7,), "boxes": (7, 4)}
        assert one["boxes"].min() >= 0 and one["boxes"].max() <= size
        assert set(one["labels"].tolist()) <= {0, 1, 2}
        assert one["scores"].tolist() == sorted(one["scores"].tolist(), reverse=True)
    assert all(
        len(one["labels"]) == 0
        for one in family.detect(outputs, image_size=size, **DETECT | {"score_threshold": 0.99})
    )


def test_detections_are_clipped_to_the_input_before_suppression():
    # Outside the input the boxes differ, inside they are one.
    boxes = torch.tensor([[[-90.0, 10, 20, 30], [0, 10, 20, 30]]])
    logits = torch.tensor([[[2.0], [1.0]]])
    outputs = {"boxes": boxes, "cls_logits": logits}
    (found,) = SsdFamily("ssd_fpn").detect(outputs, image_size=64, **DETECT)
    assert found["boxes"].tolist() == [[0, 10, 20, 30]]
    assert found["scores"].item() == pytest.approx(float(torch.tensor(2.0).sigmoid()))


def test_options_are_what_rebuilds_the_model():
    pyramid = {"dropout": 0.1, "channels": 16, "anchor_scale": 4.0}
    assert SsdFamily("ssd_fpn").head_options(pyramid | {"box_weight": 2.0}) == pyramid
    kept = {"form": "lesson", "dropout": 0.2}
    assert SsdFamily("ssd_4x4").head_options(kept | {"match_iou": 0.4}) == kept
