"""SSD: one channel of one cell is made to fire, and the anchor that responds must be there."""

import math

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from pipeline.errors import InputError
from pipeline.models.backbone import Backbone
from pipeline.rungs.ssd.model import GridSsd, OutConv, PyramidSsd, StdConv, flatten_cells

SMALL = "mobilenetv3_small_050"
CLASSES = 3
ZOOMS, RATIOS = [0.7, 1.0, 1.3], [(1.0, 1.0), (1.0, 0.5), (0.5, 1.0)]
GRIDS = [4, 2, 1]
SIDE = 128


def lesson(size=SIDE, grids=GRIDS, zooms=ZOOMS, ratios=RATIOS, tanh=True, name=SMALL):
    backbone = Backbone(name)
    return GridSsd(backbone, size, CLASSES, grids, zooms, ratios, -4.0, 0.3, 0.2, tanh)


def pyramid(size=SIDE, name=SMALL, scale=4.0, dropout=0.0, channels=16):
    return PyramidSsd(Backbone(name), size, CLASSES, channels, scale, dropout)


def impulse(channels, grid, row, column):
    """Return a map that is 1 in channel 0 of one cell and 0 elsewhere."""
    features = torch.zeros(1, channels, grid, grid)
    features[0, 0, row, column] = 1
    return features


def only(conv, channel, value=1.0):
    """Let a 3 x 3 convolution copy input channel 0 to one output channel, and do nothing else."""
    nn.init.zeros_(conv.weight)
    nn.init.zeros_(conv.bias)
    if channel is not None:
        conv.weight.data[channel, 0, 1, 1] = value


def cells(grid):
    return [(row, column) for row in range(grid) for column in range(grid)]


def centres_sizes(boxes):
    return (boxes[..., :2] + boxes[..., 2:]) / 2, boxes[..., 2:] - boxes[..., :2]


def test_flatten_by_hand():
    # k = 2 anchors of 3 numbers in a grid of 2 rows and 3 columns; a value tells its place.
    maps = torch.zeros(1, 6, 2, 3)
    for channel in range(6):
        for row in range(2):
            for column in range(3):
                maps[0, channel, row, column] = 100 * channel + 10 * row + column
    flat = flatten_cells(maps, 3)
    assert flat.shape == (1, 12, 3)
    for row, column, anchor, number in [(0, 0, 0, 0), (0, 2, 1, 0), (1, 0, 0, 2), (1, 2, 1, 1)]:
        value = 100 * (anchor * 3 + number) + 10 * row + column
        assert flat[0, (row * 3 + column) * 2 + anchor, number] == value


def shown(model, level, row, column):
    """Return the outputs of a `GridSsd` whose one grid sees an impulse and whose others are 0."""
    hooks = [
        out.register_forward_pre_hook(
            lambda _, args, n=number: (
                impulse(256, GRIDS[n], row, column) if n == level else torch.zeros_like(args[0]),
            )
        )
        for number, out in enumerate(model.outs)
    ]
    with torch.no_grad():
        outputs = model(torch.zeros(1, 3, SIDE, SIDE))
    for hook in hooks:
        hook.remove()
    return outputs


