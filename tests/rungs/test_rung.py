"""What every rung declares, and what its model, criterion and decoder do with a batch."""

import pytest
import torch

from pipeline.rungs.registry import RUNGS
from pipeline.rungs.rung import Rung
from tests.rungs.making import SIDE, example_batch, model_of, params_of

EACH = pytest.mark.parametrize("rung", RUNGS, ids=lambda rung: rung.name)


@EACH
def test_features_and_their_reading_are_the_forward_pass(rung: Rung) -> None:
    model = model_of(rung.name).eval()
    images = torch.rand(2, 3, SIDE, SIDE)
    read = model.read(model.features(images), SIDE)
    for name, output in model(images).items():
        torch.testing.assert_close(read[name], output)


@EACH
def test_outputs_answer_the_task(rung: Rung) -> None:
    outputs = model_of(rung.name).eval()(torch.zeros(1, 3, SIDE, SIDE))
    assert ("cls_logits" in outputs) == rung.task.answers_class
    assert ("boxes" in outputs) == rung.task.answers_box


@EACH
def test_the_loss_is_one_number_that_can_be_minimised(rung: Rung) -> None:
    model, batch = model_of(rung.name), example_batch(rung.name)
    losses = rung.criterion(model, params_of(rung.name))(model(batch.images), batch)
    assert losses["loss"].shape == () and torch.isfinite(losses["loss"])
    losses["loss"].backward()
    assert any(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())


@EACH
def test_detections_are_within_the_input_and_descend(rung: Rung) -> None:
    outputs = model_of(rung.name).eval()(torch.rand(2, 3, SIDE, SIDE))
    found = rung.decode(
        {name: output.detach() for name, output in outputs.items()},
        image_size=SIDE,
        min_score=0.0,
        nms_threshold=0.5,
        max_detections=3,
    )
    assert len(found) == 2
    for one in found:
        assert one.boxes.shape == (len(one.scores), 4) and len(one.scores) <= 3
        assert (one.scores[:-1] >= one.scores[1:]).all()
        assert torch.isnan(one.boxes).all() == (not rung.task.answers_box)
        assert (one.labels >= 0).all() == rung.task.answers_class


@EACH
def test_anchors_are_of_rungs_that_detect(rung: Rung) -> None:
    anchors = model_of(rung.name).anchors_for(SIDE)
    assert (anchors is not None) == rung.task.every_object
