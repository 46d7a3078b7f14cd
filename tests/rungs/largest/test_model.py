"""The network of the rungs for the largest object: one prediction per photo, in input pixels."""

import pytest
import torch

from pipeline.rungs.largest.rung import RUNGS
from tests.rungs.making import CLASSES, SIDE, model_of


@pytest.mark.parametrize("rung", RUNGS, ids=lambda rung: rung.name)
def test_outputs_are_what_the_task_asks_for(rung) -> None:
    model = model_of(rung.name).eval()
    outputs = model(torch.zeros(2, 3, SIDE, SIDE))
    expected = {}
    if rung.task.answers_class:
        expected["cls_logits"] = (2, len(CLASSES))
    if rung.task.answers_box:
        expected["boxes"] = (2, 4)
        assert outputs["boxes"].min() >= 0
        assert outputs["boxes"].max() <= SIDE
    assert {name: tuple(output.shape) for name, output in outputs.items()} == expected


def test_features_are_read_again_to_the_same_outputs() -> None:
    model = model_of("combined").eval()
    images = torch.rand(1, 3, SIDE, SIDE)
    features = model.features(images)
    assert [tuple(one.shape[2:]) for one in features] == [(SIDE // 32, SIDE // 32)]
    again = model.read(features, SIDE)
    for name, output in model(images).items():
        torch.testing.assert_close(again[name], output)