def expected_anchor(level, row, column, j):
    """Return centre and size in pixels, by the lesson's rule: zoom by zoom, ratio by ratio."""
    cell = SIDE / GRIDS[level]
    zoom, (width, height) = ZOOMS[j // 3], RATIOS[j % 3]
    centre = torch.tensor([(column + 0.5) * cell, (row + 0.5) * cell])
    return centre, torch.tensor([zoom * width * cell, zoom * height * cell])


@pytest.fixture(scope="module")
def silent_lesson():
    model = lesson().eval()
    for out in model.outs:
        only(out.cls, None)
        only(out.box, None)
    return model


@pytest.mark.parametrize("level", range(3))
@pytest.mark.parametrize("j", [0, 1, 2, 5, 8])
def test_class_channel_lands_on_the_anchor_with_its_centre(silent_lesson, level, j):
    model, number = silent_lesson, 1
    only(model.outs[level].cls, j * CLASSES + number)
    for row, column in cells(GRIDS[level]):
        logits = shown(model, level, row, column)["cls_logits"]
        assert logits.shape == (1, 189, CLASSES)
        ((anchor, of_class),) = logits[0].nonzero().tolist()
        assert of_class == number
        centre, size = centres_sizes(model.anchors[anchor])
        expected = expected_anchor(level, row, column, j)
        assert_close(centre, expected[0])
        assert_close(size, expected[1])
    only(model.outs[level].cls, None)


@pytest.mark.parametrize("level", range(3))
@pytest.mark.parametrize(("j", "number"), [(0, 0), (3, 1), (4, 2), (8, 3)])
def test_box_channel_moves_the_anchor_with_its_centre(silent_lesson, level, j, number):
    model = silent_lesson
    only(model.outs[level].box, j * 4 + number, value=100.0)
    for row, column in cells(GRIDS[level]):
        boxes = shown(model, level, row, column)["boxes"][0]
        ((anchor),) = (boxes - model.anchors).abs().amax(1).gt(1e-3).nonzero().flatten().tolist()
        centre, size = expected_anchor(level, row, column, j)
        assert_close(centres_sizes(model.anchors[anchor])[0], centre)
        if number < 2:
            centre[number] += SIDE / GRIDS[level] / 2
        else:
            size[number - 2] *= 1.5
        moved = centres_sizes(boxes[anchor])
        assert_close(moved[0], centre, rtol=0, atol=1e-3)
        assert_close(moved[1], size, rtol=0, atol=1e-3)
    only(model.outs[level].box, None)


@pytest.mark.parametrize("level", range(5))
def test_pyramid_cell_lands_on_the_anchor_with_its_centre(level):
    size, scale, number = 200, 3.0, 2
    model = pyramid(size=size, scale=scale).eval()
    only(model.cls, number)
    only(model.box, 2, value=5 * math.log(2))  # log(2) after the variance: twice as wide
    cell = (8, 16, 32, 64, 128)[level]
    grid = -(-size // cell)
    for row, column in {(0, 0), (0, grid - 1), (grid - 1, 0), (grid // 2, grid // 3)}:
        calls = iter(range(5))

        def fire(module, inputs, output, calls=calls, row=row, column=column):
            if next(calls) == level:
                return impulse(16, grid, row, column)
            return torch.zeros_like(output)

        hook = model.tower.register_forward_hook(fire)
        with torch.no_grad():
            outputs = model(torch.zeros(1, 3, size, size))
        hook.remove()
        ((anchor, of_class),) = outputs["cls_logits"][0].nonzero().tolist()
        assert of_class == number
        centre, sides = centres_sizes(model.anchors[anchor])
        assert_close(centre, torch.tensor([(column + 0.5) * cell, (row + 0.5) * cell]))
        assert_close(sides, torch.tensor([scale * cell] * 2))
        moved = outputs["boxes"][0]
        changed = (moved - model.anchors).abs().amax(1).gt(1e-2).nonzero().flatten().tolist()
        assert changed == [anchor]
        assert_close(centres_sizes(moved[anchor])[1], sides * torch.tensor([2.0, 1.0]))


def test_pyramid_levels_have_a_scale_each():
    model = pyramid().eval()
    only(model.box, None)
    nn.init.ones_(model.box.bias)
    model.level_scale.data = torch.arange(5).float()
    with torch.no_grad():
        boxes = model(torch.zeros(1, 3, SIDE, SIDE))["boxes"][0]
    centre, size = centres_sizes(model.anchors)
    shift = ((centres_sizes(boxes)[0] - centre) / size)[:, 0] / 0.1
    for number, level in enumerate(shift.split(model.level_sizes)):
        assert_close(level, torch.full_like(level, number), rtol=0, atol=1e-4)


@pytest.mark.parametrize("size", [128, 200, 224, 256])
def test_pyramid_has_an_anchor_for_every_cell(size):
    model = pyramid(size=size).eval()
    with torch.no_grad():
        maps = model.neck(model.backbone.pyramid(torch.zeros(1, 3, size, size)))
        outputs = model(torch.zeros(2, 3, size, size))
    assert [map_.shape[-2] * map_.shape[-1] for map_ in maps] == model.level_sizes
    total = sum(model.level_sizes)
    assert model.anchors.shape == (total, 4)
    assert outputs["cls_logits"].shape == (2, total, CLASSES)
    assert outputs["boxes"].shape == (2, total, 4)


def test_pyramid_takes_images_of_another_size():
    model, other = pyramid(size=128).eval(), pyramid(size=200).eval()
    anchors, level_sizes = model.anchors_at(200)
    assert model.anchors_at(200)[0] is anchors  # made once
    assert_close(anchors, other.anchors)
    assert level_sizes == other.level_sizes
    with torch.no_grad():
        outputs = model(torch.rand(1, 3, 200, 200))
    assert outputs["boxes"].shape == (1, len(anchors), 4)
    # At the start boxes are their anchors, but for small weights.
    centres, sides = centres_sizes(anchors)
    shift = (centres_sizes(outputs["boxes"][0])[0] - centres) / sides
    assert shift.abs().max() < 0.1


@pytest.mark.parametrize("size", [128, 224, 256])
@pytest.mark.parametrize(
    ("grids", "zooms", "ratios", "total"), [(GRIDS, ZOOMS, RATIOS, 189), ([4], [1.0], [(1, 1)], 16)]
)
def test_lesson_has_the_lessons_anchors(size, grids, zooms, ratios, total):
    model = lesson(size, grids, zooms, ratios).eval()
    with torch.no_grad():
        outputs = model(torch.zeros(2, 3, size, size))
    assert model.anchors.shape == (total, 4)
    assert outputs["cls_logits"].shape == (2, total, CLASSES)
    assert outputs["boxes"].shape == (2, total, 4)
    assert {float(cell) for cell in model.cells} == {size / grid for grid in grids}


@pytest.mark.parametrize("size", [64, 96, 160, 192, 288])
def test_lesson_refuses_a_size_without_a_4x4_grid(size):
    with pytest.raises(InputError, match=rf"image_size = {size}.*use 128, 224 or 256") as error:
        lesson(size)
    assert "\n" not in str(error.value)


def test_without_tanh_boxes_reach_far_and_start_at_their_anchors():
    model = lesson(tanh=False).eval()
    for out in model.outs:
        only(out.box, None)
    boxes = shown(model, 0, 0, 0)["boxes"][0]
    assert_close(boxes, model.anchors)
    only(model.outs[0].box, 0, value=1000.0)  # a hundred anchors to the right
    moved = shown(model, 0, 1, 1)["boxes"][0, (4 + 1) * 9]
    anchor = model.anchors[(4 + 1) * 9]
    width = anchor[2] - anchor[0]
    assert_close(moved[[0, 2]], anchor[[0, 2]] + 100 * width)


def test_lesson_drops_more_before_its_blocks():
    model = lesson()
    assert model.stem[1].p == 0.3
    assert {m.p for m in model.stem[2].modules() if isinstance(m, nn.Dropout)} == {0.2}
    assert {m.p for m in model.blocks.modules() if isinstance(m, nn.Dropout)} == {0.2}


def test_lesson_starts_sure_that_all_is_background():
    model = lesson()
    assert {bias for out in model.outs for bias in out.cls.bias.tolist()} == {-4.0}
    out = OutConv(8, 2, CLASSES, -3.0)
    assert_close(out(torch.zeros(1, 8, 4, 4))[0], torch.full((1, 32, CLASSES), -3.0))


def test_pyramid_starts_with_one_in_a_hundred():
    model = pyramid().eval()
    assert_close(model.cls.bias.sigmoid(), torch.full((CLASSES,), 0.01))
    with torch.no_grad():
        scores = model(torch.rand(1, 3, SIDE, SIDE))["cls_logits"].sigmoid()
    assert 0.005 < scores.mean() < 0.02


def test_lessons_block_has_batch_norm_after_relu():
    block = StdConv(4, 8, 2, 0.25)
    assert [type(layer) for layer in block] == [nn.Conv2d, nn.ReLU, nn.BatchNorm2d, nn.Dropout]
    assert block(torch.rand(2, 4, 7, 7)).shape == (2, 8, 4, 4)


def test_pyramids_neck_and_head_are_the_same_in_training_and_in_evaluation():
    model = pyramid()
    maps = [torch.randn(2, c, n, n) for c, n in zip((16, 24, 288), (16, 8, 4), strict=True)]
    model.backbone.pyramid = lambda images: list(maps)
    images = torch.zeros(2, 3, SIDE, SIDE)
    with torch.no_grad():
        training, resting = model.train()(images), model.eval()(images)
        for name in ("cls_logits", "boxes"):
            assert_close(training[name], resting[name])
        # Nor does one photo hear of its neighbour.
        maps = [map_[:1] for map_ in maps]
        model.backbone.pyramid = lambda images: list(maps)
        alone = model.train()(images[:1])
    assert_close(alone["cls_logits"], training["cls_logits"][:1], rtol=1e-4, atol=1e-5)
    head = [m for name, m in model.named_modules() if not name.startswith("backbone")]
    assert not any(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in head)


def test_pyramid_drops_as_told():
    model = pyramid(dropout=0.3)
    assert [m.p for m in model.modules() if isinstance(m, nn.Dropout2d)] == [0.3]


@pytest.mark.parametrize("name", ["resnet18", "tf_efficientnet_lite0"])
@pytest.mark.parametrize("build", [lesson, pyramid])
def test_every_parameter_learns(build, name):
    model = build(name=name).train()
    outputs = model(torch.rand(2, 3, SIDE, SIDE))
    (outputs["cls_logits"].square().mean() + (outputs["boxes"] - 5).square().mean()).backward()
    idle = [key for key, parameter in model.named_parameters() if parameter.grad is None]
    assert idle == []
    head = {k: p for k, p in model.named_parameters() if not k.startswith("backbone")}
    assert [key for key, parameter in head.items() if not parameter.grad.any()] == []


@pytest.mark.parametrize("build", [lesson, pyramid])
def test_anchors_move_with_the_model_but_are_not_saved(build):
    model = build()
    assert not [key for key in model.state_dict() if "anchors" in key or "cells" in key]
    assert model.double().anchors.dtype == torch.float64
