"""The SSD rungs: they build, train with an empty photo in the batch, and decode."""

from dataclasses import replace

import pytest
import torch

from pipeline.rungs.ssd.criterion import grid_ssd_losses, pyramid_ssd_losses
from pipeline.rungs.ssd.matching import match_atss, match_iou
from pipeline.rungs.ssd.rung import RUNGS, GridSsdRung
from tests.rungs.making import SIDE, all_learn, model_of, objects_batch, params_of, scalar

FOUR, MANY, PYRAMID = RUNGS
ANCHORS = dict(zip(RUNGS, (16, 189, 256 + 64 + 16 + 4 + 1), strict=True))
DECODING = {"min_score": 0.0, "nms_threshold": 0.5, "max_detections": 7}
ON_GRIDS = [rung for rung in RUNGS if isinstance(rung, GridSsdRung)]


@pytest.fixture(scope="module", params=RUNGS, ids=lambda rung: rung.name)
def trained(request):
    """A rung, its model, its criterion and a batch."""
    rung = request.param
    model = model_of(rung.name).train()
    return rung, model, rung.criterion(model, params_of(rung.name)), objects_batch(SIDE)


def losses_of(rung, model, outputs, batch, **changes):
    return rung.criterion(model, params_of(rung.name, **changes))(outputs, batch)


def test_outputs_have_a_row_for_each_anchor(trained):
    rung, model, _, batch = trained
    outputs = model(batch.images)
    assert outputs["cls_logits"].shape == (3, ANCHORS[rung], 3)
    assert outputs["boxes"].shape == (3, ANCHORS[rung], 4)
    assert model.anchors_for(SIDE).shape == (ANCHORS[rung], 4)


def test_finite_losses_and_gradients_everywhere(trained):
    rung, model, criterion, batch = trained
    losses = criterion(model(batch.images), batch)
    assert losses.keys() == {"loss", "class_loss", "box_loss"}
    assert all(loss.isfinite() and loss > 0 for loss in losses.values())
    values = scalar(losses)
    expected = values["class_loss"] + params_of(rung.name).box_weight * values["box_loss"]
    assert values["loss"] == pytest.approx(expected)
    model.zero_grad()
    losses["loss"].backward()
    assert all_learn(model)


def test_a_batch_of_empty_photos_teaches_background(trained):
    _, model, criterion, batch = trained
    empty = replace(
        batch,
        boxes=torch.zeros_like(batch.boxes),
        labels=torch.full_like(batch.labels, -1),
        ignore=torch.zeros_like(batch.ignore),
    )
    losses = criterion(model(batch.images), empty)
    assert losses["class_loss"].isfinite() and losses["class_loss"] > 0
    assert losses["box_loss"] == 0
    model.zero_grad()
    losses["loss"].backward()
    biases = [p for name, p in model.named_parameters() if name.endswith("cls.bias")]
    assert biases and all((p.grad > 0).all() for p in biases)  # every score falls


def test_what_is_ignored_is_background_to_the_lesson():
    model, batch = model_of(FOUR.name, form="lesson").eval(), objects_batch(SIDE)
    present = torch.tensor([[True, True], [False, False], [False, False]])
    matched = match_iou(batch.boxes, present, model.anchors, 0.4)
    outputs = model(batch.images)
    expected = grid_ssd_losses(
        **outputs,
        gt_boxes=batch.boxes,
        labels=batch.labels,
        matched_idxs=matched,
        weights=batch.weights,
        image_size=128,
        focal_gamma=0.0,
    )
    got = scalar(losses_of(FOUR, model, outputs, batch, form="lesson"))
    assert {part: got[part] for part in expected} == pytest.approx(scalar(expected))
    summed = 64 * (got["class_loss"] + got["box_loss"])  # a batch of 64 summed, as fastai prints it
    assert got["loss_fastai_sum64"] == pytest.approx(summed)


def test_what_is_ignored_teaches_our_form_nothing():
    model, batch = model_of(FOUR.name).eval(), objects_batch(SIDE)
    outputs = {name: value.detach().requires_grad_() for name, value in model(batch.images).items()}
    losses_of(FOUR, model, outputs, batch)["loss"].backward()
    taught = outputs["cls_logits"].grad.abs().sum(2) > 0
    assert taught[:2].all()
    ignored = match_iou(batch.boxes, batch.ignore, model.anchors, 0.4)[2] >= 0
    assert ignored.any() and not ignored.all()
    assert torch.equal(~taught[2], ignored)


def test_what_a_crop_left_outside_takes_no_anchor():
    model, batch = model_of(FOUR.name).eval(), objects_batch(SIDE)
    outside = replace(batch, boxes=batch.boxes.clone())
    outside.boxes[2, 0] = torch.tensor([128.0, 30, 128, 60])
    outputs = {name: value.detach().requires_grad_() for name, value in model(batch.images).items()}
    losses_of(FOUR, model, outputs, outside)["loss"].backward()
    assert (outputs["cls_logits"].grad.abs().sum(2) > 0).all()


@pytest.mark.parametrize(("rung", "bias"), [(FOUR, -3.0), (MANY, -4.0)])
def test_the_lessons_form_has_its_decoder_and_biases(rung, bias):
    model = model_of(rung.name, form="lesson")
    assert model.tanh and not model_of(rung.name).tanh
    assert {b for out in model.outs for b in out.cls.bias.tolist()} == {bias}


def test_the_lessons_4x4_drops_less_in_its_blocks():
    for form, share in (("lesson", 0.1), ("ours", 0.25)):
        model = model_of(FOUR.name, form=form, dropout=0.25)
        assert model.stem[1].p == 0.25
        assert {block[3].p for block in model.blocks} == {share}


def test_the_pyramid_leaves_out_what_is_ignored():
    model, batch = model_of(PYRAMID.name).eval(), objects_batch(SIDE)
    there = batch.labels >= 0
    matched = match_atss(batch.boxes, there, batch.ignore, model.anchors, model.level_sizes)
    assert (matched[2] == -2).any()
    outputs = model(batch.images)
    expected = pyramid_ssd_losses(
        **outputs,
        gt_boxes=batch.boxes,
        labels=batch.labels,
        matched_idxs=matched,
        weights=batch.weights,
    )
    got = scalar(losses_of(PYRAMID, model, outputs, batch))
    assert {part: got[part] for part in expected} == pytest.approx(scalar(expected))


@pytest.mark.parametrize("rung", ON_GRIDS, ids=lambda rung: rung.name)
def test_focal_is_a_switch(rung):
    model, batch = model_of(rung.name), objects_batch(SIDE)
    outputs = model(batch.images)
    plain, focal = (
        losses_of(rung, model, outputs, batch, focal_gamma=gamma) for gamma in (0.0, 2.0)
    )
    assert focal["class_loss"] < 0.75 * plain["class_loss"]
    assert focal["box_loss"] == plain["box_loss"]
    focal["loss"].backward()
    assert all_learn(model)


def test_detections_have_the_documented_shapes(trained):
    rung, model, _, batch = trained
    size = batch.images.shape[-1]
    with torch.no_grad():
        outputs = model.eval()(batch.images)
    found = rung.decode(outputs, image_size=size, **DECODING)
    assert len(found) == 3
    for one in found:
        assert [tuple(part.shape) for part in vars(one).values()] == [(7, 4), (7,), (7,)]
        assert one.boxes.min() >= 0 and one.boxes.max() <= size
        assert set(one.labels.tolist()) <= {0, 1, 2}
        assert one.scores.tolist() == sorted(one.scores.tolist(), reverse=True)
    sure = rung.decode(outputs, image_size=size, **DECODING | {"min_score": 0.99})
    assert all(len(one.labels) == 0 for one in sure)


def test_detections_are_clipped_to_the_input_before_suppression():
    # Outside the input the boxes differ, inside they are one.
    boxes = torch.tensor([[[-90.0, 10, 20, 30], [0, 10, 20, 30]]])
    logits = torch.tensor([[[2.0], [1.0]]])
    outputs = {"boxes": boxes, "cls_logits": logits}
    (found,) = PYRAMID.decode(outputs, image_size=64, **DECODING)
    assert found.boxes.tolist() == [[0, 10, 20, 30]]
    assert found.scores.item() == pytest.approx(float(torch.tensor(2.0).sigmoid()))


def test_options_are_what_rebuilds_the_model():
    pyramid = {"channels": 16, "anchor_scale": 4.5, "dropout": 0.1}
    assert PYRAMID.options(params_of(PYRAMID.name, **pyramid)) == pyramid
    on_grid = {"form": "lesson", "dropout": 0.2}
    assert FOUR.options(params_of(FOUR.name, **on_grid)) == on_grid
